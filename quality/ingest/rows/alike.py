"""Many small files of one form, read as one: a file like those before it is not looked into again and again."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import polars as pl

from quality.errors import InputError
from quality.ingest.files.tickers import in_case, ticker_of
from quality.ingest.files.unpack import Member
from quality.ingest.format import names
from quality.ingest.format.mapping import Mapping
from quality.ingest.format.source import Source
from quality.ingest.rows.long import long_rows
from quality.ingest.rows.records import NoRecordsError, Shape, regular_batch
from quality.ingest.rows.repeats import keys_of
from quality.ingest.rows.table import Table

# A file beyond it is large: looking into it costs little beside reading it.
_SMALL = 1 << 20
_MOST_WAITING = 1 << 22
_MANY_COLUMNS = 10
_HIGH = 10_000
# Written like this a date means one day only, whatever the other dates of its file are.
_PLAIN_DATES = frozenset({"%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d"})


@dataclass(frozen=True)
class Recipe:
    """How files with one first line are read, where their other lines do not matter for that.

    Attributes:
        head: The first line, with its end.
        shape: The form of a record.
        mapping: How a table becomes rows.
        described: The mapping as a summary shows it.
        is_scaled: Whether it is stated what prices were multiplied by.

    """

    head: bytes
    shape: Shape
    mapping: Mapping
    described: dict[str, Any]
    is_scaled: bool


@dataclass(frozen=True)
class Waiting:
    """A small file that is to be read with others."""

    member: Member
    number: int
    data: bytes

    def ticker(self, source: Source) -> str:
        """Give the ticker that its name tells.

        Raises:
            InputError: The name tells none.

        """
        return ticker_of(self.member.path, source.ticker_from, self.member.name).strip()


@dataclass
class Queue:
    """Small files of one recipe that wait to be read together.

    Attributes:
        source: What is said of the files.
        recipes: By first line.
        waiting: The files, in order of arrival.
        recipe: Theirs.

    """

    source: Source
    recipes: dict[bytes, Recipe] = field(default_factory=dict)
    waiting: list[Waiting] = field(default_factory=list)
    recipe: Recipe | None = None
    _bytes: int = 0

    def learn(self, member: Member, table: Table, mapping: Mapping, described: dict[str, Any], head: bytes) -> None:
        """Remember how a file was read, if others with its first line are read alike whatever they hold."""
        head = head[: head.find(b"\n") + 1]
        if head and not member.problem and _tells_all(table, mapping, self.source) and b'"' not in head:
            shape = Shape(table.delimiter, len(mapping.header))
            self.recipes[head] = Recipe(head, shape, mapping, described, self.source.scale is not None)

    def recipe_for(self, data: bytes) -> Recipe | None:
        """Give the recipe of a file; None where there is none, or its text is not of the plainest kind."""
        head = data[: data.find(b"\n") + 1]
        recipe = self.recipes.get(head)
        is_plain = recipe is not None and len(data) > len(head) and b'"' not in data and b"\r" not in data
        return recipe if is_plain else None

    def add(self, waiting: Waiting, recipe: Recipe) -> bool:
        """Let a file wait, and tell whether it is time to read all that do."""
        self.waiting.append(waiting)
        self.recipe = recipe
        self._bytes += len(waiting.data)
        return self._bytes >= _MOST_WAITING

    def take(self) -> tuple[list[Waiting], Recipe | None]:
        """Give the files that wait, and forget them."""
        taken, recipe = self.waiting, self.recipe
        self.waiting, self.recipe, self._bytes = [], None, 0
        return taken, recipe


def begun(member: Member) -> tuple[bytes, Member]:
    """Read a file if it is small: its bytes, b"" for a large one; and the file, which can be read from its start."""
    data = member.stream.read(_SMALL + 1)
    stream: Any = io.BufferedReader(_Joined(data, member.stream if len(data) > _SMALL else None))
    return (data if len(data) <= _SMALL else b""), replace(member, stream=stream)


class _Joined(io.RawIOBase):
    """Bytes that were read from a stream, and then the stream."""

    def __init__(self, data: bytes, rest: io.BufferedReader | None) -> None:
        super().__init__()
        self._data = io.BytesIO(data)
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401  (a writable buffer has no type before 3.12)
        count = self._data.readinto(buffer)
        return count if count or self._rest is None else self._rest.readinto(buffer)


def _tells_all(table: Table, mapping: Mapping, source: Source) -> bool:
    """Tell whether a file's first line alone decides how it is read."""
    if table.kind != "csv" or table.header is None or table.skipped or table.fields or mapping.layout != "long":
        return False
    if source.encoding or source.skip_lines is not None or table.delimiter == ";" or mapping.numbers.decimal != ".":
        return False
    if mapping.dates.format.text not in _PLAIN_DATES and not source.date_format:
        return False
    named = (
        bool(source.date_column) or names.first_named(mapping.header, (*names.DATES, *names.MOMENTS)) == mapping.date,
        bool(source.price_column) or names.first_named(mapping.header, names.PRICES) == mapping.price,
    )
    return all(named) and _has_certain_ticker(mapping, source)


