"""A panel is read in one version: who meets half of another says so, whatever reads it, and nothing else is refused."""

import datetime as dt
import re
from contextlib import suppress

import polars as pl
import pytest

from jobs.cli import main
from quality.digests import digest_bytes
from quality.errors import InputError, MixedVersionsError
from quality.panel.digests import replacing
from quality.panel.parquet import encode
from quality.panel.partitions import ROWS_A_GROUP, SCHEMA, list_years, new_panel, read_year, write_year
from quality.panel.version import PanelVersion, one_version
from quality.rules.loading import load_ruleset
from quality.scan.run import scan
from quality.storage import open_store

DAYS = pl.date_range(dt.date(2021, 12, 1), dt.date(2022, 1, 20), eager=True)
NEXT_DAY = "date,AAA,BBB\n2022-01-21,1.0,1.0\n"


class KilledError(Exception):
    """The writer dies."""


def rows(year, price):
    days = DAYS.filter(DAYS.dt.year() == year)
    return pl.concat(
        pl.DataFrame({"date": days, "ticker": name, "price": price}, schema=SCHEMA) for name in ("AAA", "BBB")
    )


def replace(panel, years, *, before=None):
    """Replace years as `ingest` does; die before the one that is named."""
    new = {f"year={year}/prices.parquet": encode(rows(year, 2.0), ROWS_A_GROUP) for year in years}
    with suppress(KilledError), replacing(panel, {key: digest_bytes(data) for key, data in new.items()}):
        for key, data in new.items():
            if key == f"year={before}/prices.parquet":
                raise KilledError
            panel.write(key, data)


def panel_in(place):
    store = open_store(place)
    with new_panel(store, overwrite=False) as digests:
        digests.update([write_year(store, rows(2021, 1.0)), write_year(store, rows(2022, 1.0))])
    return store


@pytest.fixture
def panel(tmp_path):
    return panel_in(tmp_path / "panel")


@pytest.fixture(params=["local", "s3"])
def panel_anywhere(request, tmp_path):
    return panel_in(tmp_path / "panel" if request.param == "local" else f"{request.getfixturevalue('bucket')}/panel")


@pytest.fixture
def run(panel, tmp_path):
    """A finished scan of the panel."""
    store = open_store(tmp_path / "run")
    scan(panel, store, load_ruleset("notebook"))
    return store.address


def commands(panel, run, tmp_path):
    (tmp_path / "day.csv").write_text(NEXT_DAY)
    return {
        "sql": ["sql", "select count(*) from panel", "--panel", panel],
        "incidents": ["sql", "select * from incidents", "--run", run],
        "report": ["report", run, "--out", str(tmp_path / "report.html")],
        "timeline": ["explain", "AAA", "--run", run],
        "explain": ["explain", "AAA", "2022-01-20", "--run", run, "--no-chart"],
        "check": ["check", str(tmp_path / "day.csv"), "--history", panel, "--ruleset", "notebook"],
        "inject": ["inject", panel, str(tmp_path / "faulty"), "--truth", str(tmp_path / "truth.parquet")],
        "scan": ["scan", panel, str(tmp_path / "again")],
        "clean": ["scan", panel, str(tmp_path / "again"), "--clean", str(tmp_path / "clean")],
    }


def test_every_verb_that_reads_a_half_replaced_panel_says_so_and_what_to_do(panel, run, tmp_path, capsys):
    replace(panel, [2021, 2022], before=2022)
    for verb, command in commands(panel.address, run, tmp_path).items():
        capsys.readouterr()
        assert main(command) == 3, verb
        out, err = capsys.readouterr()
        text = re.sub(r"\s+", " ", out + err)
        assert "2021" in text, verb
        assert "2022" in text, verb
        assert "ingest the same files again" in text, verb
        assert "run again" in text, verb
    written = {path.name for path in tmp_path.iterdir()}
    assert not written & {"report.html", "clean", "faulty", "truth.parquet"}


@pytest.mark.parametrize("before", [2021, None])
def test_a_panel_that_is_wholly_old_or_wholly_new_is_read_whatever_was_announced(panel, run, tmp_path, before):
    replace(panel, [2021, 2022], before=before)
    with one_version(panel) as years:
        assert {read_year(panel, year).item(0, "price") for year in years} == {1.0 if before else 2.0}
    for verb, command in commands(panel.address, run, tmp_path).items():
        assert main(command) == 0, verb


def test_the_writer_that_does_it_again_mends_it(panel_anywhere):
    panel = panel_anywhere
    replace(panel, [2021, 2022], before=2022)
    with pytest.raises(MixedVersionsError, match="half replaced: of year=2021, year=2022 some"), one_version(panel):
        pass
    replace(panel, [2021, 2022])
    with one_version(panel) as years:
        assert len(years) == 2


def replaced_last(panel):
    replace(panel, [2022])


def added(panel):
    write_year(panel, rows(2022, 1.0).with_columns(pl.col("date").dt.offset_by("1y")))


def removed(panel):
    panel.delete("year=2021/prices.parquet")


@pytest.mark.parametrize("change", [replaced_last, added, removed])
@pytest.mark.parametrize("is_well", [True, False])
def test_a_panel_that_changes_while_it_is_read_is_named_whether_or_not_its_reader_noticed(
    panel_anywhere, change, is_well
):
    def read():
        with one_version(panel_anywhere):
            change(panel_anywhere)
            if not is_well:
                raise InputError("the file is not as it was")

    with pytest.raises(MixedVersionsError, match=r"was replaced while it was read \(year=202\d\); run again"):
        read()


def test_an_error_of_a_reader_stays_its_own_where_the_panel_is_the_same(panel):
    with pytest.raises(InputError, match="of its own"), one_version(panel):
        raise InputError("of its own")


def test_only_the_years_that_were_read_count_where_the_reader_names_them(panel):
    replace(panel, [2021, 2022], before=2022)
    years = list_years(panel)
    old, new = (digest_bytes(panel.read(year.keys[0])) for year in reversed(years))
    version = PanelVersion(panel, years)
    with version.reading({2022: old}):
        pass
    contents = {2022: old}
    with pytest.raises(MixedVersionsError, match="half replaced"), version.reading(contents):
        contents[2021] = new
    with version.reading({2022: old}):
        write_year(panel, rows(2021, 3.0))
    with pytest.raises(MixedVersionsError, match="year=2022"), version.reading({2022: old}):
        write_year(panel, rows(2022, 3.0))


def test_a_check_goes_on_while_years_are_replaced_that_it_need_not_read(panel, tmp_path):
    (tmp_path / "day.csv").write_text(NEXT_DAY)
    check = ["check", str(tmp_path / "day.csv"), "--history", panel.address, "--ruleset", "notebook"]
    assert main(check) == 0  # it remembers the tickers of the earlier year
    replace(panel, [2020, 2021], before=2021)
    assert main(check) == 0
