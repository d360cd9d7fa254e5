"""Message templates of rules: `Price Increase > {limit:abs%} ({deviation:.2%})`."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from quality.errors import UsageError

_PLACE = re.compile(r"\{([a-z][a-z0-9_]*)(?::([^{}]*))?\}")
_NUMBER = re.compile(r"\.\d+f")
_PERCENT = re.compile(r"(\.\d+)%")
_MAGNITUDE = "abs%"
_PRICE = "price"
_COUNT = re.compile(r"count ([a-z]+)")


@dataclass(frozen=True)
class Place:
    """One `{name:spec}` of a template.

    Attributes:
        name: A parameter of the rule or a column of its SELECT.
        spec: "" for the plain value, ".2f" for decimals, ".2%" for a share in per cent, "abs%" for a
            threshold in per cent without its sign and without trailing zeros, "price" for a price with the
            digits of the column `price`, "count session" for `1 session` and `2 sessions`.

    """

    name: str
    spec: str

    @property
    def is_number(self) -> bool:
        """Whether it is a number that is written with decimals of its own."""
        return bool(self.spec) and not self.is_count

    @property
    def is_count(self) -> bool:
        """Whether it is a count of something."""
        return bool(_COUNT.fullmatch(self.spec))

    @property
    def as_text(self) -> str:
        """The expression that gives it as a text, of a column."""
        pattern, argument = _column(self)
        return argument if self.is_count else f"format('{pattern}', {argument})"


@dataclass(frozen=True)
class Message:
    """A parsed template: its text and the places in it, in order."""

    template: str
    places: tuple[Place, ...]

    def as_sql(self, parameters: Mapping[str, float], columns: Sequence[str]) -> tuple[str, list[str]]:
        """Give a DuckDB format string and the arguments that it takes, each an expression.

        Parameters are filled in at once; columns stay for the engine.

        Raises:
            UsageError: A place names neither a parameter nor a column.

        """
        text, end = "", 0
        arguments: list[str] = []
        for match, place in zip(_PLACE.finditer(self.template), self.places, strict=True):
            text += _literal(self.template[end : match.start()])
            end = match.end()
            if place.name in parameters:
                text += _literal(_fill(place.spec, parameters[place.name]))
            elif place.name in columns:
                pattern, argument = _column(place)
                text += pattern
                arguments.append(argument)
            else:
                raise UsageError(f"message: {{{place.name}}} is neither a parameter nor a column of the SELECT")
        return text + _literal(self.template[end:]), arguments

    def as_text(self, values: Mapping[str, object]) -> str:
        """Fill in the places; for rules that are found by code instead of SQL."""
        return _PLACE.sub(lambda match: _shown(match[2] or "", values[match[1]]), self.template)

    def as_number(self, parameters: Mapping[str, float], columns: Sequence[str]) -> "Number | None":
        """Give the one number of two decimals that a message holds, which can be written fast; None for others."""
        ours = [place for place in self.places if place.name not in parameters]
        if len(ours) != 1 or ours[0].name not in columns or ours[0].spec not in (".2f", ".2%"):
            return None
        pattern, _ = self.as_sql(parameters, columns)
        before, after = (text.replace("{{", "{").replace("}}", "}") for text in pattern.split("{:.2f}"))
        return Number(before, ours[0].name, after, 100.0 if ours[0].spec == ".2%" else 1.0)


@dataclass(frozen=True)
class Number:
    """A message that is a text, a column times a factor with two decimals, and a text."""

    before: str
    column: str
    after: str
    factor: float

    def text(self, value: float) -> str:
        """Write the message of one value."""
        return f"{self.before}{value * self.factor:.2f}{self.after}"


def parse_message(template: str) -> Message:
    """Read a template.

    Raises:
        UsageError: It is empty, has a brace that opens no place, or a spec that does not exist.

    """
    if not template:
        raise UsageError("message is empty")
    rest = _PLACE.sub("", template)
    if "{" in rest or "}" in rest:
        raise UsageError(f"message {template!r} has a brace that is no {{name}} or {{name:spec}}")
    places = tuple(Place(match[1], match[2] or "") for match in _PLACE.finditer(template))
    for place in places:
        patterns = (_NUMBER, _PERCENT, _COUNT)
        if place.spec not in ("", _MAGNITUDE, _PRICE) and not any(known.fullmatch(place.spec) for known in patterns):
            raise UsageError(
                f"message: {{{place.name}:{place.spec}}} is not .2f, .2%, {_MAGNITUDE}, {_PRICE} or 'count noun'"
            )
    return Message(template, places)


def _literal(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _fill(spec: str, value: float) -> str:
    if spec == _MAGNITUDE:
        return f"{abs(value) * 100:.10g}%"
    if count := _COUNT.fullmatch(spec):
        return f"{value:.10g} {count[1]}{'' if value == 1 else 's'}"
    if spec == _PRICE:
        return f"{value:.10g}"
    return format(value, spec) if spec else f"{value:.10g}"


def _shown(spec: str, value: object) -> str:
    return _fill(spec, value) if isinstance(value, float) else str(value)


def _column(place: Place) -> tuple[str, str]:
    percent = _PERCENT.fullmatch(place.spec)
    if percent:
        return f"{{:{percent[1]}f}}%", f"{place.name} * 100"
    if place.spec == _MAGNITUDE:
        return "{}%", f"abs({place.name}) * 100"
    if place.spec == _PRICE:
        return "{}", f"price_text({place.name}, price)"
    if count := _COUNT.fullmatch(place.spec):
        return "{}", f"{place.name} || case when {place.name} = 1 then ' {count[1]}' else ' {count[1]}s' end"
    return (f"{{:{place.spec}}}" if place.spec else "{}"), place.name
