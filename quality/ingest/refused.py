"""The rows that were refused: where they stood, what they said, and why they are not in the panel."""

from collections.abc import Sequence

import polars as pl

SCHEMA = pl.Schema({"file": pl.String, "line": pl.UInt32, "column": pl.String, "text": pl.String, "reason": pl.String})
# A row as the readers give it: which file it is of is known to their caller.
ROW_SCHEMA = pl.Schema({name: dtype for name, dtype in SCHEMA.items() if name != "file"})
_LONGEST_TEXT = 2_000

Refusal = tuple[int, str | None, str, str]


def refusals(rows: Sequence[Refusal]) -> pl.DataFrame:
    """Give refusals (line, column, text, reason) as a frame; very long texts are cut and say so."""
    return pl.DataFrame(
        [(line, column, shortened(text), reason) for line, column, text, reason in rows],
        schema=ROW_SCHEMA,
        orient="row",
    )


def shortened(text: str) -> str:
    """Cut a very long text, and say how long it was."""
    return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}… ({len(text)} characters)"
