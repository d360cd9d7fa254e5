"""A run's place: never in its panel, never through a link, and nothing foreign in it is deleted."""

import pytest

from quality.errors import UsageError
from quality.findings.run_files import check_destination, clear
from quality.storage import open_store

OWN = [
    "anomalies.csv",
    "anomalies/anomaly_report_1.csv",
    "findings/year=2022/findings.parquet",
    "ledger/year=2022.json",
    "summary.json",
]
FOREIGN = [
    "findings/notes.txt",
    "findings/year=2022/findings.parquet.bak",
    "findings/year=22/findings.parquet",
    "ledger/year=2022.json.old",
    "ledger/private/key.pem",
    "report.html",
]


@pytest.fixture(params=["local", "s3"])
def place(request, tmp_path):
    """The address of a place of either kind."""
    return str(tmp_path / "place") if request.param == "local" else request.getfixturevalue("bucket")


def test_only_what_this_program_wrote_is_taken_away(place):
    run = open_store(f"{place}/run")
    for key in OWN + FOREIGN:
        run.write(key, b"x")
    clear(run)
    assert [entry.key for entry in run.entries()] == sorted(FOREIGN)


def test_what_is_to_be_kept_stays(place):
    run = open_store(f"{place}/run")
    for key in OWN:
        run.write(key, b"x")
    clear(run, keep={"findings/year=2022/findings.parquet"})
    assert [entry.key for entry in run.entries()] == ["findings/year=2022/findings.parquet"]


@pytest.mark.parametrize(
    ("run", "panel", "is_apart"),
    [
        ("run", "panel", True),
        ("panel-run", "panel", True),
        ("panel", "panel", False),
        ("panel/", "panel", False),
        ("panel/runs/1", "panel", False),
        ("data", "data/panel", False),
    ],
)
def test_a_run_and_its_panel_lie_apart(place, run, panel, is_apart):
    pair = open_store(f"{place}/{run}"), open_store(f"{place}/{panel}")
    if is_apart:
        check_destination(*pair)
    else:
        with pytest.raises(UsageError, match="lie in one another"):
            check_destination(*pair)


def test_a_panel_that_is_reached_by_a_link_is_still_the_panel(tmp_path):
    (tmp_path / "panel").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "panel")
    with pytest.raises(UsageError, match="lie in one another"):
        check_destination(open_store(tmp_path / "link" / "run"), open_store(tmp_path / "panel"))


@pytest.mark.parametrize(
    "link", ["findings", "findings/year=2022", "findings/year=2022/findings.parquet", "summary.json"]
)
def test_a_run_is_not_written_through_a_link(tmp_path, link):
    other, run = tmp_path / "other", tmp_path / "run"
    for key in OWN:
        open_store(other).write(key, b"another run's")
    (run / link).parent.mkdir(parents=True)
    (run / link).symlink_to(other / link)
    with pytest.raises(UsageError, match="lies behind a link"):
        check_destination(open_store(run), open_store(tmp_path / "panel"))
    assert open_store(other).read("findings/year=2022/findings.parquet") == b"another run's"


def test_a_run_whose_own_place_is_a_link_is_fine(tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "run").symlink_to(tmp_path / "disk")
    check_destination(open_store(tmp_path / "run"), open_store(tmp_path / "panel"))
