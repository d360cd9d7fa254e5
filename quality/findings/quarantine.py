"""The rows that were refused: where they stood, what they said, and why they are not in the panel."""

from collections.abc import Callable, Sequence

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


def refused_cells(
    lines: pl.Series, column: str | pl.Series, texts: pl.Series, explain: Callable[[str], str]
) -> pl.DataFrame:
    """Give the refusals of many cells; each distinct text is explained once.

    Args:
        lines: The lines that the cells stand on.
        column: The name of their column, or a name for each.
        texts: What they say.
        explain: Tells why a text is refused.

    """
    distinct = texts.unique()
    reasons = pl.Series("reason", [explain(text) for text in distinct], dtype=pl.String)
    frame = pl.DataFrame({"line": lines, "text": texts}).with_columns(
        column=pl.lit(column),
        reason=texts.replace_strict(distinct, reasons, return_dtype=pl.String),
        text=pl.Series([shortened(text) for text in texts], dtype=pl.String)
        if (texts.str.len_chars() > _LONGEST_TEXT).any()
        else pl.col("text"),
    )
    return frame.select(pl.col(name).cast(dtype) for name, dtype in ROW_SCHEMA.items())
