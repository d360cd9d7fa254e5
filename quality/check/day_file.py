"""Reads the file of an incoming day: a plain one at once, any other as `ingest` reads."""

import datetime as dt

from quality.check.day import Day, Entry
from quality.check.plain_day import read_plain_day
from quality.ingest.format.source import Source

__all__ = ["Day", "Entry", "read_day"]


def read_day(data: bytes, name: str, day: dt.date | None = None, source: Source | None = None) -> Day:
    """Read a day from a wide or long table in any form that `ingest` reads, and as it reads them.

    Wide is one row with a column a ticker; long is a row a ticker. What `ingest` would refuse is refused here too,
    but for what is a finding of the day: blank and doubled tickers, and prices beyond all numbers.

    Args:
        data: The file's bytes.
        name: What to call the file in messages.
        day: Which date to take where there are several; the date itself where the file has none.
        source: What is known of the file.

    Raises:
        InputError: The file is no such table, or holds no day, several days, or rows that are none.

    """
    plain = read_plain_day(data, name) if source in (None, Source()) else None
    if plain is not None and day in (None, plain.date):
        return plain
    # What reads every kind of table takes longer to import than a check takes.
    from quality.check.day_table import read_table_day  # noqa: PLC0415

    return read_table_day(data, name, day, source or Source())
