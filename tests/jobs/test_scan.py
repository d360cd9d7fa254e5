"""`pricewatch scan`."""

import json
import shutil

import pytest

from quality.storage import open_store


def test_shows_counts_by_rule_and_the_worst_tickers(pricewatch, default_panels):
    done = pricewatch("scan", default_panels.faulty, "run", "--ruleset", "notebook")
    assert (done.code, done.err) == (0, "")
    counts = dict(line.split() for line in done.out.splitlines()[1:-1])
    assert (counts["price_decrease"], counts["price_increase"]) == ("4,831", "2,536")
    assert "findings in 71,400 cells (714 sessions × 100 tickers, 2020-01-01 to 2022-09-26)" in done.out
    assert done.out.splitlines()[-1].startswith("most findings: ST")
    assert open_store("run").exists("anomalies.csv")


def test_as_json_is_the_summary(pricewatch, default_panels):
    done = pricewatch("scan", default_panels.faulty, "run", "--ruleset", "notebook", "--json", "--format", "parquet")
    assert json.loads(done.out) == json.loads(open_store("run").read("summary.json"))
    assert not open_store("run").exists("anomalies.csv")


def test_a_range_of_dates(pricewatch, default_panels):
    flags = ["--ruleset", "notebook", "--start", "2022-09-01", "--end", "2022-09-26", "--json"]
    told = json.loads(pricewatch("scan", default_panels.faulty, "run", *flags).out)
    assert (told["first_session"], told["last_session"], told["sessions"]) == ("2022-09-01", "2022-09-26", 18)


@pytest.mark.parametrize(("fail_on", "code"), [("error", 1), ("warning", 1)])
def test_findings_fail_a_run_where_that_is_wanted(pricewatch, default_panels, fail_on, code):
    assert pricewatch("scan", default_panels.faulty, "run", "--ruleset", "notebook", "--fail-on", fail_on).code == code


def test_a_panel_without_findings_does_not_fail(pricewatch, flat_panel):
    done = pricewatch("scan", flat_panel.address, "run", "--ruleset", "notebook", "--fail-on", "warning")
    assert done.code == 0
    assert "0 findings in 30 cells" in done.out


def test_a_damaged_partition_is_named_the_rest_is_done_and_the_code_is_3(pricewatch, default_panels, tmp_path):
    shutil.copytree(default_panels.faulty, tmp_path / "panel")
    (tmp_path / "panel/year=2021/prices.parquet").write_bytes(b"no parquet")
    done = pricewatch("scan", "panel", "run", "--ruleset", "notebook", "--fail-on", "error")
    assert done.code == 3
    (line,) = [line for line in done.err.splitlines() if "not scanned" in line]
    assert line.startswith("not scanned: year=2021: ")
    summary = json.loads(open_store("run").read("summary.json"))
    assert summary["outcome"] == "partial"
    assert set(summary["by_year"]) == {"2020", "2022"}


def test_one_file_is_scanned_without_a_panel_first(pricewatch, tmp_path):
    lines = [f"2022-01-{day:02},ACME,{0 if day == 9 else 100}" for day in range(1, 11)]
    (tmp_path / "prices.csv").write_text("\n".join(["Date,Symbol,Close", *lines, "2022-01-11,ACME,oops"]))
    done = pricewatch("scan", "prices.csv", "run", "--ruleset", "notebook")
    assert done.code == 3
    assert done.out.splitlines()[:3] == [
        "prices.csv: 11 rows read = 10 written + 0 duplicates that agree + 1 refused",
        done.out.splitlines()[1],
        f"  {'zero_price':<24} {1:>12}",
    ]
    assert done.err == "1 rows are refused: run/ingest says which and why\n"


