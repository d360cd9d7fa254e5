"""The clean market: published numbers, and a reference that draws and multiplies one cell at a time."""

import datetime as dt
import math

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from quality.errors import UsageError
from quality.synthetic.market import Market, price_blocks, years_of


def whole_panel(market):
    blocks = list(price_blocks(market))
    if not blocks:
        return np.empty(0, dtype="datetime64[D]"), np.empty((0, market.stocks))
    return tuple(np.concatenate(part) for part in zip(*blocks, strict=True))


def notebook_panel(days, stocks, start, seed):
    """Give dates and rows of prices, straight from the contract's words."""
    dates = [start + dt.timedelta(days=day) for day in range(days)]
    dates = [date for date in dates if date.strftime("%a") not in {"Sat", "Sun"}]
    generator = np.random.RandomState(seed)
    prices = [float(generator.uniform(10, 500)) for _ in range(stocks)]
    drifts = [float(generator.uniform(0.10, 0.25)) / 252 for _ in range(stocks)]
    volatilities = [float(generator.uniform(0.1, 0.4)) / math.sqrt(252) for _ in range(stocks)]
    rows = [prices]
    for _ in dates[1:]:
        returns = [float(generator.normal(*each)) for each in zip(drifts, volatilities, strict=True)]
        rows.append([price * (1 + change) for price, change in zip(rows[-1], returns, strict=True)])
    return dates, [[float("%.2f" % price) for price in row] for row in rows[: len(dates)]]  # noqa: UP031


@pytest.fixture(scope="module")
def published():
    return whole_panel(Market())


def test_the_default_panel_has_714_sessions_of_100_stocks(published):
    sessions, prices = published
    assert sessions.shape == (714,)
    assert prices.shape == (714, 100)


def test_the_default_panel_begins_with_the_published_row(published):
    sessions, prices = published
    assert str(sessions[0]) == "2020-01-01"
    assert prices[0, :5].tolist() == [193.52, 475.85, 368.68, 303.34, 86.45]


def test_the_default_panel_ends_with_the_published_row(published):
    sessions, prices = published
    assert str(sessions[-1]) == "2022-09-26"
    assert prices[-1, -5:].tolist() == [214.46, 576.71, 307.61, 34.70, 74.91]


@settings(max_examples=60, deadline=None)
@given(
    days=st.integers(1, 900),
    stocks=st.integers(1, 4),
    start=st.dates(dt.date(1899, 1, 1), dt.date(2100, 12, 31)),
    seed=st.integers(0, 2**32 - 1),
)
@example(days=1, stocks=3, start=dt.date(2020, 1, 1), seed=0)  # one session
@example(days=1, stocks=3, start=dt.date(2020, 1, 4), seed=0)  # one Saturday
@example(days=2, stocks=2, start=dt.date(2020, 1, 4), seed=1)  # one weekend
@example(days=3, stocks=2, start=dt.date(2020, 1, 4), seed=1)  # a weekend, then a Monday
@example(days=10, stocks=2, start=dt.date(2020, 1, 5), seed=2)  # begins on a Sunday
@example(days=5, stocks=1, start=dt.date(2022, 12, 30), seed=3)  # one session, then the next year
@example(days=1100, stocks=3, start=dt.date(2019, 12, 28), seed=2**32 - 1)
def test_every_cell_is_the_notebooks(days, stocks, start, seed):
    sessions, prices = whole_panel(Market(days, stocks, start, seed))
    dates, rows = notebook_panel(days, stocks, start, seed)
    assert sessions.tolist() == dates
    assert prices.tolist() == rows


@settings(max_examples=30, deadline=None)
@given(days=st.integers(1, 2000), start=st.dates(dt.date(1960, 1, 1), dt.date(2060, 1, 1)))
@example(days=2, start=dt.date(2020, 1, 4))  # no session
@example(days=800, start=dt.date(2021, 12, 31))
def test_each_block_is_one_year_and_all_are_the_panel(days, start):
    market = Market(days, 1, start)
    blocks = [sessions for sessions, _ in price_blocks(market)]
    years = [sorted({session.year for session in sessions.tolist()}) for sessions in blocks]
    assert years == [[year] for year in sorted({session.year for session in market.sessions.tolist()})]
    assert [session for sessions in blocks for session in sessions.tolist()] == market.sessions.tolist()


def test_a_longer_panel_begins_with_the_shorter_one():
    _, short = whole_panel(Market(days=300, stocks=3))
    _, long = whole_panel(Market(days=800, stocks=3))
    assert len(long) > len(short)
    np.testing.assert_array_equal(long[: len(short)], short)


def test_tickers_are_numbered_from_one_with_four_digits_or_more():
    tickers = Market(stocks=10_001).tickers
    assert len(tickers) == 10_001
    assert [tickers[0], tickers[9_998], tickers[9_999], tickers[-1]] == [
        "ST0001",
        "ST9999",
        "ST10000",
        "ST10001",
    ]


def test_years_of_splits_at_new_year():
    sessions = np.array(["1969-12-31", "1970-01-01", "1970-12-31", "1972-01-03"], dtype="datetime64[D]")
    assert [[str(session) for session in year] for year in years_of(sessions)] == [
        ["1969-12-31"],
        ["1970-01-01", "1970-12-31"],
        ["1972-01-03"],
    ]
    assert years_of(sessions[:0]) == []


@pytest.mark.parametrize(
    ("flag", "wrong"),
    [
        ("--days", {"days": 0}),
        ("--days", {"days": -5}),
        ("--stocks", {"stocks": 0}),
        ("--stocks", {"stocks": -1}),
        ("--seed", {"seed": -1}),
        ("--seed", {"seed": 2**32}),
        ("--days", {"days": 2, "start": dt.date.max}),
        ("--days", {"days": 10**7}),
    ],
)
def test_a_value_out_of_range_is_refused_with_its_flag_and_itself(flag, wrong):
    with pytest.raises(UsageError) as refused:
        Market(**wrong)
    name = flag.removeprefix("--")
    assert str(refused.value).startswith(f"{flag} ")
    assert str(wrong[name]) in str(refused.value)


def test_the_last_date_there_is_can_be_reached():
    assert Market(days=1, start=dt.date.max).sessions.tolist() == [dt.date.max]  # a Friday
    assert Market(days=5, start=dt.date(9999, 12, 27)).sessions.tolist()[-1] == dt.date.max


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
def test_the_seed_decides_the_prices(seed, other):
    assume(seed != other)
    first, again, different = (whole_panel(Market(days=5, stocks=3, seed=s))[1] for s in (seed, seed, other))
    np.testing.assert_array_equal(first, again)
    assert (first != different).any()
