"""Prices: decimal mark, thousands and scale of a column, and the number that a text means."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from quality.errors import InputError

# What tools write where there is no price.
NO_PRICE = frozenset({"", "nan", "null", "none", "na", "n/a", "#n/a", "nat", "-", "--", "."})
_PLAIN = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_COMMA_NUMBER = re.compile(r"[+-]?[0-9., '\u00a0\u202f]*[0-9][0-9., '\u00a0\u202f]*")
# A currency's sign before or after the number; which currency it is, a panel does not know.
_SIGNS = "$€£¥₩₹₽₺₪₫฿₴₦₱₿元円"
_SIGN_BEFORE = re.compile(rf"([+-]?) ?[{_SIGNS}] ?(?=[+\-0-9.,])")
_SIGN_AFTER = re.compile(rf"(?<=[0-9.]) ?[{_SIGNS}]$")
_SIGN_FIRST = rf"^([+-]?)[{_SIGNS}]"
_MARKED = re.compile(r"[^0-9.+\-eE\n]")
_POINTS = re.compile(r"\.[0-9]{3}\.")
_INFINITE = re.compile(r"[+-]?inf(inity)?", re.IGNORECASE)
_WHITE = " \t\u00a0\u202f"
# Prices are rarely so high: integers beyond it are rather multiplied.
_SUSPICIOUSLY_HIGH = 10_000


class NotAPriceError(ValueError):
    """A text that means no price; the message says why."""


@dataclass(frozen=True)
class NumberFormat:
    """How a column writes numbers.

    Attributes:
        decimal: The mark before the decimals.
        thousands: The mark between groups of three digits; "" for none.
        scale: What the prices were multiplied by.

    """

    decimal: str = "."
    thousands: str = ""
    scale: float = 1.0

    @cached_property
    def _grouped(self) -> re.Pattern[str]:
        mark, decimal = (re.escape(text) for text in (self.thousands or "\0", self.decimal))
        return re.compile(rf"[+-]?[0-9]{{1,3}}(?:{mark}[0-9]{{3}})+(?:{decimal}[0-9]*)?")

    def price(self, text: str) -> float | None:
        """Give the price that a text means, rounded correctly; None where it says that there is none.

        Raises:
            NotAPriceError: It means no finite number.

        """
        bare = text.strip(_WHITE)
        if bare.lower() in NO_PRICE:
            return None
        bare = _bare(bare)
        if bare == "-":  # an accountant's zero or nothing: `$ -`
            return None
        if self.thousands and self._grouped.fullmatch(bare):
            bare = bare.replace(self.thousands, "")
        if self.decimal != ".":
            bare = "\0" if "." in bare else bare.replace(self.decimal, ".")
        if not _PLAIN.fullmatch(bare):
            raise NotAPriceError("is not a number")
        number = float(bare)
        if number in (float("inf"), float("-inf")):
            raise NotAPriceError("is beyond the range of numbers")
        return number / self.scale

    def read(self, texts: pl.Series) -> tuple[pl.Series, pl.Series]:
        """Give the prices of a column of texts, and which of its texts mean none (see `price`).

        Returns:
            Float64, null where there is no price; Boolean, true where a text is no price at all.

        """
        # Where the decimals have a point, most prices are plain; what has other marks is read as an exception.
        plain = texts if self.decimal == "." else self._unmarked(texts)
        values = plain.cast(pl.Float64, strict=False)
        odd = values.is_null() | ~values.is_finite()
        values = unscaled(values, self.scale)
        return self._exactly(texts, values, odd) if odd.any() else (values, odd)

    def _unmarked(self, texts: pl.Series) -> pl.Series:
        """Take the marks out of texts that have them in their places; all others become null."""
        decimal = re.escape(self.decimal)
        mark = re.escape(self.thousands) if self.thousands else ""
        grouped = f"[0-9]{{1,3}}(?:{mark}[0-9]{{3}})+|" if mark else ""
        regular = texts.str.contains(f"^[+-]?(?:{grouped}[0-9]+)(?:{decimal}[0-9]*)?$")
        bare = texts.str.replace_all(self.thousands, "", literal=True) if mark else texts
        bare = bare.str.replace(self.decimal, ".", literal=True)
        return bare.to_frame("text").select(pl.when(regular).then(pl.col("text"))).to_series()

    def _exactly(self, texts: pl.Series, values: pl.Series, odd: pl.Series) -> tuple[pl.Series, pl.Series]:
        """Read the texts that the fast way could not, each distinct one once."""
        known = self._known(texts.filter(odd).fill_null("").unique())
        frame = pl.DataFrame({"text": texts.fill_null(""), "value": values, "odd": odd})
        found = frame.join(known, on="text", how="left", maintain_order="left").select(
            value=pl.when("odd").then(pl.col("exact")).otherwise(pl.col("value")),
            wrong=pl.col("odd") & pl.col("wrong").fill_null(value=False),
        )
        return found.get_column("value"), found.get_column("wrong")

    def _known(self, distinct: pl.Series) -> pl.DataFrame:
        """Give what some texts mean: those with a sign and marks in their places at once, the rest one by one."""
        bare = distinct.str.replace(_SIGN_FIRST, "$1") if self.decimal == "." else distinct
        exact = unscaled(self._unmarked(bare).cast(pl.Float64, strict=False), self.scale)
        wrong = [False] * len(distinct)
        prices = exact.to_list()
        for position in exact.is_null().arg_true():
            try:
                prices[position] = self.price(distinct[position])
            except NotAPriceError:
                wrong[position] = True
        return pl.DataFrame(
            {"text": distinct, "exact": prices, "wrong": wrong},
            schema={"text": pl.String, "exact": pl.Float64, "wrong": pl.Boolean},
        )

    def explain(self, text: str) -> str:
        """Say why a text is no price."""
        try:
            self.price(text)
        except NotAPriceError as error:
            return str(error)
        return ""


def infinite(text: str) -> float | None:
    """Give the infinity that a text means, by its name or beyond the range of numbers; None for others."""
    bare = text.strip(_WHITE)
    if not (_PLAIN.fullmatch(bare) or _INFINITE.fullmatch(bare)):
        return None
    number = float(bare)
    return number if number in (float("inf"), float("-inf")) else None


def unscaled(values: pl.Series, scale: float) -> pl.Series:
    """Divide by a scale, rounding correctly: Polars multiplies by the inverse, which is not the same."""
    if scale == 1:
        return values
    divided = pl.Series(values.name, values.fill_null(0.0).to_numpy() / scale)
    return divided if not values.null_count() else divided.zip_with(values.is_not_null(), values)


def _bare(text: str) -> str:
    """Take a currency's sign from a number, and make its spaces plain."""
    if text.isascii() and "$" not in text:
        return text
    plain = text.replace("\u00a0", " ").replace("\u202f", " ")
    before = _SIGN_BEFORE.match(plain)
    return before[1] + plain[before.end() :] if before else _SIGN_AFTER.sub("", plain)


