"""`pricewatch explain`: a ticker's incidents as a timeline, or everything about one of its days."""

import argparse
from collections.abc import Iterator, Sequence

import polars as pl

from jobs.running import DONE, Console, day
from jobs.sql import add_sources
from jobs.terminal import width_of
from quality.errors import UsageError
from quality.investigate.explain import Explanation, Timeline, explain_day, explain_ticker
from quality.investigate.queries import Limits, Sources
from quality.investigate.verdicts import Verdict, number_text
from quality.settings import Settings
from quality.text import visible

SUMMARY = """Explain a ticker: without DATE, its incidents as a timeline; with one, the prices around it, what was
expected, the limits, each rule's conditions with their numbers, the market that day, suppressions and incidents.
Panel and thresholds are those of the run."""
EXAMPLE = """  pricewatch explain ST0059 --run demo/runs/scan
  pricewatch explain ST0059 2022-09-26 --run demo/runs/scan
  pricewatch explain ST0059 2022-09-26 --run demo/runs/scan --no-chart --rule price_increase     # and the rule's SQL"""
_PLOT_HEIGHT, _WIDEST_PLOT = 16, 100


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("ticker", metavar="TICKER", help="the ticker; __MARKET__ and __SESSION__ have a timeline, too")
    parser.add_argument("date", metavar="DATE", nargs="?", type=day, help="a session, YYYY-MM-DD")
    add_sources(parser)
    parser.add_argument("--rule", metavar="NAME", help="show this rule's SELECT, too")
    parser.add_argument("--no-chart", action="store_true", help="no chart")


