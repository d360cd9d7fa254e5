"""Real processes that are asked to end: by Ctrl-C and by polite signals, at work and while they start."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
# A verb that says when it is at work, and what it gives back when it ends.
AT_WORK = """
import sys, time, types
import jobs.cli
from contextlib import contextmanager
@contextmanager
def lock():
    try:
        print("held", flush=True)
        yield
    finally:
        time.sleep(0.3)
        print("given back", flush=True)
def run(options, settings, console):
    with lock():
        time.sleep(60)
sys.modules["jobs.scan"] = types.SimpleNamespace(
    SUMMARY="", EXAMPLE="", AFTER_INTERRUPT="say {command} --resume", add_arguments=lambda parser: None, run=run)
sys.exit(jobs.cli.main(["scan"]))
"""


@pytest.fixture
def start(tmp_path):
    """Start Python in a process of its own, which is ended with the test."""
    started = []

    def start(*arguments):
        process = subprocess.Popen(
            [sys.executable, *arguments],
            env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_what_is_held_is_given_back_and_it_says_how_to_go_on(start, number):
    process = start("-c", AT_WORK)
    assert process.stdout.readline() == "held\n"
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert (out, err) == ("given back\n", "pricewatch scan: interrupted; say pricewatch scan --resume\n")
    assert process.returncode == 130


def test_a_second_polite_signal_does_not_disturb_the_tidying_up(start):
    process = start("-c", AT_WORK)
    assert process.stdout.readline() == "held\n"
    for _ in range(2):
        process.send_signal(signal.SIGTERM)
        time.sleep(0.1)
    out, _ = process.communicate(timeout=30)
    assert (out, process.returncode) == ("given back\n", 130)


def test_a_process_that_is_asked_says_where_it_is_and_goes_on(start):
    process = start("-c", AT_WORK)
    assert process.stdout.readline() == "held\n"
    process.send_signal(signal.SIGUSR1)
    assert process.stderr.readline().startswith("Current thread ")
    assert any(" in run" in process.stderr.readline() for _ in range(3))
    process.send_signal(signal.SIGTERM)
    assert (process.communicate(timeout=30)[0], process.returncode) == ("given back\n", 130)


def test_what_is_ignored_stays_ignored(start):
    program = f"import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n{AT_WORK.replace('60', '0.5')}"
    process = start("-c", program.replace("console):", "console):\n    import os; os.kill(os.getpid(), signal.SIGHUP)"))
    out, err = process.communicate(timeout=30)
    assert "given back" in out
    assert "interrupted" not in err


@pytest.mark.parametrize("wait", [0.06, 0.15, 0.3])
def test_ctrl_c_while_it_starts_is_no_traceback(start, wait):
    """Libraries are being imported then, and some turn the interruption into errors of their own."""
    marked = "import jobs.cli, sys; print('started', flush=True); sys.exit(jobs.cli.main(['scan', 'a', 'b']))"
    process = start("-c", marked)
    assert process.stdout.readline() == "started\n"
    time.sleep(wait)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert "Traceback" not in err
    # 3 where it was faster, for there is no panel; the signal itself where it met the interpreter's end.
    assert process.returncode in (130, 3, -signal.SIGINT), err


def test_a_real_scan_gives_back_its_place_and_goes_on(start, default_panels, tmp_path):
    """A fast machine may have ended before it hears of it: then once more."""
    scan = ("-m", "jobs.cli", "scan", default_panels.faulty)
    for attempt in range(5):
        run = tmp_path / f"run{attempt}"
        process = start(*scan, str(run))
        while not (run / ".lock").exists() and process.poll() is None:
            time.sleep(0.001)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=60)
        if process.returncode != 0:
            break
    assert process.returncode == 130
    assert err.startswith("pricewatch scan: interrupted; finished years are kept; go on with: pricewatch scan /")
    assert not (run / ".lock").exists()
    assert not (run / "summary.json").exists()
    for arguments in ((str(run), "--resume"), (str(tmp_path / "whole"),)):
        _, err = (process := start(*scan, *arguments)).communicate(timeout=60)
        assert process.returncode == 0, err
    files = {path.relative_to(run) for path in run.rglob("*") if path.is_file()} - {Path("summary.json")}
    assert len(files) > 3
    for file in files:
        assert (run / file).read_bytes() == (tmp_path / "whole" / file).read_bytes(), file


ENDLESS = """-- name: mine
-- severity: info
-- message: Mine
-- parameters: none
-- look-back: 0
with recursive t(n) as (select 1 union all select n + 1 from t where (select count(*) from metrics) > 100)
select date, ticker, price, null::double as expected, null::double as deviation
from metrics where price > (select count(*) from t)
"""


def test_ctrl_c_ends_a_scan_by_a_rule_that_passes_its_trial_and_never_ends(start, default_panels, tmp_path):
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "mine.sql").write_text(ENDLESS)
    run = ("run", "--ruleset", "notebook", "--rules", "rules")
    process = start("-m", "jobs.cli", "scan", default_panels.faulty, *run)
    while not (tmp_path / "run" / ".lock").exists():
        assert process.poll() is None
        time.sleep(0.01)
    time.sleep(1)  # by now its chunk is being scanned
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert (process.returncode, "interrupted" in err) == (130, True), err
    assert not (tmp_path / "run" / ".lock").exists()
