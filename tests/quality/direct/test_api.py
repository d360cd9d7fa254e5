"""The library as Python programs use it; the examples of docs/python.md run."""

import datetime as dt
import logging
import os
import re
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

import quality

ROOT = Path(__file__).resolve().parents[3]
DAYS = [dt.date(2022, 1, number) for number in range(1, 11)]
LONG = pl.DataFrame(
    [(day, ticker, 0.0 if (day.day, ticker) == (10, "BBB") else 100.0) for day in DAYS for ticker in ("AAA", "BBB")],
    schema=["date", "ticker", "price"],
    orient="row",
)
FOUND = [(dt.date(2022, 1, 10), "BBB", "zero_price")]


def found(result):
    return result.findings.select("date", "ticker", "rule").rows()


@pytest.mark.parametrize(
    "frame",
    [
        LONG,
        LONG.pivot("ticker", index="date", values="price"),
        LONG.with_columns(pl.col("date").cast(pl.Datetime("us"))),
        LONG.to_pandas(),
        LONG.pivot("ticker", index="date", values="price").to_pandas().set_index("date"),
        LONG.to_arrow(),
    ],
    ids=["long", "wide", "datetimes", "pandas", "pandas wide", "arrow"],
)
def test_a_frame_is_scanned(frame):
    result = quality.scan(frame, ruleset="notebook")
    assert found(result) == FOUND
    assert result.summary["by_rule"] == {"zero_price": 1}


def test_an_address_is_scanned(tmp_path, make_panel):
    LONG.write_csv(tmp_path / "prices.csv")
    panel = make_panel(LONG.rows())
    for address in (tmp_path / "prices.csv", panel.address):
        findings, summary = quality.scan(address, ruleset="notebook")
        assert findings.height == summary["findings"] == 1


def test_a_run_is_kept_where_it_is_asked_for(tmp_path):
    quality.scan(LONG, run=tmp_path / "run")
    assert (tmp_path / "run" / "summary.json").is_file()
    assert (tmp_path / "run" / "anomalies.csv").is_file()


def test_nothing_else_is_left_behind(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    quality.scan(LONG)
    assert list(tmp_path.iterdir()) == []


def test_parameters_replace_those_of_the_rules():
    assert found(quality.scan(LONG, ruleset="notebook", parameters={"zero_price": {"enabled": False}})) == []
    with pytest.raises(quality.UsageError, match="zero_prise"):
        quality.scan(LONG, parameters={"zero_prise": {"enabled": False}})


def test_a_day_is_checked_against_history():
    day, history = (LONG.filter(condition) for condition in (pl.col("date") == DAYS[-1], pl.col("date") < DAYS[-1]))
    result = quality.check(day, history=history, ruleset="notebook")
    assert found(result) == FOUND
    assert result.findings.columns == quality.scan(LONG).findings.columns
    with pytest.raises(quality.NotEnoughHistoryError):
        quality.check(day, history=history.head(4))


def test_rows_that_are_refused_are_counted_and_logged(caplog):
    doubled = pl.concat([LONG, LONG.tail(1).with_columns(price=pl.lit(7.0))])
    with caplog.at_level(logging.WARNING):
        result = quality.scan(doubled)
    assert result.summary["ingest"]["rows_refused"] == 1
    assert "1 rows are refused, of 21" in caplog.text


def test_an_error_speaks_of_the_frame_and_not_of_a_file():
    with pytest.raises(quality.QualityError, match=r"^the frame: "):
        quality.scan(LONG.select("date"))


def test_the_package_of_the_same_name_does_not_hide_the_function():
    import quality.scan.run  # noqa: PLC0415 - what makes the package known to its parent
    from quality import scan  # noqa: PLC0415

    assert found(quality.scan(LONG, ruleset="notebook")) == found(scan(LONG, ruleset="notebook")) == FOUND
    assert callable(quality.scan.run.scan)


def test_what_is_public_is_listed_and_typed():
    assert {"scan", "check", "QualityError", "UsageError"} <= set(dir(quality))
    assert (ROOT / "quality" / "py.typed").is_file()
    with pytest.raises(AttributeError, match="no attribute 'scann'"):
        _ = quality.scann


def test_importing_it_imports_no_heavy_library(tmp_path):
    program = "import quality, sys; print([name for name in ('polars', 'duckdb', 'numpy') if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", program], env={"PYTHONPATH": str(ROOT)}, cwd=tmp_path, capture_output=True, check=True
    )
    assert done.stdout == b"[]\n"


def test_the_examples_of_the_documentation_run_and_print_what_it_says(tmp_path):
    """All blocks of Python on the page are one program, the other blocks what it prints."""
    page = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    program = "\n".join(re.findall(r"```python\n(.*?)```", page, re.DOTALL))
    expected = "".join(re.findall(r"```text\n(.*?)```", page, re.DOTALL))
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == expected
