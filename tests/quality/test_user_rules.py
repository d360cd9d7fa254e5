"""A rule of the user's own reads `metrics`, and nothing else; it writes nothing."""

import datetime as dt
from pathlib import Path

import polars as pl
import pytest

from quality.engine.connection import EngineOptions, open_engine, run
from quality.engine.syntax import parameters_of
from quality.errors import QualityError, UsageError
from quality.investigate.queries import Sources, ask
from quality.panel.partitions import SCHEMA, write_year
from quality.rules.loading import load_ruleset
from quality.scan.run import ScanOptions, scan
from quality.storage import open_store

_DAYS = [dt.date(2024, 1, 1) + dt.timedelta(days=count) for count in range(10)]
_SECRET = "the-secret-of-another-file"
_RULE = """-- name: leak
-- severity: info
-- message: {{stolen}}
-- parameters: none
-- look-back: 0
select date, ticker, price, null::double as expected, null::double as deviation, {stolen}::varchar as stolen
from metrics
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    rows = [(day, ticker, 10.0) for ticker in ("A", "B") for day in _DAYS]
    write_year(open_store(tmp_path / "panel"), pl.DataFrame(rows, schema=SCHEMA, orient="row"))
    (tmp_path / "secret.csv").write_text(f"{_SECRET}\n1\n")
    (tmp_path / "rules").mkdir()
    return tmp_path


def _scan_with(place: Path, stolen: str) -> pl.DataFrame:
    (place / "rules" / "leak.sql").write_text(_RULE.format(stolen=stolen))
    ruleset = load_ruleset("notebook", [place / "rules"])
    scan(open_store(place / "panel"), open_store(place / "run"), ruleset, ScanOptions(threads=1))
    return pl.read_csv(place / "run" / "anomalies.csv")


def _files(place: Path) -> dict[str, bytes]:
    """Every file but the run's own and the rule."""
    kept = [path for path in place.rglob("*") if path.is_file() and not {"run", "rules"} & set(path.parts)]
    return {str(path): path.read_bytes() for path in kept}


def test_the_rule_that_the_attacks_are_made_of_runs(place: Path):
    assert _scan_with(place, "'harmless'").get_column("message").unique().to_list() == ["harmless"]


@pytest.mark.parametrize(
    "stolen",
    [
        "(select content from read_text('{secret}'))",
        "(select content from read_blob('{secret}'))",
        "(select column0 from read_csv('{secret}') limit 1)",
        "(select column0 from '{secret}' limit 1)",
        "(select file from glob('{place}/*') limit 1)",
        "(select content from read_text('{panel}/../../secret.csv'))",
        "(select content from read_text('http://127.0.0.1:9/x'))",
        "(select content from read_text('s3://bucket/x'))",
        "(select count(*) from query('copy (select 1) to ''{place}/out.csv'''))",
        "(select count(*) from enable_logging(storage := 'file', storage_path := '{place}/log'))",
        "(select count(*) from enable_profiling(format := 'json', save_location := '{place}/profile.json'))",
        "(select count(*) from inputs)",  # a variable of the program, which DuckDB would look for
        "getenv('HOME')",
        "current_setting('allowed_paths')",
        "(select value from duckdb_settings() limit 1)",
        "(select sql from duckdb_views() limit 1)",
        "(select sql from sqlite_master limit 1)",
        "(select count(*) from measured_cells)",
    ],
)
def test_a_rule_that_reads_or_writes_elsewhere_stops_the_scan_and_touches_nothing(place: Path, stolen: str):
    panel = place / "panel" / "year=2024"
    before = _files(place)
    with pytest.raises(QualityError, match=r"leak\.sql") as refused:
        _scan_with(place, stolen.format(secret=place / "secret.csv", place=place, panel=panel))
    assert _SECRET not in str(refused.value)
    assert _files(place) == before
    assert not (place / "run" / "summary.json").exists()


@pytest.mark.parametrize(
    "text",
    [
        "copy (select 1) to 'x'",
        "insert into findings select 1",
        "attach 'x'",
        "set threads = 1",
        "install httpfs",
        "create table x as select 1",
        "select 1; select 2",
        "select 1) as bad_cells; drop table present; select (1",
        "with gone as (delete from present returning *) select * from gone",
        "with put as (insert into findings values (1) returning *) select * from put",
        "WITH made AS (COPY (select 1) TO 'x' (use_tmp_file false)) SELECT 1",
        "select * from (with put as (update present set price = 1 returning *) select * from put)",
    ],
)
def test_what_is_not_one_select_that_only_reads_is_no_rule(tmp_path: Path, text: str):
    rule = tmp_path / "leak.sql"
    rule.write_text(f"-- name: leak\n-- severity: info\n-- message: m\n-- parameters: none\n-- look-back: 0\n{text}\n")
    with pytest.raises(UsageError, match=r"leak\.sql:6: "):
        load_ruleset("notebook", [tmp_path])


@pytest.mark.parametrize(
    "text",
    [
        "with recursive a as (select 1 as i union all select i + 1 from a where i < 3) select * from a",
        "with a as materialized (select 1 as i) select i from a union all select 2 order by 1",
        "select 'with COPY_QUERY_NODE', $with_it",
        "describe panel",
    ],
)
def test_a_select_that_only_reads_passes_whatever_its_form(text: str):
    assert parameters_of(text) == ({"with_it"} if "$" in text else set())


def test_a_question_cannot_write_over_the_files_that_it_may_read(place: Path):
    file = next((place / "panel").rglob("*.parquet"))
    before = file.read_bytes()
    query = f"with put as (copy (select 1 as a) to '{file}' (use_tmp_file false)) select * from put"  # noqa: S608 - an attack
    with pytest.raises(UsageError, match="COPY_QUERY_NODE"):
        ask(query, Sources(panel=str(place / "panel")))
    assert file.read_bytes() == before


def test_the_attack_on_the_panel_is_real_where_nobody_asks_for_the_kind_of_statement(place: Path):
    """Keeps the test above honest: the engine alone does not refuse it."""
    file = next((place / "panel").rglob("*.parquet"))
    before = file.read_bytes()
    with open_engine(EngineOptions(files=[file])) as engine:
        run(engine, f"with put as (copy (select 1 as a) to '{file}' (use_tmp_file false)) select * from put")  # noqa: S608
    assert file.read_bytes() != before
