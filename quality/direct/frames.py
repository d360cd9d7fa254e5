"""Frames of other libraries as one table: Polars, pandas, Arrow, and whatever speaks Arrow's C interface."""

from collections.abc import Iterable
from typing import Any, Protocol, TypeAlias, runtime_checkable

import polars as pl

from quality.errors import UsageError
from quality.text import visible

_ACCEPTED = "a frame of Polars, pandas or Arrow, or the address of a file or a panel"


@runtime_checkable
class ArrowStream(Protocol):
    """What speaks Arrow's C interface: tables of Arrow, relations of DuckDB, and many more."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """Give the data as a capsule."""
        ...


# pandas is no dependency: its frames are known by their module.
Frame: TypeAlias = "pl.DataFrame | pl.LazyFrame | ArrowStream | Any"


def as_polars(frame: Frame) -> pl.DataFrame:
    """Give a frame as one of Polars; dates or tickers in an index of pandas become columns.

    Raises:
        UsageError: It is no frame, or its columns have more than one level.

    """
    if isinstance(frame, pl.LazyFrame):
        frame = frame.collect()
    elif type(frame).__module__.split(".")[0] == "pandas":
        frame = _from_pandas(frame)
    elif not isinstance(frame, pl.DataFrame):
        if not isinstance(frame, ArrowStream):
            kind = type(frame)
            raise UsageError(f"cannot scan a {visible(f'{kind.__module__}.{kind.__qualname__}')}: give {_ACCEPTED}")
        frame = pl.DataFrame(frame)
    return frame.with_columns(_plain(frame))


def _from_pandas(frame: Any) -> pl.DataFrame:  # noqa: ANN401 - pandas is no dependency
    if not hasattr(frame, "columns"):  # a series: its index holds what the prices belong to
        frame = frame.to_frame(frame.name or "price")
    if frame.columns.nlevels > 1:
        levels = [visible(str(name)) for name in frame.columns[0]]
        raise UsageError(
            f"the columns have {frame.columns.nlevels} levels, such as {levels}: choose one price, as in frame['Close']"
        )
    if type(frame.index).__name__ != "RangeIndex":
        frame = frame.reset_index(names=_index_names(frame.index))
    frame.columns = [str(name) for name in frame.columns]
    return pl.DataFrame(pl.from_pandas(frame))


def _index_names(index: Any) -> list[str]:  # noqa: ANN401 - likewise
    unnamed = "date" if index.nlevels == 1 else "level_{}"
    return [unnamed.format(position) if name is None else str(name) for position, name in enumerate(index.names)]


def _plain(frame: pl.DataFrame) -> Iterable[pl.Expr]:
    """Give categories as texts and decimals as numbers: what a file would hold."""
    for name, dtype in frame.schema.items():
        if isinstance(dtype, pl.Categorical | pl.Enum):
            yield pl.col(name).cast(pl.String)
        elif isinstance(dtype, pl.Decimal):
            yield pl.col(name).cast(pl.Float64)
