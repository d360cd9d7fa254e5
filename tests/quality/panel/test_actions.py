"""Listed corporate actions: cut to what a grid needs, and told apart by what they are."""

import numpy as np
import pytest

from quality.panel.actions import CorporateActions, ratio_text

ACTIONS = CorporateActions(
    ("A", "A", "B"), np.array(["2020-01-05", "2021-06-01", "2020-03-01"], "datetime64[D]"), np.array([2.0, 0.1, 1.5])
)


def test_only_those_of_some_tickers_and_dates_are_kept() -> None:
    kept = ACTIONS.only(["A", "C"], np.datetime64("2020-01-05"), np.datetime64("2020-12-31"))
    assert (kept.tickers, kept.dates.astype(str).tolist(), kept.ratios.tolist()) == (("A",), ["2020-01-05"], [2.0])


def test_the_digest_is_of_the_actions_and_of_no_file() -> None:
    again = CorporateActions(ACTIONS.tickers, ACTIONS.dates, ACTIONS.ratios, "elsewhere.csv")
    assert again.digest == ACTIONS.digest != ""
    assert ACTIONS.only(["A"], np.datetime64("2000-01-01"), np.datetime64("2030-01-01")).digest != ACTIONS.digest
    assert CorporateActions().digest == ""


@pytest.mark.parametrize(
    ("ratio", "text"),
    [(2, "2:1"), (7.0, "7:1"), (1.5, "3:2"), (1.25, "5:4"), (0.1, "1:10"), (0.05, "1:20"), (1.0027, "1.0027:1")],
)
def test_ratios_are_written_as_people_write_them(ratio: float, text: str) -> None:
    assert ratio_text(ratio) == text
