"""A run's story as an HTML mail: narrow and wide, light and dark, without anything fetched from elsewhere."""

from collections.abc import Iterator, Mapping
from html import escape

import polars as pl

from quality.delivery.story import Story
from quality.delivery.story_text import HEADINGS, command_heading, compared, headline, incident_line, shown
from quality.text import visible

_COLOURS = {
    "failed": "#b42318",
    "incomplete": "#b42318",
    "error": "#b42318",
    "warning": "#b54708",
    "info": "#175cd3",
    "clean": "#067647",
}
_WORDS = {"failed": "Failed", "incomplete": "Not all processed", "error": "Errors", "warning": "Warnings"}
_WORDS |= {"info": "Notes", "clean": "Clean"}
_FONT = "-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"
# Clients that know no dark mode see the inline colours; those that do, these.
_STYLE = """
:root { color-scheme: light dark; supported-color-schemes: light dark; }
@media (prefers-color-scheme: dark) {
  .page { background: #16181d !important; }
  .card { background: #1f2229 !important; border-color: #363b45 !important; }
  .text { color: #e6e8ec !important; }
  .soft { color: #a4acb9 !important; }
  .rule { border-color: #363b45 !important; }
  .code { background: #16181d !important; color: #e6e8ec !important; }
  .link { color: #7cb8ff !important; }
}
@media (max-width: 480px) { .card { padding: 16px !important; } .wide { display: none !important; } }
"""


def as_html(story: Story, images: Mapping[str, str], note: str = "") -> str:
    """Give the story as a page.

    Args:
        story: What is told.
        images: By ticker, the address of its chart (`cid:…`).
        note: What is said of the attachments.

    """
    body = "".join(_parts(story, images)) + (_paragraph(note, size=13, soft=True, above=12) if note else "")
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark">'
        f"<title>{_text(story.subject)}</title><style>{_STYLE}</style></head>"
        f'<body class="page" style="margin:0;padding:0;background:#f2f4f7;font-family:{_FONT}">'
        '<table class="page" role="presentation" width="100%" cellpadding="0" cellspacing="0" '
        'style="background:#f2f4f7"><tr><td align="center" style="padding:16px 8px">'
        '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="max-width:640px">'
        '<tr><td class="card" style="background:#ffffff;border:1px solid #e4e7ec;border-radius:10px;padding:24px;'
        f'text-align:left">{body}</td></tr></table></td></tr></table></body></html>'
    )


def _parts(story: Story, images: Mapping[str, str]) -> Iterator[str]:
    colour = _COLOURS[story.outcome]
    yield (
        f'<div style="display:inline-block;background:{colour};color:#ffffff;border-radius:12px;padding:3px 12px;'
        f'font-size:13px;font-weight:600">{_WORDS[story.outcome]}</div>'
    )
    yield _paragraph(f"{story.panel} · {story.day}", size=20, weight=600, above=12)
    yield _paragraph(headline(story).partition(": ")[2], size=15, above=4)
    if line := compared(story.changes):
        yield _paragraph(line, size=14, soft=True, above=4)
    if story.unprocessed:
        yield _heading("Not processed", len(story.unprocessed), _COLOURS["failed"])
        yield from (_paragraph(line, size=14, above=4) for line in story.unprocessed)
    for kind, heading in HEADINGS.items():
        yield _incidents(getattr(story.changes, kind), heading, kind)
    if story.changes.suppressed.height:
        yield _paragraph(
            f"{story.changes.suppressed.height:,} suppressed, and not counted", size=13, soft=True, above=16
        )
    yield from _charts(story, images)
    yield _ranking("Findings by rule", story.summary.get("by_rule"))
    if story.job == "scan":
        yield _ranking("Worst tickers", story.summary.get("by_ticker"))
    yield from _where(story)


