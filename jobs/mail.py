"""`pricewatch mail`: a run's story by e-mail."""

import argparse

from jobs.running import DONE, Console
from quality.batch.telling import story_of_run
from quality.delivery.alerting import NOTEBOOK, mail_run
from quality.findings import summary as summaries
from quality.settings import Settings
from quality.storage import open_store

SUMMARY = """Send a finished run by e-mail: what is new, what goes on, what ended, what was not processed; the findings
as CSV as far as they fit. A run of the rule set notebook gets the notebook's own mail.

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
    is_notebook = summaries.read(store).get("ruleset") == NOTEBOOK
    subject = mail_run(store, smtp, story=None if is_notebook else story_of_run(store, settings))
    console.result({"run": store.address, "subject": subject, "recipients": list(smtp.recipients)})
    console.say(f"sent to {', '.join(smtp.recipients)}: {subject}")
    return DONE
