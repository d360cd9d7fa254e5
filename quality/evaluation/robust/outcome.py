"""Reconsiders the findings of a day in the light of the days since.

The column `status` says what came of it:

- `provisional`: it is too early to tell, or no retrospective rule can overturn it.
- `confirmed`: the days that a retrospective rule looks ahead to have come, and nothing speaks against it.
- `reclassified`: the days since explain it: `rule` is what they say, `first_rule` what was said on the day.
- `hindsight`: only the days since show it; `first_rule` is null.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from quality.evaluation.robust.questions import NUMBERS, TEXTS
from quality.panel.grid import BoolMatrix, Integers
from quality.rules.model import Rule
from quality.rules.severities import SEVERITIES

STATUSES = ("provisional", "confirmed", "reclassified", "hindsight")
_PROVISIONAL, _CONFIRMED, _RECLASSIFIED, _HINDSIGHT = range(len(STATUSES))
# What a rule that explains a finding says in its place; all else is what the day saw.
_SAID = ("first_date", "last_date", "factor", "covered")
# What is of no interest to anybody once that is known.
_UNSAID = ("in_hindsight", "question", *NUMBERS, *TEXTS)


@dataclass(frozen=True)
class _Findings:
    """Findings as numbers.

    Attributes:
        row: Where each lies in the table of all that was found.
        said_by: Where what it says lies: in its own row, or in that of the rule that explains it.
        cell: The number of its cell: equal for one date and ticker, ascending by date, then ticker.
        rule: The number of its rule.
        first_rule: The number of the rule of the day itself, -1 for none.
        status: A position in `STATUSES`.

    """

    row: Integers
    said_by: Integers
    cell: Integers
    rule: Integers
    first_rule: Integers
    status: Integers


def reconsider(
    found: pa.Table,
    rules: Sequence[Rule],
    families: Sequence[int],
    settled: dt.date | None,
    described: Callable[[Integers], pa.Array],
) -> pa.Table:
    """Merge what the rules of the day found with what the retrospective ones found, a cell at a time.

    Args:
        found: What all rules found (the columns of `found.FOUND`).
        rules: The rules that `rule_number` counts, by name, ascending.
        families: By rule, which rules it belongs to. Within a family hindsight says one thing of a cell, the most
            severe; what other families find changes nothing of its own, unless a rule `reclassifies` it.
        settled: The last session whose following days have come; None for none.
        described: Gives the messages of some rows of `found`.

    Returns:
        The findings' columns, texts but for messages as dictionaries, sorted by date, ticker and rule. What the day
        saw (price, expected value, deviation, limits) stays.

    """
    keys = found["ticker"].combine_chunks().dictionary_encode()
    names = sorted(keys.dictionary.to_pylist())
    ticker = _ranks(keys.dictionary.to_pylist())[keys.indices.to_numpy()]
    date = found["date"].cast(pa.int32()).to_numpy().astype(np.int64)
    number = found["rule_number"].to_numpy().astype(np.int64)
    everything = _Findings(
        row=np.arange(len(number)),
        said_by=np.arange(len(number)),
        cell=date * max(len(names), 1) + ticker,
        rule=number,
        first_rule=number,
        status=np.full(len(number), _PROVISIONAL),
    )
    in_hindsight = found["in_hindsight"].to_numpy()
    family = np.asarray(families, dtype=np.int64)
    first = _said_once(_only(everything, ~in_hindsight), rules, family)
    overturned = {name for rule in rules if rule.is_retrospective for name in rule.reclassifies}
    can_be = np.array([rule.name in overturned for rule in rules], dtype=np.bool_)
    if settled is not None:
        is_settled = (date[first.row] <= (settled - dt.date(1970, 1, 1)).days) & can_be[first.rule]
        first = replace(first, status=np.where(is_settled, _CONFIRMED, _PROVISIONAL))
    parts = []
    for each in np.unique(family[number[in_hindsight]]):
        late = _one_a_cell(_only(everything, in_hindsight & (family[number] == each)), rules)
        unseen = late if each else _only(late, ~_among(late.cell, first.cell[family[first.rule] == each]))
        first, explaining = _explained(first, late, rules)
        unseen = _only(unseen, ~_among(unseen.row, explaining))
        none = np.full_like(unseen.rule, -1)
        parts.append(replace(unseen, first_rule=none, status=np.full_like(none, _HINDSIGHT)))
    return _as_table(found, _in_order(_together([first, *parts]), len(rules)), (ticker, names), rules, described)


def _said_once(first: _Findings, rules: Sequence[Rule], family: Integers) -> _Findings:
    """Leave out what a rule says of a cell on the day, if another one that may overturn it speaks of it, too."""
    order = np.lexsort((family[first.rule], first.cell))
    cell, kind = first.cell[order], family[first.rule[order]]
    kept = np.ones(len(order), dtype=np.bool_)
    for apart in range(1, len(rules)):
        same = np.flatnonzero((cell[apart:] == cell[:-apart]) & (kind[apart:] == kind[:-apart]))
        if not len(same):
            break
        one, other = first.rule[order[same]], first.rule[order[same + apart]]
        may = _may_overturn(rules)
        kept[same[may[other, one]]] = False
        kept[same[may[one, other]] + apart] = False
    return _only(first, np.sort(order[kept]))


def _may_overturn(rules: Sequence[Rule]) -> BoolMatrix:
    return np.array([[rule.name in other.reclassifies for rule in rules] for other in rules], dtype=np.bool_)


def _ranks(names: Sequence[str]) -> Integers:
    """Give the place of each name in their order."""
    ranks = np.empty(len(names), dtype=np.int64)
    ranks[np.array(sorted(range(len(names)), key=names.__getitem__), dtype=np.int64)] = np.arange(len(names))
    return ranks


def _only(findings: _Findings, kept: BoolMatrix | Integers) -> _Findings:
    return _Findings(**{name: values[kept] for name, values in vars(findings).items()})


def _among(values: Integers, others: Integers) -> BoolMatrix:
    """Say which values are among others; faster than NumPy's own where the values are few."""
    if not len(others):
        return np.zeros(len(values), dtype=np.bool_)
    ordered = np.sort(others)
    return np.asarray(ordered[np.minimum(np.searchsorted(ordered, values), len(ordered) - 1)] == values)


