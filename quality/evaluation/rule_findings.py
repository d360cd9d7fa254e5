"""Evaluates the rules over `metrics` as codes: which cells each finds, and what it says of them."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import pyarrow as pa

from quality.engine.connection import Connection, EngineError, columns_of, first_line
from quality.engine.plain_select import PlainSelect, plain_select
from quality.engine.statements import statement
from quality.errors import UsageError
from quality.findings.columns import OPTIONAL
from quality.findings.table import Codes, Found, findings_table
from quality.panel.grid import BoolMatrix, Days
from quality.patterns import best_fits
from quality.rules.message_texts import two_decimals
from quality.rules.messages import Message, Number
from quality.rules.model import Rule

# Rules that are asked in one pass.
_AT_ONCE = 32
_EVERY_RULE = ("price", "expected", "deviation")


@dataclass(frozen=True)
class Cells:
    """The cells that `metrics` speaks of, as its column `cell` numbers them: row by row of a matrix.

    Attributes:
        tickers: Its rows, sorted by their bytes.
        sessions: Its columns, ascending: the judged sessions.

    """

    tickers: Sequence[str]
    sessions: Days


@dataclass(frozen=True)
class _Branch:
    """A rule with the values of its parameters that are in force for some tickers.

    Attributes:
        rule: The rule.
        parameters: The values.
        tickers: By ticker of the grid, whether it is one of them; None for all.
        plain: The rule's SELECT, where it finds cells one by one.

    """

    rule: Rule
    parameters: Mapping[str, float]
    tickers: BoolMatrix | None
    plain: PlainSelect | None

    def number(self, columns: Sequence[str]) -> Number | None:
        """Give the one number that the message holds, where it can be written fast."""
        return self.rule.message.as_number(self.parameters, columns)


@dataclass(frozen=True)
class _Rows:
    """What a branch finds: the keys of the findings as numbers, and the rest."""

    date: Codes
    ticker: Codes
    values: pa.Table


class _Names:
    """The keys that findings have: the tickers of the grid, and whatever else a rule names."""

    def __init__(self, tickers: Iterable[str]) -> None:
        self.position = {name: number for number, name in enumerate(tickers)}
        self._tickers = len(self.position)

    def codes(self, names: Iterable[str]) -> Codes:
        """Give the position of each name; new ones come last."""
        return np.array([self.position.setdefault(name, len(self.position)) for name in names], dtype=np.int32)

    def in_order(self, found: Sequence[Found]) -> pa.Table:
        """Give the findings, with names sorted by their bytes, as the grid's tickers are."""
        names = sorted(self.position)
        if len(names) > self._tickers:
            places = np.empty(len(names), dtype=np.int32)
            places[[self.position[name] for name in names]] = np.arange(len(names), dtype=np.int32)
            found = [replace(part, ticker=places[part.ticker]) for part in found]
        return findings_table(found, names)


def findings_of_rules(
    connection: Connection, rules: Sequence[Rule], cells: Cells, start: dt.date, end: dt.date
) -> pa.Table:
    """Give what rules find of some cells, between two dates, in the findings' order.

    Args:
        connection: The engine with the relation `metrics`.
        rules: The rules.
        cells: The cells.
        start: The first date whose findings are wanted.
        end: The last one.

    Raises:
        UsageError: A rule's SELECT or message is wrong; the message names its file.

    """
    branches = [branch for rule in rules for branch in _branches(connection, rule, cells.tickers)]
    plain = [branch for branch in branches if branch.plain]
    names = _Names(cells.tickers)
    try:
        batches = (plain[at : at + _AT_ONCE] for at in range(0, len(plain), _AT_ONCE))
        rows = [rows for batch in batches for rows in _rows_together(connection, batch, cells)]
        rows += [_rows(connection, branch, names) for branch in branches if not branch.plain]
    except (EngineError, UsageError):
        # One by one, each as it stands in its file: an aggregate passes, and what is wrong is named.
        plain = []
        rows = [_rows(connection, branch, names) for branch in branches]
    asked = [*plain, *(branch for branch in branches if not (plain and branch.plain))]
    found = [_as_found(branch, part, cells.sessions, (start, end)) for branch, part in zip(asked, rows, strict=True)]
    return names.in_order(sorted(found, key=lambda part: part.rule))


