"""What the name of a file says: its date, and which of two files is the newer."""

import datetime as dt
import re
from pathlib import PurePosixPath

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
    dated = next((position for position in range(len(parts) - 1, -1, -1) if date_in_name(parts[position])), None)
    date = "" if dated is None else f"{date_in_name(parts[dated])}"
    name = "/".join(parts[-1:] if dated is None else parts[dated:])
    return f"{date} {re.sub('[0-9]+', lambda number: number[0].rjust(20, '0'), name)}"
