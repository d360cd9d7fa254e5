"""`pricewatch demo`: the whole job, end to end, on local servers."""

import argparse
import csv
import datetime as dt
import email
import email.policy
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from jobs.arguments import path
from jobs.running import DONE, Console, whole_number
from quality.check.job import CheckJob, run_check
from quality.delivery.alerting import mail_run
from quality.delivery.publish import publish
from quality.delivery.smtp import SmtpSettings
from quality.errors import UsageError
from quality.findings.schema import NOTEBOOK_REPORT_KEY
from quality.panel.partitions import list_years, read_year, write_year
from quality.panel.ticker_order import natural_order
from quality.rules.loading import load_ruleset
from quality.scan.run import ScanOptions, scan
from quality.servers.s3 import S3Server
from quality.servers.smtp import Received, SmtpServer
from quality.settings import Settings
from quality.storage import S3Options, Store, open_store
from quality.synthetic.market import Market
from quality.synthetic.panels import write_faulty, write_market

SUMMARY = """Run the whole job end to end, on an S3 server and a mail server of this machine.

Generate a panel, inject faults, scan the history, check the last day with one ticker missing and one
column without a name, put the results on S3, list and read them back, and mail the alert."""
EXAMPLE = "  pricewatch demo demo"

_BUCKET = "pricewatch-demo"
_MISSING_TICKER = "ST0006"
_UNNAMED_PRICE = 123.45
_MARKER = ".pricewatch-demo"
_MADE = ("clean", "faulty", "history", "incoming", "runs/scan", "runs/check", "truth.parquet", "mail.eml")
# What a user's own AWS settings would otherwise say about the demo's server.
_FOREIGN_SETTINGS = ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_S3")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("folder", nargs="?", default="demo", type=path, help="where everything goes (default demo)")
    parser.add_argument("--days", type=whole_number(1), default=1000, help="calendar days of the panel (default 1000)")
    parser.add_argument(
        "--stocks", type=whole_number(1, 1_000_000), default=100, help="tickers of the panel (default 100)"
    )
    parser.add_argument(
        "--seed", type=whole_number(0, 2**32 - 1), default=42, help="seed of prices and faults (default 42)"
    )