def _branches(connection: Connection, rule: Rule, tickers: Sequence[str]) -> Iterator[_Branch]:
    """Give a rule for most tickers, and for each group of tickers that has values of its own."""
    plain = _plain(connection, rule)
    if not rule.by_ticker:
        yield _Branch(rule, rule.parameters, None, plain)
        return
    own = best_fits(rule.by_ticker, tickers)
    for pattern, parameters in ((None, rule.parameters), *rule.by_ticker.items()):
        ours = np.fromiter((own.get(name) == pattern for name in tickers), np.bool_, len(tickers))
        if pattern is None or ours.any():
            yield _Branch(rule, parameters, ours, plain)


def _rows_together(connection: Connection, branches: Sequence[_Branch], cells: Cells) -> Iterator[_Rows]:
    """Ask plain rules in one pass over the cells."""
    plain = [(number, branch, branch.plain) for number, branch in enumerate(branches) if branch.plain]
    needed = sorted({column for _, _, select in plain for column in select.columns.values() if column})
    conditions: list[str] = []
    values: dict[str, object] = {}
    for at, branch, select in plain:
        condition = f"({select.condition_with(f'of_{at}_')}\n)"
        conditions.append(f"{condition} as found_{at}")
        values |= {f"of_{at}_{name}": value for name, value in branch.parameters.items()}
        if not branch.number(list(select.columns)):
            pattern, arguments = _renamed(branch.rule.message, select.columns).as_sql(branch.parameters, needed)
            if arguments:
                message = f"coalesce(format($message_{at}, {', '.join(arguments)}), $message_{at})"
                conditions.append(f"case when {condition} then {message} end as message_{at}")
                values[f"message_{at}"] = pattern
    text = statement("evaluation/found_together").format(
        columns=", ".join(column for column in needed if column not in ("cell", "date", "ticker")),
        conditions=",\n    ".join(conditions),
    )
    asked = connection.sql(text, params=values).to_arrow_table().combine_chunks()
    ticker, session = np.divmod(asked.column("cell").to_numpy(), np.int32(len(cells.sessions)))
    days = cells.sessions.astype(np.int64).astype(np.int32)
    for at, _branch, select in plain:
        is_found = asked.column(f"found_{at}").fill_null(False)  # noqa: FBT003 - Arrow takes it by position
        kept = np.flatnonzero(is_found.to_numpy())
        places = pa.array(kept)
        columns = {
            name: asked.column(column).take(places) if column else pa.nulls(len(kept), pa.float64())
            for name, column in select.columns.items()
            if name not in ("date", "ticker")
        }
        if f"message_{at}" in asked.column_names:
            columns["message"] = asked.column(f"message_{at}").take(places)
        yield _Rows(days[session[kept]], ticker[kept], pa.table(columns))


def _rows(connection: Connection, branch: _Branch, names: _Names) -> _Rows:
    """Run a rule's SELECT as it stands, for dates and tickers."""
    rule = branch.rule
    try:
        columns = _columns(connection, rule.sql, tuple(branch.parameters.items()))
        text, own = _statement(branch, columns)
        values = connection.sql(text, params={**branch.parameters, **own}).to_arrow_table().combine_chunks()
    except EngineError as error:
        raise UsageError(f"{rule.source}: {first_line(error)}") from error
    except UsageError as error:
        raise UsageError(f"{rule.source}: {error}") from error
    for name in ("date", "ticker"):
        if values.column(name).null_count:
            raise UsageError(f"{rule.source}: gives {values.column(name).null_count} findings without a {name}")
    tickers = values.column("ticker").combine_chunks().dictionary_encode()
    places = names.codes(tickers.dictionary.to_pylist())
    date = values.column("date").to_numpy().astype("datetime64[D]").astype(np.int64).astype(np.int32)
    return _Rows(date, places[tickers.indices.to_numpy()], values)


