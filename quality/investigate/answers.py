"""Answers as files and texts: CSV, JSON, Markdown and Parquet; the first and the last part by part."""

import html
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from quality.errors import UsageError
from quality.findings.schema import plain
from quality.investigate.queries import Answer, as_frame
from quality.storage import S3Options, open_store, split_address
from quality.text import visible

FORMATS = ("table", "csv", "json", "parquet", "markdown")
_ENDINGS = {".csv": "csv", ".json": "json", ".parquet": "parquet", ".md": "markdown", ".txt": "table"}


def format_of(address: str) -> str:
    """Give the format that a file's name stands for.

    Raises:
        UsageError: It stands for none.

    """
    ending = Path(address).suffix.lower()
    if ending not in _ENDINGS:
        raise UsageError(f"--out {address}: say --format, or end the name with {', '.join(_ENDINGS)}")
    return _ENDINGS[ending]


def csv_parts(answer: Answer) -> Iterator[str]:
    """Give an answer as CSV part by part; text that a spreadsheet would run is made plain by a `'`."""
    yield as_frame(answer.schema.empty_table()).write_csv()
    for part in answer.batches:
        yield _csv(part)


def _csv(part: pa.RecordBatch) -> str:
    return plain(as_frame(pa.Table.from_batches([part]))).write_csv(include_header=False)


def markdown_lines(rows: pl.DataFrame, text: Callable[[object], str]) -> Iterator[str]:
    """Give rows as a Markdown table, whose cells hold no markup."""
    yield f"| {' | '.join(_cell(name) for name in rows.columns)} |"
    yield f"|{'|'.join('---:' if dtype.is_numeric() else '---' for dtype in rows.dtypes)}|"
    for row in rows.iter_rows():
        yield f"| {' | '.join(_cell(text(value)) for value in row)} |"


def _cell(text: str) -> str:
    plain_text = html.escape(visible(text), quote=False)
    return "".join(f"\\{char}" if char in "|\\`*_[]" else char for char in plain_text)


@contextmanager
def writing(address: str, options: S3Options | None) -> Iterator[Path]:
    """Give a path to write to; at a clean exit the file appears whole at an address."""
    folder, name = split_address(address)
    with open_store(folder, options).writing(name) as path:
        yield path


def write_parquet(answer: Answer, path: Path) -> int:
    """Write an answer as one Parquet file, and give the number of its rows."""
    count = 0
    with pq.ParquetWriter(path, answer.schema, compression="zstd") as writer:
        for part in answer.batches:
            writer.write_batch(part)
            count += part.num_rows
    return count


def write_csv(answer: Answer, path: Path) -> int:
    """Write an answer as one CSV file, and give the number of its rows."""
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(as_frame(answer.schema.empty_table()).write_csv())
        for part in answer.batches:
            file.write(_csv(part))
            count += part.num_rows
    return count