def is_number(text: str) -> bool:
    """Tell whether a text is a number in any way of writing them."""
    bare = _bare(text.strip(_WHITE))
    return bool(_PLAIN.fullmatch(bare) or _COMMA_NUMBER.fullmatch(bare))


def detect_marks(texts: Sequence[str], delimiter: str, where: str) -> tuple[str, str]:
    """Find the decimal mark and the thousands mark of some prices.

    Raises:
        InputError: A single mark before three digits can be either, and no other price tells.

    """
    together = "\n".join(texts)
    if delimiter != ";" and not _MARKED.search(together):
        return (",", ".") if _POINTS.search(together) else (".", "")
    bare = [_bare(text.strip(_WHITE)).lstrip("+-") for text in texts]
    numbers = [text for text in bare if _COMMA_NUMBER.fullmatch(text)]
    spaced = next((mark for mark in (" ", "'") if any(re.search(rf"[0-9]{mark}[0-9]{{3}}", t) for t in numbers)), "")
    commas, points = ([text for text in numbers if mark in text] for mark in ",.")
    if commas:
        return _with_commas(commas, points, spaced, where)
    if any(_POINTS.search(text) for text in points):
        return ",", "."
    if points and delimiter == ";" and all(re.search(r"^[1-9][0-9]{0,2}\.[0-9]{3}$", text) for text in points):
        raise _either(points[0], "point", where)
    return ".", spaced


def _with_commas(commas: Sequence[str], points: Sequence[str], spaced: str, where: str) -> tuple[str, str]:
    """Tell what a comma is, of prices some of which have one, some a point, some both."""
    both = [text for text in commas if "." in text]
    if both:
        return (",", ".") if both[0].rindex(",") > both[0].rindex(".") else (".", ",")
    if any(re.search(r",[0-9]{3},", text) for text in commas):
        return ".", ","
    if any(not re.search(r"^[1-9][0-9]{0,2},[0-9]{3}$", text) for text in commas):
        return ",", spaced or ("." if any(_POINTS.search(text) for text in points) else "")
    if points:
        return ".", ","
    raise _either(commas[0], "comma", where)


def _either(example: str, mark: str, where: str) -> InputError:
    other = "point" if mark == "comma" else "comma"
    return InputError(
        f"{where}: in prices such as {example!r} the {mark} can stand before decimals or thousands, and "
        f"nothing tells; say --decimal {mark}, or --decimal {other} --thousands {mark}"
    )


def check_scale(texts: Sequence[str], numbers: NumberFormat, where: str) -> None:
    """Refuse to guess whether high integers are prices or multiples of them.

    Raises:
        InputError: All prices are integers and most are so high that they may be multiplied.

    """
    if any(numbers.decimal in text for text in texts):
        return
    whole = sorted(price for price in known_prices(texts, numbers) if price)
    if whole and all(price.is_integer() for price in whole) and whole[len(whole) // 2] >= _SUSPICIOUSLY_HIGH:
        raise InputError(
            f"{where}: prices such as {whole[len(whole) // 2]:.0f} are all integers, and may be "
            "multiplied by 10,000; say --scale 10000 if they are, or --scale 1 if they are not"
        )


def known_prices(texts: Sequence[str], numbers: NumberFormat) -> list[float]:
    """Give the prices among some texts."""
    found = []
    for text in texts:
        try:
            price = numbers.price(text)
        except NotAPriceError:
            continue
        if price is not None:
            found.append(price)
    return found
