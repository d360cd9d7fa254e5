"""Faults: published numbers, and a reference that keeps cells in a dict and applies one fault at a time."""

import datetime as dt
import math
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from quality.errors import UsageError
from quality.panel.block import Block
from quality.synthetic.faults import KINDS, Faults, draw_faults, faulty_blocks, truth_frame
from quality.synthetic.market import Market, price_blocks

ABSENT = "absent"  # in tables of cells: no row at all; None is a row without a price


def tickers_of(stocks):
    return [f"ST{number:04d}" for number in range(1, stocks + 1)]


def panel_of(rows):
    """Build a block from rows of cells; the first session is 2020-01-01, no day is left out."""
    prices = np.array([[math.nan if cell in {None, ABSENT} else cell for cell in row] for row in rows], dtype=float)
    absent = np.array([[cell == ABSENT for cell in row] for row in rows])
    return Block(np.datetime64("2020-01-01") + np.arange(len(rows)), prices, absent)


def cells_of(blocks):
    """Give the rows of cells back, in text that shows every bit and the sign of zero."""
    return [
        [ABSENT if gone else exactly(price) for price, gone in zip(*row, strict=True)]
        for block in blocks
        for row in zip(block.prices.tolist(), block.absent.tolist(), strict=True)
    ]


def exactly(price):
    return None if price is None or math.isnan(price) else price.hex()


def split(block, borders):
    edges = [0, *sorted(borders), len(block.sessions)]
    parts = [slice(*pair) for pair in pairwise(edges)]
    return [Block(block.sessions[part], block.prices[part], block.absent[part]) for part in parts]


def notebook_injection(rows, rate, seed):
    """Give the rows after injection and the log, straight from the contract's words."""
    tickers = tickers_of(len(rows[0]))
    cells = {
        (session, ticker): cell
        for session, row in enumerate(rows)
        for ticker, cell in zip(tickers, row, strict=True)
        if cell != ABSENT
    }
    generator = np.random.RandomState(seed)
    count = int(len(rows) * len(tickers) * rate)
    weights = {
        "price_spike": 0.25,
        "price_drop": 0.25,
        "missing_value": 0.15,
        "duplicate_value": 0.15,
        "zero_price": 0.10,
        "negative_price": 0.05,
        "missing_ticker": 0.05,
    }
    hit_sessions = generator.choice(range(len(rows)), count).tolist()
    hit_tickers = generator.choice(tickers, count).tolist()
    kinds = generator.choice(list(weights), count, p=list(weights.values())).tolist()
    log = []
    for session, ticker, kind in zip(hit_sessions, hit_tickers, kinds, strict=True):
        original = cells.get((session, ticker))
        strike_in_the_notebook(cells, session, ticker, kind, generator)
        log.append((session, ticker, kind, original, cells.get((session, ticker))))
    rounded = {cell: price if price is None else float(f"{price:.2f}") for cell, price in cells.items()}
    return [[rounded.get((session, ticker), ABSENT) for ticker in tickers] for session in range(len(rows))], log


def strike_in_the_notebook(cells, session, ticker, kind, generator):
    cell, before = (session, ticker), (session - 1, ticker)
    factor = {
        "price_spike": lambda: float(generator.uniform(1.5, 6.0)),
        "price_drop": lambda: float(generator.uniform(0.1, 0.7)),
        "negative_price": lambda: -1.0,
    }
    if kind in factor:
        by = factor[kind]()  # drawn even where there is nothing to multiply
        if cells.get(cell) is not None:
            cells[cell] *= by
    elif kind == "missing_value":
        cells[cell] = None
    elif kind == "zero_price":
        cells[cell] = 0.0
    elif kind == "missing_ticker" or (session and before not in cells):
        cells.pop(cell, None)
    elif session:
        cells[cell] = cells[before]


def assert_injected_as_in_the_notebook(rows, rate, seed, borders):
    panel = panel_of(rows)
    faults = draw_faults(len(rows), len(rows[0]), rate, seed)
    faulty = list(faulty_blocks(split(panel, borders), faults))
    expected, log = notebook_injection(rows, rate, seed)

    assert [len(block.sessions) for block in faulty] == [len(block.sessions) for block in split(panel, borders)]
    assert cells_of(faulty) == [[ABSENT if cell == ABSENT else exactly(cell) for cell in row] for row in expected]
    truth = truth_frame(faults, panel.sessions, tickers_of(len(rows[0])))
    assert [(*hit, exactly(old), exactly(new)) for *hit, old, new in truth.rows()] == [
        (dt.date(2020, 1, 1) + dt.timedelta(session), ticker, kind, exactly(old), exactly(new))
        for session, ticker, kind, old, new in log
    ]