def _where(story: Story) -> Iterator[str]:
    if not (story.where or story.links or story.commands):
        return
    yield '<div class="rule" style="border-top:1px solid #e4e7ec;margin-top:24px"></div>'
    if story.where:
        yield _paragraph(f"Results: {story.where}", size=13, soft=True, above=12)
    for label, address in story.links.items():
        yield (
            f'<p style="margin:6px 0 0;font-size:14px"><a class="link" style="color:#175cd3" '
            f'href="{escape(address, quote=True)}">{_text(label)}</a></p>'
        )
    if story.commands:
        yield _paragraph(f"{command_heading(story)}:", size=13, soft=True, above=8)
    for command in story.commands:
        yield (
            '<pre class="code" style="margin:4px 0 0;padding:8px 10px;background:#f2f4f7;color:#101828;'
            "border-radius:6px;font-size:12px;line-height:1.5;white-space:pre-wrap;word-break:break-word;"
            f'font-family:ui-monospace,Menlo,Consolas,monospace">{_text(command)}</pre>'
        )


def _incidents(incidents: pl.DataFrame, heading: str, kind: str) -> str:
    rows, more = shown(incidents)
    if not rows:
        return ""
    lines = []
    for row in rows:
        colour = _COLOURS.get(str(row["severity"]), _COLOURS["info"])
        lines.append(
            f'<tr><td class="rule" style="padding:7px 8px 7px 0;border-top:1px solid #eaecf0;vertical-align:top;'
            f'white-space:nowrap;font-size:14px"><span style="color:{colour}">&#9679;</span> '
            f'<span class="text" style="color:#101828;font-weight:600">{_text(row["ticker"])}</span></td>'
            f'<td class="rule text" style="padding:7px 0;border-top:1px solid #eaecf0;font-size:14px;color:#101828;'
            f'word-break:break-word">{_text(incident_line(row, kind))}'
            f'<span class="soft" style="color:#667085"> {_text(row["severity"])}</span></td></tr>'
        )
    rest = _paragraph(f"… {more:,} more: see the results", size=13, soft=True, above=6) if more else ""
    return (
        _heading(heading, incidents.height)
        + '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="border-collapse:collapse">'
        + "".join(lines)
        + f"</table>{rest}"
    )


def _charts(story: Story, images: Mapping[str, str]) -> Iterator[str]:
    for ticker, address in images.items():
        if ticker in story.charts:
            yield (
                f'<p style="margin:14px 0 0"><img src="{escape(address, quote=True)}" width="590" '
                f'alt="{_text(f"{ticker}: price and expectation")}" '
                'style="width:100%;max-width:590px;height:auto;border-radius:6px;display:block"></p>'
            )


def _ranking(title: str, counts: object, most: int = 8) -> str:
    if not isinstance(counts, Mapping) or not counts:
        return ""
    ranked = list(counts.items())[:most]
    largest = max(count for _, count in ranked)
    lines = "".join(
        f'<tr><td class="text" style="padding:3px 10px 3px 0;font-size:13px;color:#101828">{_text(name)}</td>'
        f'<td class="text" align="right" style="padding:3px 10px 3px 0;font-size:13px;color:#101828;'
        f'font-variant-numeric:tabular-nums">{count:,}</td>'
        f'<td class="wide" width="45%"><div style="height:8px;border-radius:4px;background:#98a2b3;'
        f'width:{max(round(100 * count / largest), 1)}%"></div></td></tr>'
        for name, count in ranked
    )
    return _heading(title) + f'<table role="presentation" width="100%" cellpadding="0" cellspacing="0">{lines}</table>'


def _heading(title: str, count: int | None = None, colour: str = "#101828") -> str:
    number = "" if count is None else f' <span class="soft" style="color:#667085;font-weight:400">{count:,}</span>'
    kind = ' class="text"' if colour == "#101828" else ""
    return f'<h2{kind} style="margin:22px 0 6px;font-size:15px;color:{colour}">{_text(title)}{number}</h2>'


def _paragraph(text: str, *, size: int, weight: int = 400, soft: bool = False, above: int = 0) -> str:
    kind, colour = ("soft", "#667085") if soft else ("text", "#101828")
    return (
        f'<p class="{kind}" style="margin:{above}px 0 0;font-size:{size}px;font-weight:{weight};color:{colour};'
        f'line-height:1.45;word-break:break-word">{_text(text)}</p>'
    )


def _text(text: object) -> str:
    return escape(visible(str(text)), quote=True)
