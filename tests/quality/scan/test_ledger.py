"""Resuming: a run killed at any instant goes on where it was, and ends as if nothing had happened."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest

from quality.digests import digest_bytes
from quality.errors import DestinationBusyError, InputError
from quality.findings.identity import OF_THE_MOMENT
from quality.findings.summary import Tally, read
from quality.panel.digests import KEY as DIGESTS
from quality.panel.partitions import list_years, read_year, write_year
from quality.rules.loading import load_ruleset
from quality.rules.model import Thresholds
from quality.scan import ledger
from quality.scan.run import ScanOptions, scan
from quality.storage import holding, open_store
from quality.synthetic.market import Market
from quality.synthetic.panels import write_faulty, write_market

# Small chunks, so that a kill finds some years done and some not.
SMALL_CHUNKS = {"PRICEWATCH_ENGINE_ROWS_A_CHUNK": "1", "PRICEWATCH_ENGINE_THREADS": "2"}


@pytest.fixture(scope="module")
def panel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("panels")
    write_market(Market(days=365 * 12, stocks=20), open_store(folder / "clean"))
    write_faulty(open_store(folder / "clean"), open_store(folder / "faulty"), folder / "truth.parquet")
    return folder / "faulty"


def scan_command(panel: Path, run: Path, *more: str) -> list[str]:
    return [sys.executable, "-m", "jobs.cli", "scan", str(panel), str(run), "--ruleset", "notebook", *more]


def contents(run: Path) -> dict[str, bytes]:
    """Every file of a run but the times: of the summary, all but its seconds."""
    files = {str(file.relative_to(run)): file.read_bytes() for file in run.rglob("*") if file.is_file()}
    files = {name: data for name, data in files.items() if not Path(name).name.startswith(".")}
    summary = json.loads(files.pop("summary.json"))
    for name in OF_THE_MOMENT:
        del summary[name]
    return {**files, "summary.json": json.dumps(summary).encode()}


def scanned(panel: Path, run: Path, **options) -> dict:
    return scan(open_store(panel), open_store(run), load_ruleset("notebook"), ScanOptions(**options))


def stamps(run: Path) -> dict[str, int]:
    return {file.parent.name: file.stat().st_mtime_ns for file in run.glob("findings/*/*.parquet")}


def test_a_run_killed_at_any_moment_and_resumed_equals_one_that_was_never_interrupted(panel, tmp_path):
    scanned(panel, tmp_path / "whole", rows_a_chunk=1)
    whole = contents(tmp_path / "whole")
    chance = random.Random(7)
    kills_in_the_middle = 0
    for attempt in range(4):
        run = tmp_path / f"killed{attempt}"
        process = subprocess.Popen(
            scan_command(panel, run), env={**os.environ, **SMALL_CHUNKS}, stdout=subprocess.DEVNULL
        )
        wait_for_years(run, chance.randint(0, 10), process)
        process.send_signal(signal.SIGKILL)
        process.wait()
        finished = len(list(run.glob("ledger/*.json")))
        kills_in_the_middle += 0 < finished < len(whole)
        if not (run / "summary.json").exists():
            with pytest.raises(InputError, match="no finished run"):
                read(open_store(run))
        scanned(panel, run, resume=True)
        assert contents(run) == whole
    assert kills_in_the_middle


def wait_for_years(run: Path, years: int, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + 30
    while process.poll() is None and time.monotonic() < deadline:
        if len(list(run.glob("ledger/*.json"))) >= years and (years or (run / ".lock").exists()):
            return
        time.sleep(0.001)


def test_resuming_a_finished_run_makes_no_year_again(panel, tmp_path):
    scanned(panel, tmp_path / "run")
    before, whole = stamps(tmp_path / "run"), contents(tmp_path / "run")
    scanned(panel, tmp_path / "run", resume=True)
    assert stamps(tmp_path / "run") == before
    assert contents(tmp_path / "run") == whole


def test_without_resume_every_year_is_made_again(panel, tmp_path):
    scanned(panel, tmp_path / "run")
    before = stamps(tmp_path / "run")
    scanned(panel, tmp_path / "run")
    assert all(stamps(tmp_path / "run")[year] != stamp for year, stamp in before.items())


def test_other_thresholds_make_every_year_again(panel, tmp_path):
    scanned(panel, tmp_path / "run")
    before = stamps(tmp_path / "run")
    other = load_ruleset("notebook", thresholds={"price_increase": Thresholds({"limit": 0.3})})
    scan(open_store(panel), open_store(tmp_path / "run"), other, ScanOptions(resume=True))
    assert all(stamps(tmp_path / "run")[year] != stamp for year, stamp in before.items())


def test_a_copied_panel_counts_as_the_same(panel, tmp_path):
    scanned(panel, tmp_path / "run")
    before = stamps(tmp_path / "run")
    shutil.copytree(panel, tmp_path / "copy")
    summary = scanned(tmp_path / "copy", tmp_path / "run", resume=True)
    assert stamps(tmp_path / "run") == before
    assert summary["restated"] == []


def test_a_changed_year_is_made_again_with_the_one_that_looks_back_on_it_and_is_reported(panel, tmp_path):
    shutil.copytree(panel, tmp_path / "panel")
    store = open_store(tmp_path / "panel")
    scanned(tmp_path / "panel", tmp_path / "run")
    before = stamps(tmp_path / "run")
    year = next(year for year in list_years(store) if year.year == 2025)
    frame = read_year(store, year)
    store.delete(DIGESTS)  # as if another program had written the panel
    hit = (pl.col("ticker") == "ST0003") & (pl.col("date") == pl.date(2025, 6, 3))
    write_year(store, frame.with_columns(price=pl.when(hit).then(0.0).otherwise("price")))
    summary = scanned(tmp_path / "panel", tmp_path / "run", resume=True)
    changed = {name for name, stamp in stamps(tmp_path / "run").items() if before[name] != stamp}
    assert changed == {"year=2025", "year=2026"}
    (restated,) = summary["restated"]
    assert (restated["year"], restated["rows_before"], restated["rows"]) == (2025, frame.height, frame.height)
    # The cell itself, and whatever of its next seven sessions the mean now judges otherwise.
    assert 1 <= restated["cells"] <= 8
    scanned(tmp_path / "panel", tmp_path / "anew")
    again = contents(tmp_path / "run")
    anew = contents(tmp_path / "anew")
    del again["summary.json"], anew["summary.json"]
    assert again == anew


def test_a_new_year_is_added_and_the_past_stays(panel, tmp_path):
    shutil.copytree(panel, tmp_path / "panel")
    last = max((tmp_path / "panel").glob("year=*"))
    shutil.move(last, tmp_path / last.name)
    scanned(tmp_path / "panel", tmp_path / "run")
    before = stamps(tmp_path / "run")
    shutil.move(tmp_path / last.name, last)
    summary = scanned(tmp_path / "panel", tmp_path / "run", resume=True)
    after = stamps(tmp_path / "run")
    assert set(after) - set(before) == {last.name}
    assert all(after[name] == stamp for name, stamp in before.items())
    assert summary["restated"] == []


def test_a_day_that_is_added_to_the_last_year_restates_nothing(panel, tmp_path):
    shutil.copytree(panel, tmp_path / "panel")
    store = open_store(tmp_path / "panel")
    last = list_years(store)[-1]
    whole = read_year(store, last)
    day = whole.get_column("date").max()
    store.delete(DIGESTS)
    write_year(store, whole.filter(pl.col("date") < day))
    scanned(tmp_path / "panel", tmp_path / "run")
    before = stamps(tmp_path / "run")
    write_year(store, whole)
    summary = scanned(tmp_path / "panel", tmp_path / "run", resume=True)
    assert {name for name, stamp in stamps(tmp_path / "run").items() if before[name] != stamp} == {f"year={last.year}"}
    assert summary["restated"] == []
    hit = pl.col("date") == whole.get_column("date").min()
    write_year(store, whole.with_columns(price=pl.when(hit).then(0.0).otherwise("price")))
    summary = scanned(tmp_path / "panel", tmp_path / "run", resume=True)
    assert [past["year"] for past in summary["restated"]] == [last.year]


def test_a_year_that_is_gone_is_reported_and_its_findings_with_it(panel, tmp_path):
    shutil.copytree(panel, tmp_path / "panel")
    scanned(tmp_path / "panel", tmp_path / "run")
    first = min((tmp_path / "panel").glob("year=*"))
    shutil.rmtree(first)
    summary = scanned(tmp_path / "panel", tmp_path / "run", resume=True)
    assert [(past["year"], past["rows"]) for past in summary["restated"]] == [(int(first.name[5:]), 0)]
    assert not (tmp_path / "run" / "findings" / first.name).exists() or not any(
        (tmp_path / "run" / "findings" / first.name).iterdir()
    )


def test_of_two_scans_into_one_place_one_wins_and_the_other_says_so(panel, tmp_path):
    run = open_store(tmp_path / "run")
    with holding(run), pytest.raises(DestinationBusyError, match="another run holds"):
        scanned(panel, tmp_path / "run")
    assert not (tmp_path / "run" / "summary.json").exists()


def test_a_full_disk_is_an_error_and_leaves_nothing_that_looks_finished(panel, tmp_path):
    run = tmp_path / "run"
    limited = f"ulimit -f 12; exec {' '.join(scan_command(panel, run))}"
    done = subprocess.run(
        ["bash", "-c", limited], env={**os.environ, **SMALL_CHUNKS}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    assert "too large" in done.stderr or "space" in done.stderr
    assert not (run / "summary.json").exists()
    scanned(panel, run, resume=True)
    scanned(panel, tmp_path / "whole")
    assert contents(run) == contents(tmp_path / "whole")


def test_a_damaged_partition_fails_alone_and_is_named(panel, tmp_path):
    shutil.copytree(panel, tmp_path / "panel")
    damaged = tmp_path / "panel" / "year=2024" / "prices.parquet"
    damaged.write_bytes(damaged.read_bytes()[:-200])
    done = subprocess.run(
        scan_command(tmp_path / "panel", tmp_path / "run"), capture_output=True, text=True, check=False
    )
    assert done.returncode == 3
    assert "year=2024" in done.stderr
    assert "Traceback" not in done.stderr
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert summary["outcome"] == "partial"
    assert [damage["year"] for damage in summary["damaged"]] == [2024]
    assert set(stamps(tmp_path / "run")) == {f"year={year}" for year in range(2020, 2032) if year != 2024}


def test_a_damaged_note_counts_as_none(tmp_path):
    run = open_store(tmp_path)
    run.write("findings/year=2020/findings.parquet", b"")
    ledger.write_record(run, ledger.Record(2020, "key", "content", 3, 1, Tally(), findings=digest_bytes(b"")))
    assert ledger.read_records(run)[2020].rows == 3
    run.write(ledger.record_key(2020), b'{"year": 2020, "key"')
    assert ledger.read_records(run) == {}


def test_a_note_without_its_findings_counts_as_none(tmp_path):
    run = open_store(tmp_path)
    ledger.write_record(run, ledger.Record(2020, "key", "content", 3, 1, Tally()))
    assert ledger.read_records(run) == {}


@pytest.mark.parametrize("damage", ["a flipped bit", "cut off", "no Parquet"])
def test_findings_that_were_damaged_are_made_again(panel, tmp_path, damage):
    scanned(panel, tmp_path / "run")
    whole, before = contents(tmp_path / "run"), stamps(tmp_path / "run")
    file = tmp_path / "run" / "findings" / "year=2024" / "findings.parquet"
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 4
    file.write_bytes({"a flipped bit": data, "cut off": data[:-9], "no Parquet": b"junk"}[damage])
    scanned(panel, tmp_path / "run", resume=True)
    assert contents(tmp_path / "run") == whole
    assert {name for name, stamp in stamps(tmp_path / "run").items() if before[name] != stamp} == {"year=2024"}


def test_what_somebody_else_keeps_in_a_run_stays_and_is_not_read(panel, tmp_path):
    scanned(panel, tmp_path / "run")
    whole = contents(tmp_path / "run")
    mine = [tmp_path / "run" / name for name in ("findings/mine.txt", "findings/year=2024/mine.parquet", "ledger/mine")]
    for file in mine:
        file.write_bytes(b"mine")
    scanned(panel, tmp_path / "run")
    assert [file.read_bytes() for file in mine] == [b"mine"] * 3
    for file in mine:
        file.unlink()
    assert contents(tmp_path / "run") == whole