def test_flags_for_files_are_refused_for_a_panel(pricewatch, flat_panel):
    assert "is no file: flags on how a file is read" in pricewatch(
        "scan", flat_panel.address, "run", "--decimal", "comma"
    ).failed(2)


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["none", "run"], 3, "no panel at none"),
        (["panel", "run", "--ruleset", "notebok"], 2, "no rule set 'notebok'"),
        (["panel", "run", "--rules", "none"], 2, "no rule files (*.sql) there"),
        (["panel", "run", "--format", "xml"], 2, "--format xml: choose from parquet, csv"),
        (["panel", "run", "--start", "2022-02-01", "--end", "2022-01-01"], 2, "--start 2022-02-01 is after --end"),
        (["panel", "run", "--start", "2030-01-01"], 2, "the panel holds 2022-01-01 to 2022-01-10"),
        (["panel", "run", "--fail-on", "info"], 2, "argument --fail-on: there is no 'info'"),
        (["panel"], 2, "the following arguments are required: RUN"),
        (["panel", "run", "--config", "none.toml"], 2, "cannot read none.toml: no such file"),
        (["panel", "file"], 3, "file"),
        (["s3://", "run"], 2, "has no bucket"),
    ],
)
def test_what_is_wrong_is_one_line(pricewatch, flat_panel, tmp_path, arguments, code, says):
    del flat_panel
    (tmp_path / "file").touch()
    assert says in pricewatch("scan", *arguments).failed(code)
    assert not (tmp_path / "run" / "summary.json").exists()


def test_thresholds_come_from_the_settings_file(pricewatch, default_panels, tmp_path):
    (tmp_path / "pricewatch.toml").write_text("[rules.notebook.price_increase]\nlimit = 1e9\n")
    told = json.loads(pricewatch("scan", default_panels.faulty, "run", "--ruleset", "notebook", "--json").out)
    assert "price_increase" not in told["by_rule"]
    assert told["rules"]["price_increase"] == {"limit": 1e9}


def test_a_folder_whose_name_is_a_pattern(pricewatch, default_panels, tmp_path):
    shutil.copytree(default_panels.faulty, tmp_path / "da[t]a*" / "faulty")
    assert pricewatch("scan", "da[t]a*/faulty", "da[t]a*/run", "--ruleset", "notebook").code == 0
    assert open_store("da[t]a*/run").read("anomalies.csv").count(b"\n") > 8_572


def test_from_s3_to_s3(pricewatch, flat_panel, bucket):
    panel = open_store(f"{bucket}/panel")
    for entry in flat_panel.entries():
        panel.write(entry.key, flat_panel.read(entry.key))
    done = pricewatch("scan", panel.address, f"{bucket}/run", "--ruleset", "notebook")
    assert (done.code, done.err) == (0, "")
    assert open_store(f"{bucket}/run").exists("summary.json")


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("AWS_SECRET_ACCESS_KEY", "wrong", "the secret key is wrong"),
        ("AWS_ACCESS_KEY_ID", "wrong", "the server does not know the access key"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:9", "the server cannot be reached"),
    ],
)
def test_s3_that_cannot_be_used_is_one_line(pricewatch, bucket, monkeypatch, variable, value, says):
    monkeypatch.setenv(variable, value)
    monkeypatch.setenv("PRICEWATCH_S3_ATTEMPTS", "1")
    assert says in pricewatch("scan", f"{bucket}/panel", "run").failed(3)


def test_a_clean_panel_is_written_beside_the_run(pricewatch, default_panels):
    done = pricewatch("scan", default_panels.faulty, "run", "--clean", "clean", "--format", "parquet")
    assert done.code == 0
    assert done.out.splitlines()[-1].startswith("clean: ")
    assert pricewatch("scan", "clean", "again", "--format", "parquet").code == 0
    assert "lie in one another" in pricewatch("scan", default_panels.faulty, "run", "--clean", "run/x").failed(2)


def test_a_dry_run_says_what_there_is_to_do_and_writes_nothing(pricewatch, default_panels, tmp_path):
    done = pricewatch("scan", default_panels.faulty, "run", "--dry-run")
    assert done.code == 0
    assert "run: 3 years to do, 2020 to 2022: 71,400 cells (714 sessions × 100 tickers, 71," in done.out
    assert done.err == "nothing is written: this was a dry run\n"
    assert json.loads(pricewatch("scan", default_panels.faulty, "run", "--dry-run", "--json").out)["tasks"] >= 1
    assert not (tmp_path / "run").exists()
    (tmp_path / "p.csv").write_text("date,ticker,price\n2022-01-03,A,1\n")
    assert "ingest --dry-run" in pricewatch("scan", "p.csv", "run", "--dry-run").failed(2)
