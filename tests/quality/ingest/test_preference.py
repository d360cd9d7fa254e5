"""Which of several prices counts: by arrival, by the date and name of a file, or within a tolerance."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quality.errors import UsageError
from quality.ingest.files.file_dates import rank_of
from quality.ingest.format.source import Source
from quality.ingest.job import ingest
from quality.ingest.options import IngestOptions
from quality.panel.partitions import list_years, read_year
from quality.storage import open_store

HEAD = "date,ticker,price\n"
OLD, NEW = f"{HEAD}2020-01-02,A,1\n2020-01-03,A,7\n", f"{HEAD}2020-01-02,A,2\n"
CORRECTED = [("2020-01-02", "A", 2.0), ("2020-01-03", "A", 7.0)]


class TestNewestFile:
    def test_an_old_drop_that_is_delivered_again_does_not_undo_a_correction(self, desk):
        old, new = desk.put("prices_2020-01-03.csv", OLD), desk.put("prices_2020-01-06.csv", NEW)
        for address in (old, new, old, new, old):
            desk.ingest(address, prefer="newest-file")
            assert desk.summary["rows_read"] == len(Path(address).read_text().splitlines()) - 1
        assert desk.rows() == CORRECTED
        assert desk.conflicts() == [("2020-01-02", "A", 2.0, 1.0)]

    def test_by_arrival_it_does(self, desk):
        old, new = desk.put("prices_2020-01-03.csv", OLD), desk.put("prices_2020-01-06.csv", NEW)
        for address in (old, new, old):
            desk.ingest(address)
        assert desk.rows()[0] == ("2020-01-02", "A", 1.0)

    def test_the_oldest_can_be_preferred(self, desk):
        old, new = desk.put("2020-01-03/p.csv", OLD), desk.put("2020-01-06/p.csv", NEW)
        for address in (new, old, new):
            desk.ingest(address, prefer="oldest-file")
        assert desk.rows()[0] == ("2020-01-02", "A", 1.0)

    def test_a_price_of_unknown_origin_is_older_than_every_file(self, desk):
        desk.ingest(desk.put("prices_2020-01-06.csv", NEW))
        desk.ingest(desk.put("prices_2020-01-03.csv", OLD), prefer="newest-file")
        assert desk.rows()[0] == ("2020-01-02", "A", 1.0)

    def test_what_else_writes_the_panel_meanwhile_makes_an_origin_unknown(self, desk):
        new = desk.put("prices_2020-01-06.csv", NEW)
        desk.ingest(new, prefer="newest-file")
        desk.ingest(desk.put("by-hand.csv", f"{HEAD}2020-01-02,A,3\n"))
        desk.ingest(desk.put("prices_2020-01-03.csv", OLD), prefer="newest-file")
        assert desk.rows()[0] == ("2020-01-02", "A", 1.0)
        desk.ingest(new, prefer="newest-file")
        assert desk.rows() == CORRECTED

    def test_no_reader_of_the_panel_takes_what_is_remembered_for_data(self, desk):
        desk.ingest(desk.put("prices_2020-01-06.csv", NEW), prefer="newest-file")
        assert {entry.key for entry in open_store(desk.folder / "panel").entries()} == {"year=2020/prices.parquet"}

    def test_two_ways_to_choose_are_not_mixed(self):
        with pytest.raises(UsageError, match="say one of them"):
            IngestOptions(on_conflict="first", prefer="newest-file")

    @pytest.mark.parametrize(
        ("older", "newer"),
        [
            ("in/prices_2020-01-03.csv", "other/prices_2020-01-06.csv"),
            ("a/z_20191231.csv", "b/a_20200101.csv.gz"),
            ("2020-01-03/prices.csv", "2020-01-06/prices.csv"),
            ("drop-2020-01-03.zip/us/prices.csv", "drop-2020-01-06.zip/us/prices.csv"),
            ("prices_v9.csv", "prices_v10.csv"),
            ("prices.csv", "prices_2020-01-06.csv"),
        ],
    )
    def test_files_are_ranked_by_date_then_name(self, older, newer):
        assert rank_of(older) < rank_of(newer)


class TestTolerance:
    NOISE = f"{HEAD}2020-01-02,A,100.00000001\n2020-01-03,A,101\n"

    @pytest.mark.parametrize("on_conflict", ["last", "first"])
    def test_noise_agrees_and_leaves_the_panel_as_it_is(self, desk, on_conflict):
        desk.take(f"{HEAD}2020-01-02,A,100\n2020-01-03,A,100\n")
        written = desk.folder / "panel/year=2020/prices.parquet"
        before = written.read_bytes()
        desk.ingest(desk.put("noise.csv", self.NOISE.replace("101", "100")), tolerance=1e-6, on_conflict=on_conflict)
        assert (desk.summary["duplicates_agreeing"], desk.summary["rows_refused"]) == (2, 0)
        assert written.read_bytes() == before
        desk.ingest(desk.put("noise.csv", self.NOISE), tolerance=1e-6, on_conflict=on_conflict)
        assert desk.summary["conflicts"] == 1
        assert desk.rows()[0] == ("2020-01-02", "A", 100.0)

    def test_without_it_every_bit_counts(self, desk):
        desk.take(f"{HEAD}2020-01-02,A,100\n")
        desk.ingest(desk.put("noise.csv", self.NOISE))
        assert desk.summary["conflicts"] == 1

    def test_a_price_and_an_empty_one_never_agree(self, desk):
        desk.take(f"{HEAD}2020-01-02,A,100\n")
        desk.ingest(desk.put("b.csv", f"{HEAD}2020-01-02,A,\n"), tolerance=0.5)
        assert desk.summary["conflicts"] == 1

    @pytest.mark.parametrize("tolerance", [-1e-6, 1.0, float("nan"), float("inf")])
    def test_a_tolerance_that_cannot_be_is_refused(self, tolerance):
        with pytest.raises(UsageError, match="--tolerance"):
            IngestOptions(tolerance=tolerance)


ROWS = st.tuples(st.integers(2, 4), st.sampled_from("AB"), st.one_of(st.none(), st.integers(1, 3)))


@settings(deadline=None, max_examples=10, suppress_health_check=[HealthCheck.too_slow])
@given(
    data=st.data(),
    drops=st.lists(st.lists(ROWS, min_size=1, max_size=4), min_size=1, max_size=3),
    prefer=st.sampled_from(["newest-file", "oldest-file"]),
    tolerance=st.sampled_from([0.0, 0.4]),
)
def test_conflicting_drops_in_any_order_any_number_of_times_give_the_same_panel(data, drops, prefer, tolerance):
    places = list(range(len(drops)))
    order = data.draw(st.permutations(places + data.draw(st.lists(st.sampled_from(places), max_size=3))))
    batches = data.draw(st.lists(st.integers(1, 2), min_size=len(order), max_size=len(order)))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = [folder / f"drop_2020-01-{number + 10}.csv" for number in places]
        for file, drop in zip(files, drops, strict=True):
            lines = [f"2020-01-{day:02},{ticker},{'' if price is None else price}\n" for day, ticker, price in drop]
            file.write_text(HEAD + "".join(lines), encoding="utf-8")
        options = IngestOptions(Source(scale=1.0), prefer=prefer, tolerance=tolerance)

        def deliver(panel, numbers):
            out = open_store(folder / "run")
            told = ingest([str(files[number]) for number in numbers], open_store(folder / panel), out, options)
            assert told["rows_read"] == told["rows_written"] + told["duplicates_agreeing"] + told["rows_refused"]

        left = list(order)
        for size in batches:
            if left:
                deliver("shuffled", left[:size])
                left = left[size:]
        deliver("in_order", places)
        shuffled, in_order = (open_store(folder / panel) for panel in ("shuffled", "in_order"))
        assert _rows(shuffled) == _rows(in_order)


def _rows(panel):
    return [row for year in list_years(panel) for row in read_year(panel, year).rows()]
