"""The charts of a report as pictures, for a mail: made from the same data."""

import io
from typing import TYPE_CHECKING, Any

import polars as pl

from quality.errors import UsageError
from quality.investigate.report.data import ReportData
from quality.text import visible

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLOURS = {"error": "#c62f3b", "warning": "#c77700", "info": "#5b7db1"}
_SIZE = (9.0, 3.2)
_TICKERS = 3


def draw_pictures(data: ReportData) -> dict[str, bytes]:
    """Draw findings over time, the heat map, and the first tickers to look at, as PNG by file name.

    Raises:
        UsageError: The extra `report` is not installed.

    """
    try:
        from matplotlib.figure import Figure  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise UsageError("pictures need matplotlib: pip install 'pricewatch-panel[report]'") from error
    pictures = {}
    if data.over_time.height:
        pictures["findings_over_time.png"] = _drawn(Figure(figsize=_SIZE, layout="constrained"), _over_time, data)
    if data.heat.cells.height:
        pictures["sessions_and_tickers.png"] = _drawn(Figure(figsize=_SIZE, layout="constrained"), _heat, data)
    for number, ticker in enumerate(data.tickers.get_column("ticker").head(_TICKERS), start=1):
        if data.prices.filter(pl.col("ticker") == ticker).height:
            figure = Figure(figsize=_SIZE, layout="constrained")
            pictures[f"ticker_{number}.png"] = _drawn(figure, _ticker, data, ticker)
    return pictures


def _drawn(figure: "Figure", draw: Any, *given: object) -> bytes:  # noqa: ANN401 - one of the functions below
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    draw(axes, *given)
    out = io.BytesIO()
    figure.savefig(out, format="png", dpi=110)
    return out.getvalue()


def _over_time(axes: "Axes", data: ReportData) -> None:
    days = {"day": 0.8, "week": 6, "month": 26, "year": 320}[data.step]
    below = pl.zeros(data.over_time.height, dtype=pl.Int64, eager=True)
    for severity, name in (("error", "errors"), ("warning", "warnings"), ("info", "infos")):
        counts = data.over_time.get_column(name)
        starts = data.over_time.get_column("start").to_list()
        axes.bar(starts, counts.to_list(), width=days, bottom=below.to_list(), color=_COLOURS[severity], label=name)
        below = below + counts
    axes.set_title(f"Findings by {data.step}", loc="left")
    axes.legend(frameon=False)


def _heat(axes: "Axes", data: ReportData) -> None:
    heat = data.heat
    grid = [[0] * heat.columns.height for _ in range(heat.lines.height)]
    for line, column, findings in heat.cells.select("line", "bin", "findings").iter_rows():
        grid[line][column] = findings
    axes.imshow(grid, aspect="auto", cmap="OrRd", interpolation="nearest")
    columns, lines = heat.columns.height - 1, heat.lines.height - 1
    axes.set_xticks([0, columns], [str(heat.columns.item(0, "first_date")), str(heat.columns.item(-1, "last_date"))])
    axes.set_yticks(
        [0, lines], [_plain(heat.lines.item(0, "first_ticker")), _plain(heat.lines.item(-1, "last_ticker"))]
    )
    axes.set_title("Errors and warnings, sessions × tickers", loc="left")


def _ticker(axes: "Axes", data: ReportData, ticker: str) -> None:
    prices = data.prices.filter(pl.col("ticker") == ticker)
    found = data.flagged.filter(pl.col("ticker") == ticker)
    dates = prices.get_column("date").to_list()
    expected = prices.get_column("expected")
    axes.fill_between(
        dates, (expected * 0.8).to_numpy(), (expected * 1.2).to_numpy(), color="#2457c5", alpha=0.13, lw=0
    )
    axes.plot(dates, prices.get_column("price").to_numpy(), color="#24324a", lw=1)
    for severity, colour in reversed(_COLOURS.items()):
        of = found.filter(pl.col("severity") == severity).with_columns(shown=pl.coalesce("price", "expected"))
        axes.scatter(of.get_column("date").to_list(), of.get_column("shown").to_list(), s=16, color=colour, zorder=3)
    axes.set_title(_plain(ticker), loc="left")


def _plain(ticker: str) -> str:
    """Show a ticker as it is: matplotlib takes a text between dollars for a formula."""
    return visible(ticker)[:40].replace("$", r"\$")
