"""Text from outside: no ticker, file name or value commands the terminal, and no secret is shown on it at all."""

import itertools
import json
import os
import shutil
from pathlib import Path

import pytest

from quality.servers.smtp import SmtpServer

HOSTILE = [
    "'; drop table panel; --",
    "<script>alert(1)</script>",
    '=HYPERLINK("http://x")',
    "@SUM(A1)",
    "a\x1b[2J\x1b]0;title\x07b",
    "\x9b31mred",
    "\u202eright to left\u200f",
    "../../etc/passwd",
    "{price} %s {0}",
    "__MARKET__",
    "x" * 10_000,
    "emoji 📈👩‍👩‍👧",
    "two\nlines",
]
DAYS = [f"2022-01-{number:02}" for number in range(3, 15)]


@pytest.fixture
def harmless(pricewatch):
    """Run a command, and make sure that whatever it prints is text alone."""

    def run(*arguments, code=0):
        done = pricewatch(*arguments)
        assert done.code == code, done
        for line in (done.out + done.err).split("\n"):
            assert line.isprintable(), line
        assert "internal error" not in done.err
        return done

    return run


def write(path, days, price):
    """Write a file whose name and tickers are hostile."""
    lines = ["date,ticker,price"]
    for day, ticker in itertools.product(days, HOSTILE):
        quoted = ticker.replace('"', '""')
        lines.append(f'{day},"{quoted}",{price(day)}')
    Path(path).write_text("\n".join(lines) + "\n", encoding="utf-8", newline="")
    return path


@pytest.fixture
def prices():
    """On the last day every price is zero."""
    return write("in\x1b[31m\u202e.csv", DAYS, lambda day: 0 if day == DAYS[-1] else 100)


class TestTerminal:
    def test_nothing_hostile_reaches_it(self, harmless, prices):
        harmless("ingest", prices, "panel", "--dry-run", "--verbose")
        harmless("ingest", prices, "panel", "--verbose")
        done = harmless("scan", "panel", "run", "--ruleset", "notebook")
        assert ["zero_price", str(len(HOSTILE))] in [line.split() for line in done.out.splitlines()]
        harmless("scan", prices, "file", "--ruleset", "notebook", "--verbose")
        harmless("scan", "panel", "run", "--ruleset", "notebook", "--json")
        for query in ("worst_tickers", "select * from findings", "select * from panel order by ticker"):
            for flags in ([], ["--json"], ["--rows", "0"]):
                harmless("sql", query, "--panel", "panel", "--run", "run", *flags)
        harmless("rules", "--ruleset", "notebook")

    def test_a_hostile_day_is_shown_harmlessly(self, harmless, prices):
        harmless("ingest", prices, "panel")
        write("day\x1b[2J.csv", ["2022-01-17"], lambda _: -1)
        day = ("day\x1b[2J.csv", "--date", "2022-01-17", "--history", "panel", "--out", "run")
        for flags in ([], ["--json"]):
            harmless("check", *day, "--ruleset", "notebook", *flags)

    @pytest.mark.parametrize(
        "arguments",
        [
            ["scan", "no\x1b[2Jpanel", "run"],
            ["scan", "s3://b\x1b[2J/x", "run"],
            ["check", "no\x1b[2J.csv", "--history", "panel"],
            ["sql", "select '\x1b[2J' from nothing\x1b[2J"],
            ["sql", "select 1", "--run", "\x1b[2J"],
            ["rules", "--ruleset", "\x1b[2J"],
            ["rules", "--rules", "\x1b[2J"],
            ["rules", "--config", "\x1b[2J"],
            ["rules", "--\x1b[2J"],
            ["\x1b[2J"],
            ["mail", "\x1b[2J", "--to", "\x1b[2J"],
            ["batch", "\x1b[2J.toml"],
            ["doctor", "\x1b[2J.toml"],
            ["init", "a\x1b[2Jb", "--panel", "\x1b[2J"],
            ["unlock", "\x1b[2J"],
        ],
        ids=lambda arguments: arguments[0],
    )
    def test_nor_does_a_hostile_argument(self, pricewatch, arguments):
        done = pricewatch(*arguments)
        assert all(line.isprintable() for line in (done.out + done.err).split("\n"))
        assert "internal error" not in done.err


