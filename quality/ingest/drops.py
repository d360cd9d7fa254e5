"""Which of two files is the newer by what its name says, and which file each price of a panel came from."""

import datetime as dt
import io
import re
from pathlib import PurePosixPath

import polars as pl

from quality.errors import InputError
from quality.panel.partitions import SCHEMA
from quality.storage import Store

# What a panel's row came from, where a rank decided: hidden, so that no reader of the panel takes it for data.
ORIGINS = pl.Schema([*SCHEMA.items(), ("rank", pl.String())])
UNKNOWN = ""
_DATE_IN_NAME = re.compile(r"(?<!\d)((?:19|20|21)\d\d)([-_.]?)(0[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01])(?!\d)")


def date_in_name(name: str) -> dt.date | None:
    """Give the date that a file's name tells, such as `prices_2022-09-26.csv`; None where there is not one."""
    found = set()
    for year, _, month, day in _DATE_IN_NAME.findall(PurePosixPath(name).name):
        try:
            found.add(dt.date(int(year), int(month), int(day)))
        except ValueError:
            continue
    return found.pop() if len(found) == 1 else None


def rank_of(address: str) -> str:
    """Give what ranks a file among others: the date in its name, or in that of a folder above it; then the name.

    Names count numbers as people do: `v10` is newer than `v9`.
    """
    parts = PurePosixPath(address.replace("\\", "/")).parts
    dated = next((at for at in range(len(parts) - 1, -1, -1) if date_in_name(parts[at])), None)
    date = "" if dated is None else f"{date_in_name(parts[dated])}"
    name = "/".join(parts[-1:] if dated is None else parts[dated:])
    return f"{date} {re.sub('[0-9]+', lambda number: number[0].rjust(20, '0'), name)}"


def read_origins(panel: Store, year: int) -> pl.DataFrame:
    """Give what is known of where a year's rows came from; nothing where that cannot be read."""
    try:
        return pl.read_parquet(io.BytesIO(panel.read(_key(year)))).select(ORIGINS.names()).cast(ORIGINS)
    except (InputError, pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError):
        return pl.DataFrame(schema=ORIGINS)


def write_origins(panel: Store, year: int, origins: pl.DataFrame) -> None:
    """Keep where a year's rows came from.

    It is written before the year itself: what it says of a price that the panel does not hold counts for nothing, so
    a run that dies between the two leaves nothing wrong.
    """
    data = io.BytesIO()
    origins.select(ORIGINS.names()).write_parquet(data, compression="zstd")
    panel.write(_key(year), data.getvalue())


def ranked(held: pl.DataFrame, origins: pl.DataFrame) -> pl.DataFrame:
    """Give a panel's rows with the rank of what they came from; UNKNOWN where the panel holds another price by now."""
    known = origins.rename({"price": "origin_price"})
    return (
        held.join(known, on=["date", "ticker"], how="left", maintain_order="left")
        .with_columns(rank=pl.when(pl.col("price").eq_missing(pl.col("origin_price"))).then("rank"))
        .with_columns(pl.col("rank").fill_null(UNKNOWN))
        .drop("origin_price")
    )


def _key(year: int) -> str:
    return f".origins/year={year:04d}.parquet"
