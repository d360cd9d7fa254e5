"""Renders what a report shows as one HTML file: no network, no script but its own, all data escaped."""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

from quality.errors import UsageError
from quality.investigate.report.data import ReportData
from quality.investigate.report.heat import heat_json, heat_page
from quality.investigate.report.plots import anchors, charts_json, runs_json, time_json
from quality.text import visible

_ASSETS = Path(__file__).resolve().parent / "assets"
_SEVERITIES = ("error", "warning", "info")
_INCIDENT_COLUMNS = (
    ("ticker", False),
    ("severity", False),
    ("rule", False),
    ("status", False),
    ("from", False),
    ("to", False),
    ("sessions", True),
    ("deviation", True),
    ("what was found", False),
)


def render_report(data: ReportData) -> str:
    """Give the page.

    Raises:
        UsageError: The extra `report` is not installed.

    """
    try:
        import jinja2  # noqa: PLC0415 - an extra
        from markupsafe import Markup  # noqa: PLC0415 - comes with it
    except ModuleNotFoundError as error:
        raise UsageError("the report needs jinja2: pip install 'pricewatch-panel[report]'") from error
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    raw = {
        "css": _asset("uPlot.min.css") + _asset("report.css"),
        "chart_library": _asset("uPlot.iife.min.js"),
        "script": _asset("report.js"),
        "json": _embedded(_json(data)),
    }
    page = {**_page(data), **{name: Markup(text) for name, text in raw.items()}}  # noqa: S704 - our own files, and JSON that ends no element
    return environment.from_string(_asset("page.html.j2")).render(page=page)


@cache
def _asset(name: str) -> str:
    return (_ASSETS / name).read_text(encoding="utf-8")


def _embedded(value: Mapping[str, Any]) -> str:
    """Write JSON that can stand within a script element: no text of the data can end it."""
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _json(data: ReportData) -> dict[str, Any]:
    return {
        "time": time_json(data.over_time),
        "runs": runs_json(data.runs_table) if len(data.runs) > 1 else None,
        "charts": charts_json(data),
        "heat": heat_json(data.heat),
    }


def _page(data: ReportData) -> dict[str, Any]:
    summary, links = data.summary, anchors(data.tickers)
    several = len(data.runs) > 1
    heat = heat_page(data.heat)
    page = {
        "title": f"Data quality of {_name(summary)}",
        "kind": f"history of {len(data.runs)} runs" if several else str(summary.get("job") or "run"),
        "panel": _name(summary),
        "outcome": str(summary.get("outcome") or "stopped"),
        "span": f"{data.first_session} to {data.last_session}",
        "ruleset": str(summary.get("ruleset") or "unknown"),
        "run": visible(data.runs[-1].store.address),
        "notes": [*map(visible, data.notes), *_damage(summary)],
        "cards": _cards(data),
        "runs": _runs(data.runs_table) if several else [],
        "incident_lead": _incident_lead(data),
        "severities": [name for name in _SEVERITIES if name in set(data.incidents.get_column("severity"))],
        "incident_rules": [visible(name) for name in data.incidents.get_column("rule").unique().sort()],
        "incident_columns": _INCIDENT_COLUMNS,
        "incidents": [_incident(row, links) for row in data.incidents.iter_rows(named=True)],
        "step": data.step,
        "days": [_counted(row) for row in data.days.iter_rows(named=True)],
        "heat": heat,
        "rules": _rules(data.rules),
        "charts": _charts(data, links),
        "band": _band_text(summary),
        "coverage": _coverage(data.coverage),
        "coverage_lead": _coverage_lead(data.coverage),
        "score": _score(data.score),
        "made": _made(data),
        "parameters": _parameters(summary),
        "suppressions": [
            {key: visible(str(value)) for key, value in entry.items()} for entry in summary.get("suppressions") or []
        ],
    }
    page["sections"] = [
        (anchor, name)
        for anchor, name, there in (
            ("runs", "Runs", several),
            ("incidents", "Incidents", True),
            ("time", "Over time", True),
            ("heat", "Sessions × tickers", heat is not None),
            ("rules", "Rules", True),
            ("tickers", "Tickers", bool(page["charts"])),
            ("coverage", "Coverage", bool(page["coverage"])),
            ("score", "Score", page["score"] is not None),
            ("made", "How it was made", True),
        )
        if there
    ]
    return page


