"""`pricewatch mail`: a run's summary by e-mail."""

import argparse

from jobs.running import DONE, Console
from quality.delivery.alerting import mail_run
from quality.settings import Settings
from quality.storage import open_store

SUMMARY = """Send a finished run by e-mail: the day's alert after a check, a summary after a scan.

The server and the addresses are settings: [mail] host, port, user, sender, recipients, … in
pricewatch.toml, or PRICEWATCH_MAIL_HOST, … in the environment. The password comes from
PRICEWATCH_MAIL_PASSWORD, or from the file that mail.password_file names."""
EXAMPLE = "  PRICEWATCH_MAIL_PASSWORD=… pricewatch mail demo/runs/check --to desk@example.com"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("run", metavar="RUN", help="the run: a folder or s3://bucket/prefix")
    parser.add_argument("--to", action="append", metavar="ADDRESS", help="instead of the recipients in the settings")


def run(options: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Mail the run."""
    smtp = settings.smtp({"recipients": tuple(options.to)} if options.to else None)
    store = open_store(options.run, settings.s3)
    subject = mail_run(store, smtp)
    console.result({"run": store.address, "subject": subject, "recipients": list(smtp.recipients)})
    console.say(f"sent to {', '.join(smtp.recipients)}: {subject}")
    return DONE
