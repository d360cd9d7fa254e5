"""Findings as codes: in order, with plain texts to whoever reads their file."""

import io

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from quality.findings import columns, schema, table


def found(rule, cells, message="m", **others):
    """What a rule finds on cells of (day, ticker)."""
    count = len(cells)
    return table.Found(
        rule,
        "error",
        np.array([day for day, _ in cells], dtype=np.int32),
        np.array([ticker for _, ticker in cells], dtype=np.int32),
        *(pa.array([float(day) for day, _ in cells], pa.float64()) for _ in range(3)),
        message=pa.array([message] * count, pa.string()).dictionary_encode(),
        others=others,
    )


def test_both_schemas_have_the_columns_of_the_contract():
    assert table.FILED_SCHEMA.names == list(schema.FILED_SCHEMA) == list(columns.FILED_COLUMNS)
    first = ["date", "ticker", "rule", "severity", "price", "expected", "deviation", "message"]
    assert list(columns.COLUMNS)[:8] == first


def test_findings_are_sorted_by_date_ticker_and_rule():
    parts = [found("a", [(3, 1), (2, 0)]), found("b", [(2, 0), (2, 1), (3, 0)])]
    rows = table.findings_table(parts, ["x", "y"]).select(["price", "ticker", "rule"]).to_pylist()
    assert [tuple(row.values()) for row in rows] == [
        (2.0, "x", "a"),
        (2.0, "x", "b"),
        (2.0, "y", "b"),
        (3.0, "x", "b"),
        (3.0, "y", "a"),
    ]


def test_more_names_than_two_bytes_count_are_sorted_too():
    names = [f"{number:06}" for number in range(70_000)]
    rows = table.findings_table([found("a", [(2, 69_999), (2, 3), (1, 65_536)])], names)
    assert rows.column("ticker").to_pylist() == ["065536", "000003", "069999"]


def test_columns_that_one_rule_has_are_null_for_the_others():
    parts = [found("a", [(1, 0)], lower=pa.array([5.0])), found("b", [(2, 0)])]
    rows = table.findings_table(parts, ["x"])
    assert rows.column("lower").to_pylist() == [5.0, None]
    assert rows.column("covered").to_pylist() == [False, False]
    assert rows.column("status").null_count == 2


def test_a_file_holds_plain_texts_and_no_more_of_each_dictionary_than_it_says():
    parts = [found("a", [(day, 0)], f"message {day}") for day in range(100)]
    part = table.findings_table(parts, ["x", "y"]).slice(40, 2)
    data = table.encode_parquet(part)
    read = pl.read_parquet(io.BytesIO(data))
    assert read.schema == schema.FILED_SCHEMA
    assert read.get_column("message").to_list() == ["message 40", "message 41"]
    assert read.get_column("suppressed").to_list() == [False, False]
    column = pq.ParquetFile(io.BytesIO(data)).metadata.row_group(0).column(7)
    assert (column.path_in_schema, column.has_dictionary_page) == ("message", True)
    assert b"message 43" not in data


def test_a_run_without_findings_has_a_file_with_the_columns():
    read = pl.read_parquet(io.BytesIO(table.encode_parquet(table.findings_table([], []))))
    assert (read.schema, read.height) == (schema.FILED_SCHEMA, 0)


def test_texts_in_several_pieces_are_codes_of_one_list():
    pieces = pa.chunked_array([pa.array(["b", "a"]).dictionary_encode(), pa.array(["a", "c"]).dictionary_encode()])
    codes, names = table.codes_of(pieces)
    assert [names[code] for code in codes] == ["b", "a", "a", "c"]