def run(options: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Run the demo, and tell each step with its time."""
    market = Market(options.days, options.stocks, seed=options.seed)
    _empty(options.folder)
    console.say("pricewatch demo: a panel with faults, scanned, checked, published and mailed\n")
    with ExitStack() as servers:
        demo = _Demo(options.folder, console, settings.threads)
        with demo.step("start an S3 server (signatures checked) and a mail server (TLS, login)"):
            s3, smtp = servers.enter_context(S3Server()), servers.enter_context(SmtpServer())
            _point_at(s3)
            demo.tell(f"{s3.endpoint}   smtps://{smtp.host}:{smtp.port}")
        reached = S3Options(endpoint_url=s3.endpoint)
        bucket = open_store(f"s3://{_BUCKET}", reached)
        demo.make_panels(market, options.seed)
        demo.scan_history(open_store(f"s3://{_BUCKET}/scan", reached))
        demo.check_last_day()
        demo.publish_check(bucket)
        demo.mail_alert(smtp)
    demo.show_results()
    console.result({"folder": str(options.folder), "steps": demo.steps})
    return DONE


def _empty(folder: Path) -> None:
    """Take away what an earlier demo made, and nothing else; a folder that no demo made is left alone."""
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file; choose an empty folder for the demo")
    if folder.exists() and any(folder.iterdir()) and not (folder / _MARKER).exists():
        raise UsageError(f"{folder} holds other files; choose an empty folder for the demo")
    for name in _MADE:
        path = folder / name
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _MARKER).touch()


def _point_at(s3: S3Server) -> None:
    for name in _FOREIGN_SETTINGS:
        os.environ.pop(name, None)
    os.environ.update(s3.environment(), NO_PROXY="127.0.0.1", no_proxy="127.0.0.1")
    s3.create_bucket(_BUCKET)


@dataclass
class _Demo:
    """The steps of the demo, and where each leaves what."""

    folder: Path
    console: Console
    threads: int
    steps: dict[str, float] = field(default_factory=dict)
    _lines: list[str] = field(default_factory=list)

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Time a step, and show it with what it did."""
        began = time.perf_counter()
        self._lines.clear()
        yield
        seconds = time.perf_counter() - began
        self.steps[title] = round(seconds, 3)
        self.console.say(f"{len(self.steps)}. {title:<74} {seconds:6.2f} s")
        for line in self._lines:
            self.console.say(f"     {line}")

    def tell(self, line: str) -> None:
        """Add a line to what the step shows."""
        self._lines.append(line)

    def store(self, name: str) -> Store:
        """Open a folder of the demo."""
        return open_store(self.folder / name)

    def make_panels(self, market: Market, seed: int) -> None:
        """Generate the clean panel and its faulty copy."""
        with self.step("generate a clean panel"):
            sessions = write_market(market, self.store("clean"))
            self.tell(f"{sessions:,} sessions × {market.stocks:,} tickers = {sessions * market.stocks:,} prices")
        with self.step("inject faults, and log the truth"):
            done = write_faulty(self.store("clean"), self.store("faulty"), self.folder / "truth.parquet", seed=seed)
            kinds = sorted(done.logged.items(), key=lambda item: -item[1])
            self.tell(f"{sum(done.logged.values()):,}: " + ", ".join(f"{kind} {count:,}" for kind, count in kinds))

    def scan_history(self, destination: Store) -> None:
        """Scan the whole history, and publish the run."""
        with self.step("scan the whole history with the notebook's rules"):
            options = ScanOptions(threads=self.threads)
            summary = scan(self.store("faulty"), self.store("runs/scan"), load_ruleset("notebook"), options)
            counts = ", ".join(f"{rule} {count:,}" for rule, count in summary["by_rule"].items())
            self.tell(f"{summary['findings']:,} findings: {counts}")
        with self.step(f"publish the scan to {destination.address}"):
            files = publish(self.store("runs/scan"), destination)
            self.tell(f"{len(files)} files, {sum(entry.size for entry in files):,} bytes")

    def check_last_day(self) -> None:
        """Take the last session out of the panel, spoil it, and check it."""
        title = f"check the last day, without {_MISSING_TICKER} and with a column without a name"
        with self.step(title):
            file = self._spoil_last_day()
            history, run = self.store("history").address, self.store("runs/check").address
            result = run_check(CheckJob(str(file), history, load_ruleset("notebook"), run)).result
            self.tell(f"{len(result.issues)} issues:")
            for key, issue in result.issues:
                self.tell(f"  {key}: {issue}")

    def _spoil_last_day(self) -> Path:
        """Write the panel without its last session, and that session as a wide file with two faults of form."""
        faulty, history = self.store("faulty"), self.store("history")
        years = [read_year(faulty, year) for year in list_years(faulty)]
        last: dt.date = years[-1].get_column("date").sort().item(-1)
        for year in years:
            before = year.filter(pl.col("date") < last)
            if before.height:
                write_year(history, before)
        tickers = natural_order(pl.concat(years).get_column("ticker").unique().to_list())
        prices = dict(years[-1].filter(pl.col("date") == last).select("ticker", "price").iter_rows())
        kept = [ticker for ticker in tickers if ticker != _MISSING_TICKER]
        file = self.folder / "incoming" / f"{last}.csv"
        file.parent.mkdir()
        with file.open("w", newline="", encoding="utf-8") as text:
            rows = csv.writer(text)
            rows.writerow(["date", *kept, ""])
            rows.writerow([last, *(prices.get(ticker) for ticker in kept), _UNNAMED_PRICE])
        return file

    def publish_check(self, bucket: Store) -> None:
        """Publish the check, list the bucket, and read the report back."""
        with self.step(f"publish the check to {bucket.address}, list and read back"):
            publish(self.store("runs/check"), bucket)
            for entry in bucket.entries():
                if not entry.key.startswith("scan/"):
                    self.tell(f"{bucket.address}/{entry.key}   {entry.size:,} bytes")
            lines = bucket.read(NOTEBOOK_REPORT_KEY).decode().splitlines()
            self.tell(f"read back: {len(lines) - 1} issues below the header {lines[0]!r}")

    def mail_alert(self, smtp: SmtpServer) -> None:
        """Mail the check's alert, and show it as it arrived."""
        with self.step("mail the alert, and show it as it arrived"):
            settings = SmtpSettings(
                host=smtp.host,
                port=smtp.port,
                user=smtp.user,
                password=smtp.password,
                sender="pricewatch@example.com",
                recipients=("desk@example.com",),
                ca_file=str(smtp.ca_file),
            )
            mail_run(self.store("runs/check"), settings, f"s3://{_BUCKET}")
            self._show_mail(smtp.messages[-1])

    def _show_mail(self, received: Received) -> None:
        (self.folder / "mail.eml").write_bytes(received.raw)
        message = email.message_from_bytes(received.raw, policy=email.policy.default)
        for name in ("From", "To", "Subject"):
            self.tell(f"{name}: {message[name]}")
        body = message.get_body(("plain",))
        text = body.get_content() if body else ""
        shown = text.splitlines()[:5]
        for line in ["", *shown, f"… {len(text.splitlines()) - len(shown)} more lines"]:
            self.tell(line)
        names = [part.get_filename() or "?" for part in message.iter_attachments()]
        self.tell(f"attached: {', '.join(names)}")

    def show_results(self) -> None:
        """Say where everything is."""
        self.console.say(f"\nEverything is in {self.folder}/ to look at:")
        for where, what in {
            "clean/, faulty/": "the panels, Parquet by year",
            "truth.parquet": "every injected fault",
            "runs/scan/": "the scan: summary.json, anomalies.csv, findings/ by year",
            "incoming/, history/": "the day that was checked, and what it was checked against",
            "runs/check/": "the check: summary.json, anomalies.csv, anomalies/anomaly_report_1.csv",
            "mail.eml": "the mail as it arrived",
        }.items():
            self.console.say(f"  {where:<20} {what}")
        command = f"pricewatch sql worst_tickers --run {self.folder / 'runs' / 'scan'}"
        self.console.say(f"Ask it something: .venv/bin/{command}")