def _together(parts: Sequence[_Findings]) -> _Findings:
    return _Findings(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in vars(parts[0])})


def _in_order(findings: _Findings, rules: int) -> _Findings:
    order = np.argsort(findings.cell * max(rules, 1) + findings.rule, kind="stable")
    return _Findings(**{name: values[order] for name, values in vars(findings).items()})


def _one_a_cell(late: _Findings, rules: Sequence[Rule]) -> _Findings:
    """Keep the most severe of what hindsight says of a cell, the first by name among equals."""
    severity = np.array([SEVERITIES.index(rule.severity) for rule in rules], dtype=np.int64)
    order = np.lexsort((late.rule, severity[late.rule], late.cell))
    cell = late.cell[order]
    is_first = np.ones(len(cell), dtype=np.bool_)
    is_first[1:] = cell[1:] != cell[:-1]
    return _only(late, np.sort(order[is_first]))


def _explained(first: _Findings, late: _Findings, rules: Sequence[Rule]) -> tuple[_Findings, Integers]:
    """Let hindsight rename the findings that it may, once each; give the rows of what it says of them, too.

    A rule that speaks on the day and again in hindsight confirms itself, and then knows more.
    """
    if not len(late.cell) or not len(first.cell):
        return first, late.row[:0]
    may = _may_overturn(rules) | np.eye(len(rules), dtype=np.bool_)
    order = np.argsort(late.cell, kind="stable")
    near = order[np.minimum(np.searchsorted(late.cell[order], first.cell), len(order) - 1)]
    is_explained = (late.cell[near] == first.cell) & may[late.rule[near], first.rule] & (first.status != _RECLASSIFIED)
    is_itself = late.rule[near] == first.rule
    renamed = replace(
        first,
        rule=np.where(is_explained, late.rule[near], first.rule),
        said_by=np.where(is_explained, late.row[near], first.said_by),
        status=np.where(is_explained, np.where(is_itself, _CONFIRMED, _RECLASSIFIED), first.status),
    )
    return renamed, late.row[near[is_explained]]


def _as_table(
    found: pa.Table,
    findings: _Findings,
    tickers: tuple[Integers, Sequence[str]],
    rules: Sequence[Rule],
    described: Callable[[Integers], pa.Array],
) -> pa.Table:
    ticker, names = tickers
    rule_names = [rule.name for rule in rules]
    severities = np.array([SEVERITIES.index(rule.severity) for rule in rules], dtype=np.int64)
    columns: dict[str, pa.Array] = {}
    for name in found.column_names:
        if name == "ticker":
            columns[name] = _texts(ticker[findings.row], names)
        elif name == "rule_number":
            columns["rule"] = _texts(findings.rule, rule_names)
            columns["severity"] = _texts(severities[findings.rule], SEVERITIES)
        elif name == "message":
            columns[name] = described(findings.said_by)
        elif name not in _UNSAID:
            rows = findings.said_by if name in _SAID else findings.row
            columns[name] = found[name].take(pa.array(rows)).combine_chunks()
    columns["status"] = _texts(findings.status, STATUSES)
    columns["first_rule"] = _texts(findings.first_rule, rule_names)
    return pa.table(columns)


def _texts(codes: Integers, words: Sequence[str]) -> pa.Array:
    """Give texts as a dictionary array; a negative code is none."""
    indices = pa.array(codes.astype(np.int32), mask=codes < 0)
    return pa.DictionaryArray.from_arrays(indices, pa.array(words, pa.string()))
