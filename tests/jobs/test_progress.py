"""The progress line: what it says, that it goes on by itself, and that it leaves nothing behind."""

import io
import threading

import pytest

from jobs import progress
from jobs.progress import ProgressLine, clock, progress_text


class Watched(io.StringIO):
    """A terminal that tells when something is drawn."""

    def __init__(self):
        super().__init__()
        self.drawn = threading.Event()

    def isatty(self):
        return True

    def write(self, text):
        self.drawn.set()
        return super().write(text)


@pytest.mark.parametrize(
    ("of", "seconds", "text"),
    [
        (24, 3, "scan      [############............]  12/24  50%  0:05, about 0:03 to go"),
        (12, 3, "scan      [########################]  12/12  100%  0:05"),
        (48, 40, "scan      [######..................]  12/48  25%  0:05, about 2:00 to go"),
        (120_000, 1, "scan      [........................]  0%  0:05, about 2:46:39 to go"),
        (0, 3, "scan      0:05"),
    ],
)
def test_says_stage_share_time_taken_and_time_to_go(of, seconds, text):
    assert progress_text("scan", 12, of, seconds, 5) == text


def test_nothing_done_yet_has_no_time_to_go():
    assert progress_text("scan", 0, 4, 1, 1).endswith("0/4  0%  0:01")


def test_durations_read_as_a_clock():
    assert [clock(second) for second in (0.9, 61, 3_600)] == ["0:00", "1:01", "1:00:00"]


def test_draws_itself_without_being_told_and_is_gone_at_the_end(monkeypatch):
    monkeypatch.setattr(progress, "_PATIENCE_SECONDS", 0.0)
    stream = Watched()
    line = ProgressLine(stream, "scan")
    assert stream.drawn.wait(10)
    line.end()
    assert "scan      0:00" in stream.getvalue()
    assert stream.getvalue().endswith("\r\x1b[K")


def test_short_work_shows_nothing():
    stream = Watched()
    line = ProgressLine(stream, "scan")
    line.update("scan", 1, 1)
    line.end()
    assert stream.getvalue() == ""


def test_fits_a_narrow_terminal(monkeypatch):
    monkeypatch.setattr(progress, "_PATIENCE_SECONDS", 0.0)
    monkeypatch.setenv("COLUMNS", "20")
    stream = Watched()
    line = ProgressLine(stream, "a stage with a very long name")
    assert stream.drawn.wait(10)
    line.end()
    assert all(len(part) <= 19 for part in stream.getvalue().split("\r\x1b[K"))


def test_a_terminal_that_is_gone_does_not_stop_the_work(monkeypatch):
    monkeypatch.setattr(progress, "_PATIENCE_SECONDS", 0.0)
    stream = Watched()
    line = ProgressLine(stream, "scan")
    assert stream.drawn.wait(10)
    stream.close()
    line.update("scan", 1, 2)
    line.end()
