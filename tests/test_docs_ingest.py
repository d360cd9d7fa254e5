"""docs/ingest.md is complete: it names every flag of `ingest`, and every key that a source can have."""

import argparse
import re
from dataclasses import fields
from pathlib import Path

from jobs import ingest
from quality.ingest.format.source import Source

PAGE = (Path(__file__).parents[1] / "docs" / "ingest.md").read_text(encoding="utf-8")
NAMED = set(re.findall(r"--[a-z][a-z-]+", PAGE))


def test_every_flag_of_ingest_is_on_the_page_and_no_other():
    parser = argparse.ArgumentParser()
    ingest.add_arguments(parser)
    flags = {flag for action in parser._actions for flag in action.option_strings} - {"-h", "--help"}
    assert flags - NAMED == set()
    elsewhere = {"--history", "--date", "--append", "--append-anyway", "--run"}  # of `check` and `sql`
    assert NAMED - flags == elsewhere


def test_every_key_of_a_source_is_a_flag_on_the_page():
    keys = {f"--{field.name.replace('_', '-')}" for field in fields(Source)}
    assert keys - NAMED == set()
