"""Findings as an Arrow table whose texts are codes into dictionaries, and as the Parquet files of a run."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from quality.findings.columns import COLUMNS, FILED_COLUMNS, SUPPRESSED

Codes = npt.NDArray[np.int32]
_TEXT = pa.dictionary(pa.int32(), pa.string())
_TYPES = {"date": pa.date32(), "text": _TEXT, "number": pa.float64(), "flag": pa.bool_()}
SCHEMA = pa.schema([(name, _TYPES[kind]) for name, kind in COLUMNS.items()])
FILED_SCHEMA = pa.schema([(name, _TYPES[kind]) for name, kind in FILED_COLUMNS.items()])
_TEXTS = [name for name, kind in FILED_COLUMNS.items() if kind == "text"]
_NUMBERS = [name for name, kind in FILED_COLUMNS.items() if kind in ("date", "number")]
_ROWS_A_GROUP = 1 << 20
# Encoded in one go: the default, 1,024, costs a tenth more time.
_ROWS_AT_ONCE = 1 << 16
# Enough for a year of messages that all differ; PyArrow otherwise gives a dictionary up in the middle.
_DICTIONARY_BYTES = 1 << 28
# As many values as fit two bytes are sorted in one pass.
_TWO_BYTES = 1 << 16


@dataclass(frozen=True)
class Found:
    """What one rule finds, a value a finding.

    Attributes:
        rule: Its name.
        severity: Its severity.
        date: Days since 1970.
        ticker: Positions in a list of names that all rules share.
        price, expected, deviation: Doubles, null for none.
        message: Texts as codes.
        others: Further columns of the findings, by name.

    """

    rule: str
    severity: str
    date: Codes
    ticker: Codes
    price: pa.Array
    expected: pa.Array
    deviation: pa.Array
    message: pa.DictionaryArray
    others: Mapping[str, pa.Array] = field(default_factory=dict)


def findings_table(found: Sequence[Found], names: Sequence[str]) -> pa.Table:
    """Put what rules find together: a table of `SCHEMA`, sorted by date, ticker and rule.

    Args:
        found: What each rule finds, sorted by the names of the rules.
        names: The keys of all findings, sorted by their bytes.

    """
    found = [part for part in found if len(part.date)]
    if not found:
        return SCHEMA.empty_table()
    date, ticker = (np.concatenate([getattr(part, name) for part in found]) for name in ("date", "ticker"))
    order = _order(date, ticker, len(names))
    rules = sorted({part.rule for part in found})
    severities = sorted({part.severity for part in found})
    lengths = [len(part.date) for part in found]
    columns = {
        "date": pa.array(date[order]).view(pa.date32()),
        "ticker": _coded(ticker[order], pa.array(names, pa.string())),
        "rule": _coded(np.repeat(_positions(rules, (part.rule for part in found)), lengths)[order], pa.array(rules)),
        "severity": _coded(
            np.repeat(_positions(severities, (part.severity for part in found)), lengths)[order], pa.array(severities)
        ),
        "message": _messages([part.message for part in found], order),
    }
    places = pa.array(order)
    for name in ("price", "expected", "deviation"):
        columns[name] = pa.concat_arrays([getattr(part, name) for part in found]).take(places)
    for name in {name for part in found for name in part.others}:
        none = pa.scalar(None, SCHEMA.field(name).type)
        parts = [
            part.others[name] if name in part.others else pa.repeat(none, length)
            for part, length in zip(found, lengths, strict=True)
        ]
        columns[name] = pa.concat_arrays([part.cast(none.type) for part in parts]).take(places)
    return complete(columns, len(order))


def complete(columns: Mapping[str, pa.Array], rows: int, schema: pa.Schema = SCHEMA) -> pa.Table:
    """Give columns as a table of a schema; what is not there is null, and a flag is false."""
    return pa.table([_filled(columns.get(column.name), column, rows) for column in schema], schema=schema)


def from_rows(rows: Sequence[Mapping[str, object]], schema: pa.Schema = SCHEMA) -> pa.Table:
    """Give rows, by the names of their columns, as a table of a schema, in their order."""
    columns = {}
    for column in schema:
        kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
        columns[column.name] = pa.array([row.get(column.name) for row in rows], kind)
    return complete(columns, len(rows), schema)


def codes_of(texts: pa.ChunkedArray) -> tuple[Codes, list[str]]:
    """Give a column of texts, none of them null, as positions among the texts that it may hold."""
    if not pa.types.is_dictionary(texts.type):
        texts = texts.cast(pa.string()).dictionary_encode()
    whole = texts.combine_chunks() if texts.num_chunks == 1 else texts.unify_dictionaries().combine_chunks()
    if isinstance(whole, pa.ChunkedArray):  # of no chunk, or of several with one dictionary
        whole = pa.concat_arrays(whole.chunks) if whole.num_chunks else pa.array([], texts.type)
    return whole.indices.to_numpy(), whole.dictionary.to_pylist()


def of_tickers(findings: pa.Table, tickers: Collection[str]) -> pa.Table:
    """Keep the findings of some tickers; those of whole sessions, whose key is no ticker, go."""
    import pyarrow.compute as pc  # noqa: PLC0415 - a check keeps all

    return findings.filter(pc.is_in(findings.column("ticker").cast(pa.string()), pa.array(tickers, pa.string())))


def encode_parquet(findings: pa.Table) -> bytes:
    """Give findings as a Parquet file, in the order in which they come, with texts as plain texts to its readers."""
    if SUPPRESSED not in findings.column_names:
        findings = complete(
            {name: findings.column(name) for name in findings.column_names}, len(findings), FILED_SCHEMA
        )
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(
        sink,
        FILED_SCHEMA,
        # Where much is wrong, writing is most of a scan: half of it less than with zstd, for a third more bytes.
        compression={name: "none" if kind == "number" else "snappy" for name, kind in FILED_COLUMNS.items()},
        write_batch_size=_ROWS_AT_ONCE,
        use_dictionary=_TEXTS,
        dictionary_pagesize_limit=_DICTIONARY_BYTES,
        write_statistics=_NUMBERS,
        store_schema=False,
    ) as writer:
        writer.write_table(_compact(findings), row_group_size=_ROWS_A_GROUP)
    return bytes(sink.getvalue())


def _order(date: Codes, ticker: Codes, names: int) -> npt.NDArray[np.int64]:
    """Give the places in the order of date and ticker; what is equal in both stays as it is."""
    day = date - np.min(date)
    if names > _TWO_BYTES or int(np.max(day)) >= _TWO_BYTES:
        return np.lexsort((ticker, date))
    by_ticker = np.argsort(ticker.astype(np.uint16), kind="stable")
    return np.asarray(by_ticker[np.argsort(day[by_ticker].astype(np.uint16), kind="stable")])


def _positions(names: Sequence[str], wanted: Iterable[str]) -> Codes:
    return np.array([names.index(name) for name in wanted], dtype=np.int32)


def _coded(codes: Codes, names: pa.Array) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), names, safe=False)


def _messages(parts: Sequence[pa.DictionaryArray], order: npt.NDArray[np.int64]) -> pa.DictionaryArray:
    """Put messages together; their dictionaries stand one after the other."""
    starts = np.cumsum([0, *(len(part.dictionary) for part in parts)])
    codes = np.concatenate(
        [part.indices.to_numpy() + np.int32(start) for part, start in zip(parts, starts, strict=False)]
    )
    return _coded(codes[order], pa.concat_arrays([part.dictionary for part in parts]))


def _filled(values: pa.Array | pa.ChunkedArray | None, column: pa.Field, rows: int) -> pa.Array | pa.ChunkedArray:
    if values is None:
        return pa.repeat(pa.scalar(False), rows) if column.type == pa.bool_() else pa.nulls(rows, column.type)  # noqa: FBT003
    if pa.types.is_dictionary(column.type) and not pa.types.is_dictionary(values.type):
        values = values.cast(pa.string()).dictionary_encode()
    elif values.type != column.type:
        values = values.cast(column.type)
    return values.fill_null(False) if column.type == pa.bool_() and values.null_count else values  # noqa: FBT003


def _compact(findings: pa.Table) -> pa.Table:
    """Leave out of each dictionary what no finding says, and order it: a file keeps whole dictionaries."""
    for position, name in enumerate(findings.column_names):
        column = findings.column(name)
        if name in _TEXTS and column.null_count < len(column):
            findings = findings.set_column(
                position, FILED_SCHEMA.field(name), pa.chunked_array(map(_compacted, column.chunks))
            )
    return findings


def _compacted(texts: pa.DictionaryArray) -> pa.DictionaryArray:
    if texts.null_count:
        return texts
    codes = texts.indices.to_numpy()
    # In the order in which they first come: whatever part of a panel made the dictionary, the file is the same.
    rows = np.arange(len(codes), dtype=np.int32)
    first = np.empty(len(texts.dictionary), dtype=np.int32)
    first[codes[::-1]] = rows[::-1]
    used = codes[first[codes] == rows]
    places = np.empty(len(first), dtype=np.int32)
    places[used] = rows[: len(used)]
    return _coded(places[codes], texts.dictionary.take(pa.array(used)))