def _statement(branch: _Branch, columns: Sequence[str]) -> tuple[str, dict[str, object]]:
    """Give the statement that asks for a rule's findings, and the parameters that it has beside the rule's own."""
    others = [f"{name} as {name}" for name in OPTIONAL if name in columns]
    own: dict[str, object] = {}
    message = branch.rule.message
    if number := branch.number(columns):
        others.append(f"{number.column}::double as message_number")
    else:
        pattern, arguments = message.as_sql(branch.parameters, columns)
        if arguments:
            others.append(f"coalesce(format($rule_message, {', '.join(arguments)}), $rule_message) as message")
            own["rule_message"] = pattern
    filled = "".join(f",\n    {other}" for other in others)
    return statement("evaluation/found").format(bad_cells=branch.rule.sql, others=filled), own


def _as_found(branch: _Branch, rows: _Rows, sessions: Days, dates: tuple[dt.date, dt.date]) -> Found:
    values, date, ticker = rows.values, rows.date, rows.ticker
    first = max(np.datetime64(dates[0], "D"), sessions[0]).astype(np.int64)
    last = min(np.datetime64(dates[1], "D"), sessions[-1]).astype(np.int64)
    wanted = (date >= first) & (date <= last)
    if branch.tickers is not None:
        # Names that are no tickers have no values of their own.
        is_ours = np.append(branch.tickers, branch.parameters is branch.rule.parameters)
        wanted &= is_ours[np.minimum(ticker, len(branch.tickers))]
    if not wanted.all():
        kept = np.flatnonzero(wanted)
        values, date, ticker = values.take(pa.array(kept)), date[kept], ticker[kept]
    column = {name: values.column(name).combine_chunks() for name in values.column_names}
    return Found(
        branch.rule.name,
        branch.rule.severity,
        date,
        ticker,
        column["price"],
        column["expected"],
        column["deviation"],
        _messages(branch, column, len(date)),
        {name: column[name] for name in OPTIONAL if name in column},
    )


def _messages(branch: _Branch, column: Mapping[str, pa.Array], count: int) -> pa.DictionaryArray:
    message, parameters = branch.rule.message, branch.parameters
    names = [place.name for place in message.places]
    number = branch.number(names)
    if all(name in parameters for name in names):
        text = pa.array([message.as_text(parameters)], pa.string())
        return pa.DictionaryArray.from_arrays(pa.array(np.zeros(count, dtype=np.int32)), text)
    if number is None:
        return column["message"].cast(pa.string()).dictionary_encode()
    numbers = column[number.column if number.column in column else "message_number"]
    if numbers.null_count:
        nothing = message.as_sql(parameters, names)[0]
        texts = [nothing if value is None else number.text(value) for value in numbers.to_pylist()]
        return pa.array(texts, pa.string()).dictionary_encode()
    return two_decimals(number.before, number.after).of(numbers.to_numpy(), number.factor)


@lru_cache(maxsize=256)
def _parsed(connection: Connection, text: str) -> PlainSelect | None:
    return plain_select(connection, text, "metrics")


def _plain(connection: Connection, rule: Rule) -> PlainSelect | None:
    """Take a rule apart that filters cells, and whose message is a text with at most one number in it."""
    plain = _parsed(connection, rule.sql)
    if plain is None or not {"date", "ticker", *_EVERY_RULE} <= set(plain.columns):
        return None
    places = [place.name for place in rule.message.places if place.name not in rule.parameters]
    named = [plain.columns.get(name) for name in places]
    return plain if all(column and column not in rule.parameters for column in named) else None


def _renamed(message: Message, columns: Mapping[str, str | None]) -> Message:
    """Let a message name the columns of the relation in place of the rule's own names for them."""
    places = tuple(replace(place, name=columns.get(place.name) or place.name) for place in message.places)
    return replace(message, places=places)


@lru_cache(maxsize=256)
def _columns(connection: Connection, text: str, parameters: tuple[tuple[str, float], ...]) -> tuple[str, ...]:
    """Give the names of a SELECT's columns; the relations that it reads are the same in every chunk."""
    return tuple(columns_of(connection, text, dict(parameters)))