def _name(summary: Mapping[str, Any]) -> str:
    return visible(str(summary.get("panel") or "a panel"))


def _damage(summary: Mapping[str, Any]) -> list[str]:
    return [
        visible(f"{damage.get('year')}: not processed: {damage.get('reason')}")
        for damage in summary.get("damaged") or []
    ]


def _cards(data: ReportData) -> list[dict[str, str]]:
    counts = {(row[0], row[1]): row[2] for row in data.incident_counts.iter_rows()}
    is_open = {severity: counts.get((severity, "open"), 0) for severity in _SEVERITIES}
    total = sum(count for (_, status), count in counts.items() if status != "suppressed")
    findings = int(data.rules.get_column("findings").sum())
    by_severity = dict(data.rules.group_by("severity").agg(pl.col("findings").sum()).iter_rows())
    in_words = ", ".join(f"{by_severity[name]:,} {_plural(name)}" for name in _SEVERITIES if by_severity.get(name))
    summary = data.summary
    cards = [
        ("open errors", is_open["error"], "incidents of the last session", "error" if is_open["error"] else "ok"),
        ("open warnings", is_open["warning"], "likewise", "warning" if is_open["warning"] else "ok"),
        ("incidents", total, "in all", ""),
        ("findings", findings, in_words, ""),
        ("cells", summary.get("cells"), _grid(summary), ""),
    ]
    if summary.get("suppressed"):
        cards.append(("suppressed", summary["suppressed"], "known, do not count", ""))
    return [
        {"name": name, "value": "–" if value is None else f"{value:,}", "more": more, "tone": tone}
        for name, value, more, tone in cards
    ]


def _plural(severity: str) -> str:
    return f"{severity}s"


def _grid(summary: Mapping[str, Any]) -> str:
    sessions, tickers = summary.get("sessions"), summary.get("tickers")
    return f"{sessions:,} sessions × {tickers:,} tickers" if sessions and tickers else ""


def _incident_lead(data: ReportData) -> str:
    total = int(data.incident_counts.filter(pl.col("status") != "suppressed").get_column("incidents").sum())
    what = "An incident lasts as long as one family of rules finds one ticker."
    if not total:
        return f"There are none. {what}"
    if data.incidents.height < total:
        return f"The {data.incidents.height:,} to look at first, of {total:,}: open and severe ones on top. {what}"
    return f"All {total:,}, open and severe ones on top. {what}"


def _incident(row: Mapping[str, Any], links: Mapping[str, str]) -> dict[str, Any]:
    deviation = row["worst_deviation"]
    return {
        **{key: visible(str(row[key])) for key in ("severity", "rule", "status", "message")},
        "ticker": visible(row["ticker"]),
        "chart": links.get(row["ticker"], ""),
        "first": str(row["first_date"]),
        "last": str(row["last_date"]),
        "sessions": row["sessions"],
        "deviation": "" if deviation is None else f"{deviation:+.1%}",
        "deviation_value": "" if deviation is None else f"{abs(deviation):.6g}",
    }


def _counted(row: Mapping[str, Any]) -> dict[str, str]:
    return {key: f"{value:,}" if isinstance(value, int) else visible(str(value)) for key, value in row.items()}


def _runs(table: pl.DataFrame) -> list[dict[str, str]]:
    rows = [
        {
            "run": visible(row["run"]),
            "job": str(row["job"] or ""),
            "outcome": str(row["outcome"] or ""),
            "first": str(row["first_session"] or ""),
            "last": str(row["last_session"] or ""),
            **{
                name: "" if row[name] is None else f"{row[name]:,}"
                for name in ("errors", "warnings", "findings", "suppressed")
            },
        }
        for row in table.iter_rows(named=True)
        if row["job"] != "ingest"
    ]
    return rows[::-1][:400]


