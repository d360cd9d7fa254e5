"""The ledger of a run: what each year's findings were made from, so that they need not be made again."""

import json
import logging
from dataclasses import dataclass
from typing import Any

from quality.digests import digest_files
from quality.findings.columns import partition_key
from quality.findings.summary import Tally
from quality.storage import Store

_FOLDER = "ledger/"
_log = logging.getLogger(__name__)


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
        findings: A digest of the file that its findings are in.

    """

    year: int
    key: str
    content: str
    rows: int
    absent: int
    tally: Tally
    seen_to: str = ""
    seen: str = ""
    findings: str = ""


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
        "tally": record.tally.as_noted(),
        "seen_to": record.seen_to,
        "seen": record.seen,
        "findings": record.findings,
    }
    run.write(record_key(record.year), (json.dumps(noted, sort_keys=True) + "\n").encode())


def read_records(run: Store) -> dict[int, Record]:
    """Read what a run notes of its finished years.

    A note that is damaged counts as none, and so does one whose findings are gone or are not as they were written.
    """
    files = {entry.key for entry in run.entries("findings/")}
    records = {}
    for entry in run.entries(_FOLDER):
        record = _decode(run.read(entry.key))
        if record and record_key(record.year) == entry.key and partition_key(record.year) in files:
            if _findings_digest(run, record.year) == record.findings:
                records[record.year] = record
            else:
                _log.warning("%s is not as it was written: its year is made again", run.url(partition_key(record.year)))
    return records


def _findings_digest(run: Store, year: int) -> str:
    with run.local_copy(partition_key(year)) as path:
        return digest_files([path])


def _decode(data: bytes) -> Record | None:
    try:
        noted: dict[str, Any] = json.loads(data)
        tally = Tally.from_dict(noted.pop("tally"))
        return Record(tally=tally, **noted)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