def _has_certain_ticker(mapping: Mapping, source: Source) -> bool:
    if mapping.ticker is not None:
        is_named = names.first_named(mapping.header, names.TICKERS) == mapping.ticker
        return bool(source.ticker_column) or (is_named and len(mapping.header) <= _MANY_COLUMNS)
    others = [name for position, name in enumerate(mapping.header) if position not in (mapping.date, mapping.price)]
    return bool(source.ticker_from) or all(names.is_note(name) for name in others)


def read_alike(files: Sequence[Waiting], recipe: Recipe, source: Source) -> pl.DataFrame | None:
    """Read files of one recipe together.

    Returns:
        `convert.ROWS` with `file`, in order of arrival; None where a file has anything odd, so that each must
        be read on its own.

    """
    bodies = [file.data[len(recipe.head) :] for file in files]
    bodies = [body if body.endswith(b"\n") else body + b"\n" for body in bodies]
    try:
        batch = regular_batch(b"".join(bodies), recipe.shape, 0)
        if batch is None or batch.refused.height:
            return None
        tickers = _tickers(files, recipe, source)
        rows, refused, unread = long_rows(batch, recipe.mapping)
    except (InputError, NoRecordsError):
        return None
    if refused.height or unread.height or not _is_plain(batch.columns[recipe.mapping.price or 0]):
        return None
    ends = np.cumsum([body.count(b"\n") for body in bodies])
    lines = batch.lines.to_numpy()
    place = np.searchsorted(ends, lines, side="right")
    if np.min(np.bincount(place, minlength=len(files))) == 0 or not _is_scaled(rows, place, recipe):
        return None
    starts = np.concatenate(([0], ends[:-1]))
    numbers = np.array([file.number for file in files], dtype=np.int32)
    columns = {"line": pl.Series(lines - starts[place] + 2, dtype=pl.UInt32), "file": pl.Series(numbers[place])}
    if tickers is not None:
        columns["ticker"] = tickers.gather(place)
    rows = rows.with_columns(**columns)
    once = (keys_of(rows) ^ rows.get_column("file").hash()).n_unique() == rows.height
    return rows if once else None


def _tickers(files: Sequence[Waiting], recipe: Recipe, source: Source) -> pl.Series | None:
    if recipe.mapping.ticker is not None:
        return None
    found = [file.ticker(source) for file in files]
    if not all(found):
        raise InputError("a name tells no ticker")  # each file says so for itself
    return pl.Series([in_case(ticker, recipe.mapping.ticker_case) for ticker in found], dtype=pl.String)


def _is_plain(prices: pl.Series) -> bool:
    """Tell whether no price has a mark that other prices of its file would have to explain."""
    return not prices.str.contains(",", literal=True).any()


def _is_scaled(rows: pl.DataFrame, place: np.typing.NDArray[np.intp], recipe: Recipe) -> bool:
    """Tell whether no file has only integers so high that they may be multiplied."""
    if recipe.is_scaled:
        return True
    prices = rows.get_column("price").fill_null(0.0).to_numpy()
    begins = np.flatnonzero(np.diff(place, prepend=-1))
    has_decimals = np.logical_or.reduceat(prices != np.floor(prices), begins)
    highest = np.maximum.reduceat(np.abs(prices), begins)
    return bool((has_decimals | (highest < _HIGH)).all())