SECRET = "hunter2-S3CR3T"


class TestSecrets:
    """A secret that was put into the wrong place is answered by the place's name."""

    @pytest.mark.parametrize(
        "text",
        [
            f'[mail]\npassword = "{SECRET}"',
            f'[mail]\npasword = "{SECRET}"',
            f'[mail]\nport = "{SECRET}"',
            f'[mail]\nsecurity = "{SECRET}"',
            f'[mail]\nrecipients = "{SECRET}"\n[mail.{SECRET[:7]}]',
            f'[s3]\nsecret_access_key = "{SECRET}"',
            f'[s3]\nattempts = "{SECRET}"',
            f'[aws]\nsecret = "{SECRET}"',
            f'password = "{SECRET}"',
            f"[mail]\npassword = {SECRET}",
            f'[batch]\njob = "scan"\npanel = "p"\nrun = "r"\npassword = "{SECRET}"',
        ],
    )
    def test_in_a_settings_file(self, pricewatch, text):
        Path("pricewatch.toml").write_text(text)
        for arguments in (["rules"], ["doctor"], ["batch", "pricewatch.toml"], ["mail", "run"]):
            done = pricewatch(*arguments, "--verbose")
            assert SECRET not in done.out + done.err, arguments

    @pytest.mark.parametrize("name", ["MAIL_PASWORD", "MAIL_PORT", "PASSWORD", "S3_ATTEMPTS", "MAIL_SECURITY"])
    def test_in_a_variable(self, pricewatch, monkeypatch, name):
        monkeypatch.setenv(f"PRICEWATCH_{name}", SECRET)
        assert SECRET not in pricewatch("rules", "--verbose").failed(2)

    @pytest.mark.parametrize(
        "flags", [["--password", SECRET], [f"--password={SECRET}"], [f"--threads={SECRET}x", "--p"]]
    )
    def test_behind_a_flag_that_does_not_exist(self, pricewatch, flags):
        assert SECRET not in pricewatch("mail", "run", *flags).failed(2)

    def test_nothing_that_a_run_leaves_or_prints_holds_one(self, process, acceptance, tmp_path):
        """The planted secrets are those that the run uses: the mail password, and keys of S3 in the environment."""
        with SmtpServer() as server:
            environment = {
                "PRICEWATCH_MAIL_HOST": server.host,
                "PRICEWATCH_MAIL_PORT": str(server.port),
                "PRICEWATCH_MAIL_USER": server.user,
                "PRICEWATCH_MAIL_PASSWORD": server.password,
                "PRICEWATCH_MAIL_SENDER": "a@example.com",
                "PRICEWATCH_MAIL_RECIPIENTS": "b@example.com",
                "PRICEWATCH_MAIL_CA_FILE": str(server.ca_file),
                "AWS_SECRET_ACCESS_KEY": SECRET,
            }
            shutil.copytree(acceptance.history, tmp_path / "history")
            Path("nightly.toml").write_text(
                f'[batch]\njob = "check"\nfile = "{acceptance.file}"\npanel = "history"\nrun = "run"\nmail = true\n'
            )
            done = process("batch", "nightly.toml", "--verbose", **environment)
            assert done.code == 0, done
            assert len(server.messages) == 1
            planted = [server.password, SECRET]
        held = [done.out.encode(), done.err.encode(), server.messages[0].raw]
        held += [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
        assert len(held) > 5
        for secret, data in itertools.product(planted, held):
            assert secret.encode() not in data

    def test_files_are_for_whom_the_umask_says(self, process, tmp_path):
        before = os.umask(0o027)
        try:
            process("generate", "clean", "--days", 20, "--stocks", 3)
            process("scan", "clean", "run")
        finally:
            os.umask(before)
        files = [path for path in tmp_path.rglob("*") if path.is_file()]
        assert len(files) > 3
        assert {oct(path.stat().st_mode & 0o777) for path in files} <= {"0o640", "0o600"}


def test_json_for_programs_holds_the_very_text(pricewatch, prices):
    pricewatch("ingest", prices, "panel")
    told = json.loads(pricewatch("sql", "select distinct ticker from panel", "--panel", "panel", "--json").out)
    assert {row["ticker"] for row in told["rows"]} == set(HOSTILE)
