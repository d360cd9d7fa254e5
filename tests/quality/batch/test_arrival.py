"""Files that are late are waited for, up to a time."""

import datetime as dt

import pytest

from quality.batch.arrival import NotArrivedError, wait_for
from quality.storage import S3Options, open_store

START = dt.datetime(2022, 9, 26, 18, 30, tzinfo=dt.UTC)
UNTIL = START + dt.timedelta(minutes=10)


class Clock:
    """Time that passes by sleeping; `after` seconds, something happens."""

    def __init__(self, after=float("inf"), happens=lambda: None):
        self.seconds, self.after, self.happens = 0.0, after, happens

    def __call__(self, zone):
        return START.astimezone(zone) + dt.timedelta(seconds=self.seconds)

    def sleep(self, seconds):
        self.seconds += seconds
        if self.seconds >= self.after:
            self.happens()


@pytest.fixture(params=["local", "s3"])
def folder(request, tmp_path):
    return open_store(tmp_path / "in" if request.param == "local" else f"{request.getfixturevalue('bucket')}/in")


@pytest.mark.parametrize("address", ["2022-09-26.csv", "*.csv", "2022-*"])
def test_a_late_file_is_waited_for(folder, address):
    clock = Clock(100, lambda: folder.write("2022-09-26.csv", b"date\n"))
    wait_for([f"{folder.address}/{address}"], UNTIL, S3Options(), clock=clock, sleep=clock.sleep)
    assert 100 <= clock.seconds <= 130


def test_a_file_that_is_there_is_not_waited_for(folder):
    folder.write("a[1].csv", b"date\n")
    wait_for([f"{folder.address}/a[1].csv"], None, S3Options())


def test_waiting_ends(folder):
    clock = Clock()
    with pytest.raises(NotArrivedError, match=r"none\.csv did not arrive, waited for until 18:40 UTC; ask its sender"):
        wait_for([f"{folder.address}/none.csv"], UNTIL, S3Options(), clock=clock, sleep=clock.sleep)
    assert clock.seconds == 600


def test_without_a_time_nothing_is_waited_for(folder):
    with pytest.raises(NotArrivedError, match=r"none\.csv did not arrive; ask"):
        wait_for([f"{folder.address}/none.csv"], None, S3Options())