def run(options: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Explain, as text or JSON."""
    if not options.run:
        raise UsageError("explain needs --run RUN: the run tells the panel and the thresholds")
    sources = Sources(options.panel, tuple(options.run), options.truth, settings.s3)
    limits = Limits(settings.threads, settings.memory_limit)
    if options.date is None:
        timeline = explain_ticker(options.ticker, sources, limits)
        console.result({**vars(timeline), "incidents": timeline.incidents.to_dicts()})
        _show_timeline(console, timeline)
        return DONE
    explanation = explain_day(options.ticker, options.date, sources, limits)
    console.result(explanation.as_dict())
    if not console.as_json:
        _show(console, explanation, options)
    return DONE


def _show_timeline(console: Console, timeline: Timeline) -> None:
    incidents = timeline.incidents
    console.say(
        f"{timeline.ticker}: {incidents.height:,} incidents, {incidents.filter(status='open').height:,} open; "
        f"there from {timeline.first_date} to {timeline.last_date}"
    )
    if incidents.height:
        console.say()
        columns = ("first_date", "last_date", "sessions", "severity", "rule", "status", "worst_deviation", "message")
        console.table(incidents.select(columns).rename({"first_date": "from", "last_date": "to"}), _cell)
        day_of = incidents.item(0, "first_date")
        console.note(f"pricewatch explain {timeline.ticker} {day_of} … explains a day of it")


def _show(console: Console, found: Explanation, options: argparse.Namespace) -> None:
    chart = [] if options.no_chart else _chart(console, found)
    rules = ", ".join(found.findings.get_column("rule").unique().sort()) or "nothing was found"
    console.say(f"{found.ticker} on {found.day:%A}, {found.day}: {rules}", "bold")
    for row in found.findings.iter_rows(named=True):
        was = f"; on the day: {row['first_rule']}" if row["first_rule"] not in (None, row["rule"]) else ""
        known = "; suppressed" if row["suppressed"] else ""
        console.say(
            f"  {row['severity']}: {row['message']} ({row['status'] or 'of the day'}{was}{known})", row["severity"]
        )
    console.say("\nThe sessions around it")
    console.table(_around(found), _cell, "  ")
    for line in chart:
        console.say(f"  {line}")
    console.say("\nWhat was measured")
    for measured in found.measured:
        console.say(f"  {measured.name:<18} {number_text(measured.value):>12}  {measured.what}")
    console.say("\nThe market that day")
    for line in _market(found):
        console.say(f"  {line}")
    console.say("\nWhat each rule made of it")
    for verdict in found.verdicts:
        _show_verdict(console, verdict)
    if options.rule:
        for text in _select(found.verdicts, options.rule):
            console.say(text)
    _show_surroundings(console, found)


def _around(found: Explanation) -> pl.DataFrame:
    here = pl.when(pl.col("date") == found.day).then(pl.lit(">")).otherwise(pl.lit("")).alias("")
    columns = ("date", "price", "move", "expected", "lower", "upper", "rule")
    return found.around.select(here, *columns).with_columns(pl.col("rule").fill_null(""))


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    return "" if value is None else str(value)


def _market(found: Explanation) -> Iterator[str]:
    market = found.market
    if market.get("movers"):
        yield f"the median of {market['movers']:,} tickers moved {float(market['market']):+.2%}"
    if market.get("findings"):
        yield (
            f"{market['findings']:,} findings on {market['tickers']:,} tickers, {market['errors']:,} of them errors; "
            f"most often {market['most_frequent_rule']}"
        )
    else:
        yield "nothing else was found"


def _show_verdict(console: Console, verdict: Verdict) -> None:
    later = f", looks {verdict.look_ahead} sessions ahead" if verdict.look_ahead else ""
    values = ", ".join(f"{name} = {value:g}" for name, value in verdict.parameters.items())
    word = "FOUND" if verdict.found else "no"
    style = verdict.severity if verdict.found else "dim"
    console.say(f"  {word:<5} {verdict.rule} ({verdict.severity}{later}{f'; {values}' if values else ''})", style)
    failed = [condition for condition in verdict.conditions if condition.holds is not True]
    shown = verdict.conditions if verdict.found else failed[:1]
    for condition in shown:
        mark = {True: "holds", False: "fails", None: "unknown"}[condition.holds]
        console.say(f"          {mark:<7} {condition.text}   [{condition.numbers}]")


def _select(verdicts: Sequence[Verdict], name: str) -> Iterator[str]:
    for verdict in verdicts:
        if verdict.rule == name:
            yield f"\n{verdict.source}"
            yield from (f"  {line}" for line in verdict.sql.splitlines())
            return
    raise UsageError(f"--rule {name}: no rule of the run's set; there is {', '.join(one.rule for one in verdicts)}")


def _show_surroundings(console: Console, found: Explanation) -> None:
    if found.incidents.height:
        console.say("\nThe incidents that it is part of")
        columns = ("incident", "first_date", "last_date", "sessions", "severity", "rule", "status")
        console.table(found.incidents.select(columns), _cell, "  ")
    for entry in found.suppressions:
        console.say(
            f"\nSuppression of {entry['rule']} for {entry['ticker']}: {entry['reason']} "
            f"({entry['author']}, until {entry['expires']}; {entry['state']})"
        )
    for note in found.notes:
        console.note(note)


def _chart(console: Console, found: Explanation) -> list[str]:
    """Draw the chart; without its extra the rest is still worth showing."""
    try:
        return chart_lines(found)
    except UsageError as error:
        console.note(f"no chart: {error}")
        return []


def chart_lines(found: Explanation) -> list[str]:
    """Draw price, expected price and limits around the day.

    Raises:
        UsageError: The extra `shell` is not installed.

    """
    try:
        import plotext  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise UsageError("it needs plotext: pip install 'pricewatch-panel[shell]', or say --no-chart") from error
    import sys  # noqa: PLC0415

    around = found.around
    places = list(range(around.height))
    plotext.clear_figure()
    plotext.theme("clear")
    plotext.plotsize(min(_WIDEST_PLOT, (width_of(sys.stdout) or _WIDEST_PLOT) - 4), _PLOT_HEIGHT)
    for name, marker in (("upper", "'"), ("lower", "."), ("expected", "-"), ("price", "o")):
        points = [
            (place, value)
            for place, value in zip(places, around.get_column(name), strict=True)
            if value is not None and abs(value) < float("inf")
        ]
        if points:
            plotext.scatter([x for x, _ in points], [y for _, y in points], marker=marker, label=name)
    position = around.get_column("date").to_list().index(found.day)
    ticks = sorted({0, position, len(places) - 1})
    plotext.xticks(ticks, [f"{around.item(place, 'date')}" for place in ticks])
    return [visible(line) for line in plotext.uncolorize(plotext.build()).splitlines()]
