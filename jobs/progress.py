"""The line on a terminal that says how far long work is: stage, share, time taken, time to go."""

import threading
import time
from typing import TextIO

from jobs.terminal import cut, width_of

_PATIENCE_SECONDS = 0.5  # shorter work shows nothing
_REDRAW_SECONDS = 0.2
_BAR = 24
_ERASE = "\r\x1b[K"
_COUNTED_UP_TO = 9_999  # what is more is bytes, which a share says better
_SECONDS_A_MINUTE, _MINUTES_AN_HOUR = 60, 60


class ProgressLine:
    """Draws itself again and again from a thread of its own, so that the time goes on while a step takes long."""

    def __init__(self, stream: TextIO, title: str) -> None:
        self._stream = stream
        self._stage, self._done, self._of = title, 0, 0
        self._began = time.monotonic()
        self._stage_began = self._last_seen = self._began
        self._is_drawn = False
        self._silent_until = 0.0
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._redraw, name="progress", daemon=True)
        self._thread.start()

    def update(self, stage: str, done: int, of: int) -> None:
        """Tell how far a stage is; it is drawn at the next turn."""
        with self._lock:
            if stage != self._stage:  # it began when the last one was seen for the last time
                self._stage, self._stage_began = stage, self._last_seen
            self._last_seen = time.monotonic()
            self._done, self._of = done, of

    def erase(self) -> None:
        """Take the line away, so that something else can be printed; it comes back a little later."""
        with self._lock:
            self._erase()
            self._silent_until = time.monotonic() + _REDRAW_SECONDS

    def end(self) -> None:
        """Take the line away for good."""
        self._ended.set()
        self._thread.join()
        self.erase()

    def _redraw(self) -> None:
        if self._ended.wait(_PATIENCE_SECONDS):
            return
        while True:
            with self._lock:
                if time.monotonic() >= self._silent_until:
                    self._draw()
            if self._ended.wait(_REDRAW_SECONDS):
                return

    def _draw(self) -> None:
        width = (width_of(self._stream) or 80) - 1  # the last column would start a new line
        now = time.monotonic()
        text = progress_text(self._stage, self._done, self._of, now - self._stage_began, now - self._began)
        self._write(_ERASE + cut(text, width))
        self._is_drawn = True

    def _erase(self) -> None:
        if self._is_drawn:
            self._write(_ERASE)
            self._is_drawn = False

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):  # the terminal is gone; the work goes on
            self._ended.set()


def progress_text(stage: str, done: int, of: int, stage_seconds: float, seconds: float) -> str:
    """Say how far a stage is: `scan  [######......]  12/24  50 %  0:03, about 0:03 to go`.

    Args:
        stage: What is being done.
        done: How much of it is done.
        of: Of how much; 0 where that is not known yet.
        stage_seconds: Since the stage began; the time to go follows from it.
        seconds: Since the command began.

    """
    if of <= 0:
        return f"{stage:<8}  {clock(seconds)}"
    share = min(max(done / of, 0.0), 1.0)
    filled = int(_BAR * share)
    counted = f"  {done:,}/{of:,}" if of <= _COUNTED_UP_TO else ""
    to_go = f", about {clock(stage_seconds * (1 - share) / share)} to go" if 0 < share < 1 else ""
    return f"{stage:<8}  [{'#' * filled}{'.' * (_BAR - filled)}]{counted}  {share:.0%}  {clock(seconds)}{to_go}"


def clock(seconds: float) -> str:
    """Write a duration as m:ss or h:mm:ss."""
    minutes, second = divmod(int(seconds), _SECONDS_A_MINUTE)
    hours, minute = divmod(minutes, _MINUTES_AN_HOUR)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"
