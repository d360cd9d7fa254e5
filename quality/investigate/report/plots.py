"""The series that the charts of a report draw, as short as they can be written."""

import datetime as dt
import math
from collections.abc import Sequence
from typing import Any

import polars as pl

from quality.investigate.report.data import ReportData
from quality.text import visible

_DAY = 86_400
_EPOCH = dt.date(1970, 1, 1)
_DIGITS = 6
_LIMIT = 0.2
_LONGEST_TEXT = 200
_MOST_TEXTS = 250
_SEVERITIES = ("error", "warning", "info")


def anchors(tickers: pl.DataFrame) -> dict[str, str]:
    """Give the tickers with charts their places on the page; no text of the data is part of them."""
    return {ticker: f"chart-{number}" for number, ticker in enumerate(tickers.get_column("ticker"), start=1)}


def time_json(over_time: pl.DataFrame) -> dict[str, list[Any]]:
    """Give findings over time by severity."""
    return {
        "x": _seconds(over_time.get_column("start")),
        **{name: over_time.get_column(name).to_list() for name in ("errors", "warnings", "infos")},
    }


def runs_json(runs: pl.DataFrame) -> dict[str, list[Any]]:
    """Give findings by run, each at the last session that it looked at."""
    of_rules = runs.filter(pl.col("last_session").is_not_null(), pl.col("job") != "ingest").sort("last_session")
    errors, warnings = (of_rules.get_column(name).fill_null(0) for name in ("errors", "warnings"))
    return {
        "x": _seconds(of_rules.get_column("last_session")),
        "errors": errors.to_list(),
        "warnings": warnings.to_list(),
        "infos": (of_rules.get_column("findings").fill_null(0) - errors - warnings).to_list(),
        "names": [visible(name) for name in of_rules.get_column("run")],
    }


def charts_json(data: ReportData) -> dict[str, dict[str, Any]]:
    """Give for each ticker its prices, what could be expected, the band, and its findings by severity."""
    charts = {}
    for ticker in data.tickers.get_column("ticker"):
        prices = data.prices.filter(pl.col("ticker") == ticker)
        if prices.height:
            charts[visible(ticker)] = _chart(prices, data.flagged.filter(pl.col("ticker") == ticker))
    return charts


def _chart(prices: pl.DataFrame, flagged: pl.DataFrame) -> dict[str, Any]:
    grades = pl.col("severity").replace_strict(_SEVERITIES, list(range(len(_SEVERITIES))), return_dtype=pl.Int8)
    found = (
        flagged.with_columns(grade=grades)
        .group_by("date")
        .agg(
            pl.col("grade").min(),
            pl.col("expected").drop_nulls().first().alias("at_expected"),
            pl.concat_str(pl.col("rule"), pl.lit(": "), pl.col("message")).sort().str.join("; ").alias("text"),
        )
    )
    rows = prices.join(found, on="date", how="full", coalesce=True).sort("date")
    # The price that a rule expected is exact: it knows the market.
    rows = rows.with_columns(expected=pl.coalesce("at_expected", "expected").forward_fill(limit=5))
    finite = pl.when(pl.col("price").is_finite()).then("price")
    shown = pl.coalesce(finite, "expected", pl.col("price").forward_fill())
    marks = {
        name: [
            [place, value]
            for place, value in enumerate(
                _short(rows.select(pl.when(pl.col("grade") == grade).then(shown)).to_series())
            )
            if value is not None
        ]
        for grade, name in enumerate(_SEVERITIES)
    }
    return {
        "days": [(day - _EPOCH).days for day in rows.get_column("date")],
        "price": _short(rows.select(finite).to_series()),
        "expected": _short(rows.get_column("expected")),
        "band": _LIMIT,
        **marks,
        "found": _texts(rows),
    }


def _texts(rows: pl.DataFrame) -> dict[int, str]:
    """Say what was found, of the most severe and the latest first, as far as there is room."""
    worded = rows.with_row_index("place").filter(pl.col("text").is_not_null())
    first = worded.sort("grade", "date", descending=[False, True]).head(_MOST_TEXTS).sort("place")
    return {place: visible(text[:_LONGEST_TEXT]) for place, text in first.select("place", "text").iter_rows()}


def _seconds(dates: pl.Series) -> list[int]:
    return [(day - _EPOCH).days * _DAY for day in dates]


def _short(values: pl.Series) -> Sequence[float | None]:
    """Write numbers with the digits that a chart can show."""
    return [
        None if value is None or not math.isfinite(value) else float(f"{value:.{_DIGITS}g}")
        for value in values.to_list()
    ]
