"""A small picture of one ticker's last prices beside what was expected, for a mail."""

import io
import warnings
from collections.abc import Sequence
from typing import Any

import polars as pl

SESSIONS = 60
_WIDTH, _HEIGHT, _DPI = 5.9, 2.0, 200
_MEDIAN_OF = 20


def can_draw() -> bool:
    """Tell whether the extra `charts` is installed."""
    from importlib.util import find_spec  # noqa: PLC0415 - asked once a mail

    return find_spec("matplotlib") is not None


def draw(ticker: str, prices: pl.DataFrame, findings: pl.DataFrame) -> bytes:
    """Draw the prices of the last sessions as a PNG.

    Args:
        ticker: Its name.
        prices: date, price; of this ticker, ascending.
        findings: The findings' columns; of this ticker.

    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - an extra, and slow
    from matplotlib.figure import Figure  # noqa: PLC0415 - likewise

    shown = prices.with_columns(
        median=pl.col("price").rolling_median(_MEDIAN_OF, min_samples=3).shift(1),
    ).tail(SESSIONS)
    figure = Figure(figsize=(_WIDTH, _HEIGHT), dpi=_DPI, facecolor="#ffffff", layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    dates: Sequence[Any] = shown.get_column("date").to_list()
    axes.plot(dates, shown.get_column("median"), color="#98a2b3", linewidth=1, linestyle=(0, (4, 2)))
    axes.plot(dates, shown.get_column("price"), color="#175cd3", linewidth=1.2)
    flagged = findings.filter(pl.col("date").is_in(dates), pl.col("price").is_finite())
    axes.plot(flagged.get_column("date").to_list(), flagged.get_column("price"), "o", color="#b42318", markersize=4)
    expected = findings.filter(pl.col("date").is_in(dates), pl.col("expected").is_finite())
    axes.plot(
        expected.get_column("date").to_list(), expected.get_column("expected"), "_", color="#101828", markersize=8
    )
    axes.set_title(
        f"{ticker}: price, found (dot), expected (bar); dashed: median of {_MEDIAN_OF} sessions",
        fontsize=8,
        loc="left",
        color="#344054",
        parse_math=False,
    )
    axes.tick_params(labelsize=7, colors="#667085", length=2)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color("#d0d5dd")
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a letter that no font has is drawn as a box
        figure.savefig(file, format="png", metadata={"Software": None})
    return file.getvalue()