def _rules(table: pl.DataFrame) -> list[dict[str, Any]]:
    most = max(table.get_column("findings").to_list(), default=1)
    return [{**_counted(row), "share": f"{100 * row['findings'] / most:.1f}"} for row in table.iter_rows(named=True)]


def _charts(data: ReportData, links: Mapping[str, str]) -> list[dict[str, str]]:
    if not data.prices.height:
        return []
    return [
        {
            "ticker": visible(row["ticker"]),
            "anchor": links[row["ticker"]],
            "what": f"{row['errors']:,} errors, {row['warnings']:,} warnings"
            + (f", {row['open']:,} open" if row["open"] else ""),
            "label": f"Prices of {visible(row['ticker'])} with {row['errors'] + row['warnings']:,} incidents",
        }
        for row in data.tickers.iter_rows(named=True)
    ]


def _band_text(summary: Mapping[str, Any]) -> str:
    if summary.get("ruleset") == "notebook":
        return "the mean of the last seven sessions ± 20 %"
    return "the median of the last seven prices ± 20 % (a guide to the eye; the rules also follow the market)"


def _coverage(table: pl.DataFrame | None) -> list[dict[str, str]]:
    rows = []
    for row in [] if table is None else table.iter_rows(named=True):
        share = (row["row_count"] - row["without_price"]) / max(row["sessions"] * row["tickers"], 1)
        rows.append(
            {
                "year": str(row["year"]),
                "sessions": f"{row['sessions']:,}",
                "tickers": f"{row['tickers']:,}",
                "rows": f"{row['row_count']:,}",
                "without": f"{row['without_price']:,}",
                "priced": f"{share:.2%}",
                "width": f"{100 * share:.1f}",
            }
        )
    return rows


def _coverage_lead(table: pl.DataFrame | None) -> str:
    if table is None or not table.height:
        return ""
    cells = sum(row["sessions"] * row["tickers"] for row in table.iter_rows(named=True))
    priced = int((table.get_column("row_count") - table.get_column("without_price")).sum())
    return (
        f"{priced:,} prices in {int(table.get_column('row_count').sum()):,} rows: {priced / max(cells, 1):.2%} of the "
        "sessions × tickers of each year."
    )


def _score(tables: Mapping[str, pl.DataFrame]) -> dict[str, Any] | None:
    if "total" not in tables:
        return None
    total = tables["total"].row(0, named=True)
    names = (("F1", "f1"), ("precision", "precision"), ("recall", "recall"), ("type named right", "type_right"))
    return {
        "cards": [{"name": name, "value": _share(total.get(key))} for name, key in names],
        "tables": [
            {
                "title": title,
                "columns": tables[name].columns,
                "rows": [[_share(value) for value in row] for row in tables[name].iter_rows()],
            }
            for name, title in (("by_type", "By type of fault"), ("by_rule", "By rule"))
            if name in tables
        ],
    }


def _share(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.3f}"
    return f"{value:,}" if isinstance(value, int) else "–" if value is None else visible(str(value))


def _made(data: ReportData) -> list[tuple[str, str]]:
    summary = data.summary
    entries: Sequence[tuple[str, object]] = (
        ("run", data.runs[-1].store.address),
        ("panel", summary.get("panel")),
        ("rule set", f"{summary.get('ruleset')}, fingerprint {summary.get('ruleset_fingerprint')}"),
        ("input", summary.get("input_fingerprint")),
        ("calendar", summary.get("calendar")),
        ("disabled rules", ", ".join(summary.get("disabled_rules") or [])),
        ("took", f"{summary['seconds']:g} s" if summary.get("seconds") is not None else None),
        ("versions", ", ".join(f"{name} {version}" for name, version in (summary.get("versions") or {}).items())),
    )
    return [(name, visible(str(value))) for name, value in entries if value]


def _parameters(summary: Mapping[str, Any]) -> list[dict[str, str]]:
    return [
        {
            "rule": visible(rule),
            "values": visible(", ".join(f"{name} = {value}" for name, value in values.items())) or "none",
        }
        for rule, values in sorted((summary.get("rules") or {}).items())
    ]