@st.composite
def panels(draw):
    sessions, stocks = draw(st.integers(1, 15)), draw(st.integers(1, 4))
    priced = st.integers(-100, 60_000).map(lambda cents: cents / 100)
    cell = st.one_of(priced, priced, priced, st.none(), st.just(ABSENT))
    row = st.lists(cell, min_size=stocks, max_size=stocks)
    return draw(st.lists(row, min_size=sessions, max_size=sessions))


@settings(max_examples=150, deadline=None)
@given(
    rows=panels(),
    rate=st.one_of(st.floats(0, 1), st.just(1.0)),
    seed=st.integers(0, 2**32 - 1),
    borders=st.lists(st.integers(0, 15), max_size=6),
)
def test_every_cell_and_every_line_of_the_log_is_the_notebooks(rows, rate, seed, borders):
    assert_injected_as_in_the_notebook(rows, rate, seed, [border for border in borders if border <= len(rows)])


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    rate=st.floats(0.3, 1),
    borders=st.sets(st.integers(1, 399), max_size=8),
    holes=st.sets(st.tuples(st.integers(0, 399), st.integers(0, 2)), max_size=30),
)
@example(seed=42, rate=1.0, borders=set(range(1, 400)), holes=set())  # every session is its own block
def test_long_chains_of_faults_do_not_care_where_blocks_end(seed, rate, borders, holes):
    rows = [[100.0 + session, 200.5, 300.25] for session in range(400)]
    for session, stock in holes:
        rows[session][stock] = ABSENT if (session + stock) % 2 else None
    assert_injected_as_in_the_notebook(rows, rate, seed, borders)


# What each kind makes of a price, of a row without a price, and of no row.
AFTER = {
    "price_spike": {30.0: 60.0, None: None, ABSENT: ABSENT},
    "price_drop": {30.0: 60.0, None: None, ABSENT: ABSENT},  # the factor is 2 for both
    "missing_value": {30.0: None, None: None, ABSENT: None},
    "zero_price": {30.0: 0.0, None: 0.0, ABSENT: 0.0},
    "negative_price": {30.0: -30.0, None: None, ABSENT: ABSENT},
    "missing_ticker": {30.0: ABSENT, None: ABSENT, ABSENT: ABSENT},
}


def faults_at(*hits):
    """Build faults by hand: (session, stock, kind) each, with 2 as the factor of spikes and drops."""
    session, stock, kind = zip(*hits, strict=True)
    return Faults(
        session=np.array(session),
        stock=np.array(stock),
        kind=np.array([KINDS.index(name) for name in kind]),
        factor=np.full(len(hits), 2.0),
        original=np.full(len(hits), np.nan),
        new=np.full(len(hits), np.nan),
        vanished=np.zeros(len(hits), dtype=bool),
    )


@pytest.mark.parametrize(
    ("kind", "before", "after"), [(kind, *pair) for kind, table in AFTER.items() for pair in table.items()]
)
def test_one_fault_changes_its_cell_and_no_other(kind, before, after):
    rows = [[10.0, 11.0], [20.0, before], [40.0, 41.0]]
    faults = faults_at((1, 1, kind))
    faulty = faulty_blocks([panel_of(rows)], faults)
    assert cells_of(faulty) == cells_of([panel_of([[10.0, 11.0], [20.0, after], [40.0, 41.0]])])
    truth = truth_frame(faults, panel_of(rows).sessions, ["AAA", "BBB"])
    assert truth.rows() == [
        (
            dt.date(2020, 1, 2),
            "BBB",
            kind,
            None if before == ABSENT else before,
            None if after == ABSENT else after,
        )
    ]


@pytest.mark.parametrize("own", [30.0, None, ABSENT])
@pytest.mark.parametrize("previous", [5.0, None, ABSENT])
@pytest.mark.parametrize("borders", [[], [1]])
def test_a_duplicate_takes_over_the_previous_sessions_cell_whole(own, previous, borders):
    clean = split(panel_of([[previous], [own]]), borders)
    faulty = faulty_blocks(clean, faults_at((1, 0, "duplicate_value")))
    assert cells_of(faulty) == cells_of([panel_of([[previous], [previous]])])


@pytest.mark.parametrize("cell", [30.0, None, ABSENT])
def test_a_duplicate_in_the_first_session_changes_nothing_and_is_logged(cell):
    faults = faults_at((0, 0, "duplicate_value"))
    panel = panel_of([[cell], [31.0]])
    assert cells_of(faulty_blocks([panel], faults)) == cells_of([panel])
    price = None if cell == ABSENT else cell
    assert truth_frame(faults, panel.sessions, ["AAA"]).rows() == [
        (dt.date(2020, 1, 1), "AAA", "duplicate_value", price, price)
    ]


