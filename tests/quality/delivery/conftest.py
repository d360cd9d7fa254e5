"""A story to tell, and what it is told of."""

import datetime as dt

import polars as pl
import pytest

from quality.delivery.changes import Changes
from quality.delivery.story import Story
from quality.findings.incidents import SCHEMA

DAY = dt.date(2022, 9, 26)


def incident(ticker, message, severity="warning", first=DAY, last=DAY, sessions=1, status="open"):
    return {
        "incident": ticker,
        "ticker": ticker,
        "rule": "price_spike",
        "severity": severity,
        "first_date": first,
        "last_date": last,
        "sessions": sessions,
        "worst_deviation": 1.2,
        "status": status,
        "family": "level",
        "findings": sessions,
        "factor": None,
        "message": message,
    }


@pytest.fixture
def story():
    """Two new incidents, one that goes on, one that ended; the last ticker would write HTML if it could."""
    friday = dt.date(2022, 9, 23)
    new = [incident("ST0055", "Missing Price", "error"), incident("<b>X</b>", "Price Spike (120%) & more")]
    return Story(
        panel="equities",
        day=DAY,
        job="check",
        summary={
            "run_id": "20220926T183000000Z-abcdef",
            "cells": 1200,
            "panel": "s3://b/panel",
            "started": "2022-09-26T18:30:00.000+00:00",
            "ended": "2022-09-26T18:30:01.000+00:00",
            "by_severity": {"warning": 2, "error": 1},
            "by_rule": {"price_spike": 2, "missing_price": 1},
            "rules": {"price_spike": {}, "missing_price": {}, "zero_price": {}},
            "findings": 3,
            "rows": 1200,
        },
        changes=Changes(
            pl.DataFrame(new, schema=SCHEMA),
            pl.DataFrame([incident("ST0003", "Frozen", first=friday, sessions=2)], schema=SCHEMA),
            pl.DataFrame([incident("ST0007", "Drop", first=friday, last=friday, status="resolved")], schema=SCHEMA),
            since=friday,
        ),
        where="s3://b/quality/20220926T183000000Z-abcdef",
        commands=("pricewatch sql worst_tickers --run s3://b/q",),
        links={"Open the results": "https://example.com/?a=1&b=2"},
    )
