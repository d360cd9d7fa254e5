"""The findings' columns and files by name: what they are called and what kind of value each holds."""

import re
from collections.abc import Mapping
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["date", "text", "number", "flag"]

SUPPRESSED, COVERED = "suppressed", "covered"
# What the finding of a day says, in order.
COLUMNS: Mapping[str, Kind] = {
    "date": "date",
    "ticker": "text",
    "rule": "text",
    "severity": "text",
    "price": "number",
    "expected": "number",
    "deviation": "number",
    "message": "text",
    # The limits that the price broke, where the rule has any.
    "lower": "number",
    "upper": "number",
    # What later days made of a finding (`provisional`, `confirmed`, `reclassified`, `hindsight`), and the rule of the
    # day itself; the rule set `notebook` knows no hindsight.
    "status": "text",
    "first_rule": "text",
    # Of a fault that lasts: its first and last bad session, how many times too high its prices are, and whether
    # another finding of the same rule speaks for this one, which then does not count. Null and false for one cell.
    "first_date": "date",
    "last_date": "date",
    "factor": "number",
    COVERED: "flag",
}
# As they are kept: the last column tells which ones a suppression makes not count.
FILED_COLUMNS: Mapping[str, Kind] = {**COLUMNS, SUPPRESSED: "flag"}
# What a rule's SELECT may leave out, and what stands there then: limits, and the stretch that a finding speaks of.
OPTIONAL: Mapping[str, str] = {
    "lower": "null::double",
    "upper": "null::double",
    "first_date": "null::date",
    "last_date": "null::date",
    "factor": "null::double",
    "covered": "false",
}
CSV_KEY = "anomalies.csv"
NOTEBOOK_REPORT_KEY = "anomalies/anomaly_report_1.csv"


def partition_key(year: int) -> str:
    """Give the key of the file that holds a year's findings within a run."""
    return f"findings/year={year:04d}/findings.parquet"


_PARTITION = re.compile(r"findings/year=(\d{4})/findings\.parquet")


def year_of_key(key: str) -> int | None:
    """Give the year whose findings a run keeps under a key; None for any other key."""
    match = _PARTITION.fullmatch(key)
    return int(match[1]) if match else None


def is_partition_key(key: str) -> bool:
    """Tell whether a key is one under which a run keeps findings; what else lies there is somebody else's."""
    return year_of_key(key) is not None
