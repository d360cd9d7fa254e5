"""The heat map of sessions × tickers: a few shapes, whatever the size of the panel."""

from typing import Any

import polars as pl

from quality.investigate.report.data import Heat
from quality.text import visible

_LEVELS = 5
_LINE_PIXELS, _MOST_PIXELS = 26, 520
_LABELS = 8


def heat_json(heat: Heat) -> dict[str, Any]:
    """Give what the map says below the pointer: bins of sessions and tickers, and the counts of each square."""
    return {
        "columns": [_span(row["first_date"], row["last_date"]) for row in heat.columns.iter_rows(named=True)],
        "lines": [
            _span(visible(row["first_ticker"]), visible(row["last_ticker"])) for row in heat.lines.iter_rows(named=True)
        ],
        "cells": [list(row) for row in heat.cells.select("line", "bin", "findings", "errors").iter_rows()],
    }


def _span(first: object, last: object) -> str:
    return str(first) if first == last else f"{first} – {last}"


def heat_page(heat: Heat) -> dict[str, Any] | None:
    """Give the map's shapes and labels; None where there is nothing to map."""
    if not heat.columns.height or not heat.lines.height:
        return None
    shares = _shares(heat)
    limits = _limits(shares.get_column("share"))
    width, height = heat.columns.height, heat.lines.height
    sessions = f"{heat.columns.item(0, 'sessions'):,} sessions" if heat.columns.item(0, "sessions") > 1 else "a session"
    tickers = f"{heat.lines.item(0, 'tickers'):,} tickers" if heat.lines.item(0, "tickers") > 1 else "a ticker"
    return {
        "width": width,
        "height": height,
        "pixels": min(_MOST_PIXELS, height * _LINE_PIXELS),
        "paths": [_path(shares, low, high) for low, high in limits],
        "legend": [f"up to {high:.1%}" for _, high in limits],
        "line_labels": _labels([visible(name) for name in heat.lines.get_column("first_ticker")]),
        "column_labels": _labels([str(day) for day in heat.columns.get_column("first_date")]),
        "squares": f"about {sessions} × {tickers}",
        "label": f"Heat map of {int(heat.cells.get_column('findings').sum()):,} findings by session and ticker",
    }


def _shares(heat: Heat) -> pl.DataFrame:
    """Give for each square with findings the share of its cells that they are."""
    return (
        heat.cells.join(heat.columns.select("bin", "sessions"), on="bin")
        .join(heat.lines.select("line", "tickers"), on="line")
        .with_columns(share=pl.col("findings") / (pl.col("sessions") * pl.col("tickers")))
        .sort("line", "bin")
    )


def _limits(shares: pl.Series) -> list[tuple[float, float]]:
    """Part the shares into levels of about as many squares each."""
    if not len(shares):
        return []
    found = {float(shares.quantile(level / _LEVELS, "higher") or 0) for level in range(1, _LEVELS + 1)}
    highs = sorted(found)
    return list(zip([0.0, *highs[:-1]], highs, strict=True))


def _path(shares: pl.DataFrame, low: float, high: float) -> str:
    """Draw all squares of a level as one shape."""
    level = shares.filter((pl.col("share") > low) & (pl.col("share") <= high))
    return "".join(f"M{column} {line}h1v1h-1z" for line, column in level.select("line", "bin").iter_rows())


def _labels(names: list[str]) -> list[str]:
    if len(names) <= _LABELS:
        return names
    return [names[place * (len(names) - 1) // (_LABELS - 1)] for place in range(_LABELS)]