def test_faults_act_in_their_order_on_what_earlier_ones_left():
    panel = panel_of([[10.0], [20.0], [30.0]])
    faults = faults_at(
        (1, 0, "duplicate_value"),  # 20 → 10, which the spike below has not reached yet
        (0, 0, "price_spike"),  # 10 → 20
        (2, 0, "duplicate_value"),  # 30 → 10
        (1, 0, "negative_price"),  # 10 → -10
        (2, 0, "price_drop"),  # 10 → 20
        (0, 0, "zero_price"),  # 20 → 0
    )
    (block,) = faulty_blocks([panel], faults)
    assert block.prices.tolist() == [[0.0], [-10.0], [20.0]]
    assert faults.original.tolist() == [20.0, 10.0, 30.0, 10.0, 10.0, 20.0]
    assert faults.new.tolist() == [10.0, 20.0, 10.0, -10.0, 20.0, 0.0]


def test_the_log_keeps_what_the_panel_rounds():
    faults = faults_at((0, 0, "price_spike"))
    faults.factor[0] = 1.2345
    (block,) = faulty_blocks([panel_of([[10.01]])], faults)
    assert block.prices.tolist() == [[12.36]]
    assert faults.new.tolist() == [10.01 * 1.2345]


def test_the_clean_panel_is_left_as_it_was():
    rows = [[10.0, None], [20.0, ABSENT], [30.0, 31.0]]
    clean = split(panel_of(rows), [2])
    list(faulty_blocks(clean, draw_faults(3, 2, rate=1.0)))
    assert cells_of(clean) == cells_of([panel_of(rows)])


def test_a_block_is_given_before_the_next_one_is_asked_for():
    asked = []
    clean = split(panel_of([[10.0], [20.0], [30.0]]), [1, 2])
    faulty = faulty_blocks((asked.append(block) or block for block in clean), draw_faults(3, 1, rate=1.0))
    assert [len(asked) for _ in faulty] == [1, 2, 3]


@pytest.mark.parametrize(("sessions", "stocks", "rate"), [(0, 0, 0.5), (0, 3, 1.0), (10, 3, 0.0), (3, 3, 0.1)])
def test_too_few_cells_give_an_empty_log_with_its_columns(sessions, stocks, rate):
    faults = draw_faults(sessions, stocks, rate)
    truth = truth_frame(faults, np.datetime64("2020-01-01") + np.arange(sessions), tickers_of(stocks))
    assert truth.rows() == []
    assert truth.schema == {
        "date": pl.Date,
        "ticker": pl.String,
        "anomaly_type": pl.String,
        "original_value": pl.Float64,
        "new_value": pl.Float64,
    }


@pytest.mark.parametrize("rate", [-0.01, 1.01, math.nan, math.inf])
def test_a_rate_out_of_range_is_refused_with_its_flag_and_itself(rate):
    with pytest.raises(UsageError, match=rf"^--rate must .*: {rate}$"):
        draw_faults(10, 10, rate=rate)


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_a_seed_out_of_range_is_refused_with_its_flag_and_itself(seed):
    with pytest.raises(UsageError, match=rf"^--seed must .*: {seed}$"):
        draw_faults(10, 10, seed=seed)


@pytest.fixture(scope="module")
def published():
    """The default panel, clean and with the default faults, and the log of the truth."""
    market = Market()
    clean = [Block(sessions, prices, np.isnan(prices)) for sessions, prices in price_blocks(market)]
    faults = draw_faults(len(market.sessions), market.stocks)
    faulty = list(faulty_blocks(clean, faults))
    return (
        np.concatenate([block.prices for block in clean]),
        np.concatenate([block.prices for block in faulty]),
        np.concatenate([block.absent for block in faulty]),
        truth_frame(faults, market.sessions, market.tickers),
    )


def test_the_default_log_has_the_published_counts(published):
    *_, truth = published
    assert truth.height == 3570
    assert dict(truth.get_column("anomaly_type").value_counts().iter_rows()) == {
        "price_drop": 904,
        "price_spike": 876,
        "duplicate_value": 559,
        "missing_value": 514,
        "zero_price": 391,
        "missing_ticker": 166,
        "negative_price": 160,
    }


def test_the_default_faults_change_the_published_number_of_cells(published):
    clean, faulty, *_ = published
    assert np.count_nonzero(faulty != clean) == 3492  # NaN differs from every clean price


def test_the_default_faults_leave_the_published_number_of_cells_without_a_price(published):
    _, faulty, absent, _ = published
    assert np.count_nonzero(np.isnan(faulty)) == 673
    assert np.isnan(faulty[absent]).all()


def test_the_published_cell_is_hit(published):
    clean, faulty, *_ = published
    at = Market().sessions.tolist().index(dt.date(2020, 5, 20)), 0
    assert (faulty[at], clean[at]) == (241.21, 237.51)


def test_the_default_log_begins_with_the_published_line(published):
    *_, truth = published
    assert truth.row(0) == (dt.date(2020, 5, 22), "ST0024", "duplicate_value", 207.76, 200.82)
