"""A night on this machine: two panels checked, published to a local S3, mailed to a local mail server; and again.

Usage: python examples/nightly/run.py FOLDER
"""

import csv
import datetime as dt
import email
import email.policy
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from jobs.cli import main
from quality.delivery.latest import read_latest
from quality.panel.partitions import list_years, read_year, write_year
from quality.servers.s3 import S3Server
from quality.servers.smtp import SmtpServer
from quality.storage import open_store
from quality.synthetic.market import Market
from quality.synthetic.panels import write_faulty, write_market

HERE = Path(__file__).resolve().parent
PANELS = {"equities": Market(600, 80, seed=7), "bonds": Market(600, 20, seed=8)}
NIGHTS = 3


def prepare(name: str, market: Market) -> list[dt.date]:
    """Write a panel without its last days, and these as files that come in, one of them with a wrong unit."""
    write_market(market, open_store(f"made/{name}/clean"))
    faulty = open_store(f"made/{name}/faulty")
    write_faulty(open_store(f"made/{name}/clean"), faulty, f"made/{name}/truth.parquet", rate=0.004)
    rows = pl.concat([read_year(faulty, year) for year in list_years(faulty)])
    last = rows.get_column("date").unique().sort().tail(NIGHTS).to_list()
    before = rows.filter(pl.col("date") < last[0])
    for year in before.get_column("date").dt.year().unique():
        write_year(open_store(f"panels/{name}"), before.filter(pl.col("date").dt.year() == year))
    Path("incoming", name).mkdir(parents=True)
    for day in last:
        with Path("incoming", name, f"{day}.csv").open("w", newline="", encoding="utf-8") as text:
            file = csv.writer(text)
            file.writerow(["date", "ticker", "price"])
            for date, ticker, price in rows.filter(pl.col("date") == day).iter_rows():
                spoilt = price and price * 100 if (name, ticker, day) == ("equities", "ST0003", last[1]) else price
                file.writerow([date, ticker, spoilt])
    return last


def run(*arguments: str) -> int:
    """Run the command, and show it as somebody would type it."""
    print(f"\n$ pricewatch {' '.join(arguments)}", flush=True)
    code = main(arguments)
    print(f"exit code {code}", flush=True)
    return code


def mails(server: SmtpServer) -> Iterator[str]:
    """Give a line for each mail that arrived, and keep it as a file."""
    Path("mails").mkdir(exist_ok=True)
    for number, received in enumerate(server.messages, start=1):
        Path("mails", f"{number}.eml").write_bytes(received.raw)
        message = email.message_from_bytes(received.raw, policy=email.policy.default)
        page = message.get_body(("html",))
        if page is not None:
            Path("mails", f"{number}.html").write_text(page.get_content(), encoding="utf-8")
        yield f"  to {', '.join(received.recipients)}: {message['Subject']}"


def night(folder: Path) -> int:
    """Run the nights, show what came of them, and run them again."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    os.chdir(folder)
    days = next(iter([prepare(name, market) for name, market in PANELS.items()]))
    nightly = shutil.copy(HERE / "nightly.toml", "nightly.toml")
    with S3Server() as s3, SmtpServer() as smtp:
        os.environ.update(s3.environment(), NO_PROXY="127.0.0.1", no_proxy="127.0.0.1")
        os.environ.update(
            PRICEWATCH_MAIL_HOST=smtp.host,
            PRICEWATCH_MAIL_PORT=str(smtp.port),
            PRICEWATCH_MAIL_USER=smtp.user,
            PRICEWATCH_MAIL_PASSWORD=smtp.password,
            PRICEWATCH_MAIL_CA_FILE=smtp.ca_file,
        )
        s3.create_bucket("pricewatch-nightly")
        code = run("batch", nightly, "--date", str(days[0]), "--dry-run")
        code += run("batch", nightly, "--from", str(days[0]), "--to", str(days[-1]))
        print("\nmails:", *mails(smtp), sep="\n")
        sent = len(smtp.messages)
        for name in PANELS:
            latest = read_latest(open_store(f"s3://pricewatch-nightly/{name}")) or {}
            print(f"latest {name}: {latest.get('last_session')}, {latest.get('address')}")
        code += run("batch", nightly, "--date", str(days[-1]))
        print(f"mails sent again: {len(smtp.messages) - sent}")
        code += len(smtp.messages) - sent
    print(f"\nAll of it is in {folder}/: runs/, panels/, mails/, lineage.jsonl, metrics.prom, heartbeat.json")
    return code


if __name__ == "__main__":
    sys.exit(night(Path(sys.argv[1] if len(sys.argv) > 1 else "nightly")))
