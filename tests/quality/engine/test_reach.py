"""What a query may reach for: the relations given to it, and nothing else."""

import pytest

from quality.engine.reach import check_reach, columns_named, reach_of
from quality.errors import UsageError

GIVEN = ("panel", "findings")


@pytest.mark.parametrize(
    ("text", "reads"),
    [
        ("select 1", set()),
        ("from panel", {"panel"}),
        ("select * from findings where exists (select 1 from panel)", {"panel", "findings"}),
        ("with few as (select * from panel) select * from few", {"panel"}),
        ("select * from range(3), unnest([1, 2])", set()),
        ("summarize panel", {"panel"}),
        ("select * from (describe findings)", {"findings"}),
        ("with recursive t(n) as (select 1 union all select n + 1 from t where n < 9) select * from t", set()),
    ],
)
def test_what_is_given_can_be_read(text, reads):
    assert check_reach(text, GIVEN) == reads


# Ways out that were tried; each must fail, and say what cannot be had.
ATTEMPTS = {
    "a file by its name": ("select * from '/etc/passwd'", "/etc/passwd"),
    "a file by its name, as a table": ('select * from "/etc/passwd"', "/etc/passwd"),
    "CSV": ("select * from read_csv('/etc/passwd')", "read_csv"),
    "text": ("select * from read_text('/etc/passwd')", "read_text"),
    "bytes": ("select * from read_blob('/etc/passwd')", "read_blob"),
    "Parquet": ("select * from parquet_scan('x.parquet')", "parquet_scan"),
    "the footer of Parquet": ("select * from parquet_metadata('x.parquet')", "parquet_metadata"),
    "JSON": ("select * from read_json_auto('x.json')", "read_json_auto"),
    "another database": ("select * from read_duckdb('x.db')", "read_duckdb"),
    "a listing": ("select * from glob('/**')", "glob"),
    "sniffing": ("select * from sniff_csv('/etc/passwd')", "sniff_csv"),
    "settings": ("select * from duckdb_settings()", "duckdb_settings"),
    "one setting": ("select current_setting('allowed_paths')", "current_setting"),
    "a setting within": ("select (select upper(current_setting('temp_directory')) from panel)", "current_setting"),
    "a variable": ("select getvariable('x')", "getvariable"),
    "the environment": ("select getenv('HOME')", "getenv"),
    "secrets": ("select * from duckdb_secrets()", "duckdb_secrets"),
    "which secret": ("select * from which_secret('s3://x', 's3')", "which_secret"),
    "the catalogue": ("select sql from duckdb_views()", "duckdb_views"),
    "the catalogue as a table": ("select * from duckdb_views", "duckdb_views"),
    "the catalogue of others": ("select * from sqlite_master", "sqlite_master"),
    "the catalogue of standards": ("select * from information_schema.tables", "information_schema.tables"),
    "the catalogue in full": ("select * from system.information_schema.columns", "system.information_schema.columns"),
    "the catalogue of Postgres": ("select * from pg_catalog.pg_class", "pg_catalog.pg_class"),
    "a definition": ("select pg_get_viewdef(1)", "pg_get_viewdef"),
    "tables": ("show tables", "tables"),
    "all tables": ("select * from (show all tables)", "tables"),
    "an internal view": ("select * from findings_rows", "findings_rows"),
    "a variable of the program": ("select * from sources", "sources"),
    "a query in a text": ("select * from query('select 1')", "query"),
    "a table in a text": ("select * from query_table('duckdb_views')", "query_table"),
    "a query in JSON": ("select * from json_execute_serialized_sql('{}')", "json_execute_serialized_sql"),
    "a name that hides": (
        "select * from (with duckdb_views as (select 1) select 1), duckdb_views",
        "duckdb_views",
    ),
    "the log": ("select write_log('x')", "write_log"),
    "temporary files": ("select * from duckdb_temporary_files()", "duckdb_temporary_files"),
    "a column of a join": ("select * from panel join pg_settings on true", "pg_settings"),
    "within a WITH": ("with x as (select * from duckdb_settings()) select * from x", "duckdb_settings"),
    "within a lambda": ("select list_transform([1], lambda x: current_setting('threads'))", "current_setting"),
}


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_nothing_else_can(attempt):
    text, names = ATTEMPTS[attempt]
    with pytest.raises(UsageError) as raised:
        check_reach(text, GIVEN)
    assert names in str(raised.value)
    assert len(str(raised.value).splitlines()) == 1


def test_a_misspelt_view_is_guessed():
    with pytest.raises(UsageError, match=r"there is no view findigns; did you mean findings\?"):
        check_reach("select * from findigns", GIVEN)


def test_functions_of_values_are_free():
    assert "printf" in reach_of("select printf('%d', 1), sum(price) from panel").functions
    check_reach(
        "select regexp_replace(ticker, 'a', 'b'), median(price), list_transform([1], x -> x + 1) from panel", GIVEN
    )


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("select max(price) from panel where date < '2020-02-01'", {"price", "date"}),
        ("select count(*), p.Volume from panel as p group by all", {"volume"}),
        ("with few as (select price from panel) select price from few", {"price"}),
        ("select * exclude (price) from panel", None),
        ("from panel", None),
        ("select columns('vol.*') from panel", None),
        ("select p from panel as p", None),
        ("select panel from panel", None),
        ("summarize panel", None),
    ],
)
def test_a_select_names_its_columns_or_takes_all_of_a_relation(text, named):
    assert columns_named(text) == named
