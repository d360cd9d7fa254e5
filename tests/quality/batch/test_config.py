"""The configuration of a batch: old keys and new, one panel and many; what is wrong is named with file and key."""

import datetime as dt

import pytest

from quality.batch.config import read_batch
from quality.errors import UsageError

DAY = dt.date(2022, 9, 26)


@pytest.fixture
def read(tmp_path):
    def read(text):
        (tmp_path / "nightly.toml").write_text(text, encoding="utf-8")
        return read_batch(tmp_path / "nightly.toml")

    return read


def test_the_day_stands_in_every_address(read):
    (task,) = read(
        '[batch]\njob = "check"\npanel = "p"\nrun = "runs/{date}"\nfile = "in/{date}.csv"\n'
        'publish = "s3://b/{date}"\nrules = ["rules/{date}"]\nmail = true\nappend = true\n'
    ).tasks
    filled = task.on(DAY, "check")
    assert (filled.run, filled.file, filled.publish, filled.rules) == (
        "runs/2022-09-26",
        "in/2022-09-26.csv",
        "s3://b/2022-09-26",
        ("rules/2022-09-26",),
    )
    assert (task.name, task.jobs, task.mail, task.append, task.fail_on) == ("p", ("check",), True, True, None)


def test_dates_are_dates(read):
    (task,) = read('[batch]\njob = "scan"\npanel = "p"\nrun = "r"\nstart = 2022-01-01\nformats = ["parquet"]\n').tasks
    assert (task.start, task.formats) == (dt.date(2022, 1, 1), ("parquet",))


def test_panels_share_what_the_batch_says_and_have_their_own(read):
    config = read(
        '[batch]\njob = ["scan", "check"]\nfile = "in/{panel}/{date}.csv"\ncalendar = "XNYS"\n'
        'timezone = "America/New_York"\nday = "previous"\nwait_until = "20:30"\n'
        '[batch.panels.us]\npanel = "s3://b/us"\n'
        '[batch.panels.jp]\npanel = "s3://b/jp"\ncalendar = "XTKS"\njob = "ingest"\ningest = "drop/*.csv"\n'
    )
    us, jp = config.tasks
    assert (us.jobs, us.calendar, us.wait_until) == (("check", "scan"), "XNYS", dt.time(20, 30))
    assert (jp.jobs, jp.calendar, jp.ingest) == (("ingest",), "XTKS", ("drop/*.csv",))
    assert (str(config.timezone), config.day) == ("America/New_York", "previous")
    assert [us.on(DAY, job).run for job in us.jobs] == ["runs/us/2022-09-26/check", "runs/us/2022-09-26/scan"]
    assert us.on(DAY, "check").file == "in/us/2022-09-26.csv"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "has no section [batch]"),
        ("batch = 5", "has no section [batch]"),
        ("[batch", "is not TOML"),
        ('[batch]\njob = "scan"\n', "[batch] lacks panel, run"),
        ('[batch]\npanles = "p"\n', "no setting batch.panles; there is job, panel, run"),
        ("[batch]\njob = 5\n", "batch.job: 5"),
        ('[batch]\nmail = "yes"\n', "batch.mail: 'yes' is not true or false"),
        ("[batch]\nstart = 2022-01-01T00:00:00\n", "batch.start"),
        ('[batch]\njob = "look"\npanel = "p"\nrun = "r"\n', "batch.job: 'look'"),
        ('[batch]\njob = "check"\npanel = "p"\nrun = "r"\n', "lacks file, the incoming day"),
        ('[batch]\njob = "ingest"\npanel = "p"\nrun = "r"\n', "lacks ingest, the files to read"),
        ('[batch]\njob = "scan"\npanel = "p"\nrun = "r"\nfail_on = "info"\n', "batch.fail_on: 'info'"),
        ('[batch]\ntimezone = "New York"\n', "batch.timezone: 'New York' is not a time zone such as"),
        ('[batch]\nwait_until = "soon"\n', "batch.wait_until: 'soon' is not a time of day HH:MM"),
        (
            '[batch]\njob="scan"\nrun="r"\n[batch.panels.a]\npanel="a"\n[batch.panels.b]\npanel="b"\n',
            "put {panel} into",
        ),
        ('[batch.panels.a]\npanel = "a"\n', "[batch.panels.a] lacks job"),
        ('[batch.panels.a]\npanle = "a"\n', "no setting batch.panels.a.panle"),
    ],
)
def test_what_is_wrong_is_named_with_its_file(read, text, says):
    with pytest.raises(UsageError) as raised:
        read(text)
    assert "nightly.toml: " in str(raised.value)
    assert says in str(raised.value)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(UsageError, match=r"cannot read .*none\.toml: no such file"):
        read_batch(tmp_path / "none.toml")
