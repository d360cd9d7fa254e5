"""The ledger of a run: what each year's findings were made from, so that they need not be made again."""

import json
from dataclasses import dataclass
from typing import Any

from quality.findings.columns import partition_key
from quality.findings.summary import Tally
from quality.storage import Store

_FOLDER = "ledger/"


@dataclass(frozen=True)
class Record:
    """One finished year of a run.

    Attributes:
        year: The year.
        key: A digest of everything that its findings depend on: its files, those it looks back on, the
            tickers known before, the rules, the range, the versions.
        content: A digest of its own files.
        rows: Rows of the panel that were judged.
        absent: Cells that were expected and have no row.
        tally: Its findings, counted.
        seen_to: The last session that the panel held, ISO, where this is the panel's last year, else "".
        seen: A digest of the year's rows up to then, likewise: days that are added later do not change it.

    """

    year: int
    key: str
    content: str
    rows: int
    absent: int
    tally: Tally
    seen_to: str = ""
    seen: str = ""


def record_key(year: int) -> str:
    """Give the key of a year's record within a run."""
    return f"{_FOLDER}year={year:04d}.json"


def write_record(run: Store, record: Record) -> None:
    """Note that a year is finished; its findings must be there already."""
    noted = {
        "year": record.year,
        "key": record.key,
        "content": record.content,
        "rows": record.rows,
        "absent": record.absent,
        "tally": record.tally.as_dict(),
        "seen_to": record.seen_to,
        "seen": record.seen,
    }
    run.write(record_key(record.year), (json.dumps(noted, sort_keys=True) + "\n").encode())


def read_records(run: Store) -> dict[int, Record]:
    """Read what a run notes of its finished years; a note that is damaged counts as none."""
    files = {entry.key for entry in run.entries("findings/")}
    records = {}
    for entry in run.entries(_FOLDER):
        record = _decode(run.read(entry.key))
        if record and record_key(record.year) == entry.key and partition_key(record.year) in files:
            records[record.year] = record
    return records


def _decode(data: bytes) -> Record | None:
    try:
        noted: dict[str, Any] = json.loads(data)
        tally = Tally.from_dict(noted.pop("tally"))
        return Record(tally=tally, **noted)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
