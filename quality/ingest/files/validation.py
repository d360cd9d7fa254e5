"""Reads a Parquet or Arrow file once in a child process: a damaged one can end the process that reads it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from select import select

from quality.errors import InputError, QualityError

_SECONDS = 600.0
_MOST_BYTES = 8 << 30


class Validator:
    """A child process that reads files and says whether they are whole; it is started by the first."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[str] | None = None

    def check(self, path: Path, kind: str, name: str) -> None:
        """Read a file to its end in the child.

        Args:
            path: The file.
            kind: "parquet" or "arrow".
            name: The file's name for messages.

        Raises:
            InputError: It is damaged, also where the child dies of it.

        """
        reason = self._ask(kind, path)
        if reason:
            raise InputError(f"{name}: cannot be read as {kind.capitalize()}: {reason}")

    def _ask(self, kind: str, path: Path) -> str:
        child = self._child = self._child or _start()
        if child.stdin is None or child.stdout is None:
            raise QualityError("the child process that validates files has no pipes; please report this")
        answer = ""
        with suppress(BrokenPipeError):
            print(json.dumps([kind, str(path)]), file=child.stdin, flush=True)
            if select([child.stdout], [], [], _SECONDS)[0]:
                answer = child.stdout.readline()
        if answer:
            return str(json.loads(answer))
        self.close()
        return "it is damaged in a way that ends the process that reads it"

    def close(self) -> None:
        """End the child."""
        if self._child:
            self._child.kill()
            self._child.communicate()
            self._child = None


@contextmanager
def validating() -> Iterator[Validator]:
    """Give a validator whose child ends with the block."""
    validator = Validator()
    try:
        yield validator
    finally:
        validator.close()


def _start() -> subprocess.Popen[str]:
    root = str(Path(__file__).resolve().parents[3])
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([root, os.environ.get("PYTHONPATH", "")])}
    return subprocess.Popen(  # noqa: S603 - this very module
        [sys.executable, "-m", __name__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        text=True,
    )


def _answer(kind: str, path: str) -> str:
    """Read a file to its end, and say what is wrong with it; "" where nothing is."""
    import pyarrow as pa  # noqa: PLC0415 - in the child alone
    import pyarrow.parquet as pq  # noqa: PLC0415

    try:
        if kind == "parquet":
            batches = pq.ParquetFile(path).iter_batches()
        else:
            reader = pa.ipc.open_file(path)
            batches = (reader.get_batch(position) for position in range(reader.num_record_batches))
        for batch in batches:
            batch.validate(full=True)
    except Exception as error:  # noqa: BLE001 - whatever it is, the file is not whole
        lines = str(error).splitlines() or [type(error).__name__]
        return lines[0]
    return ""


def main() -> None:
    """Answer one line of JSON (kind and path) after the other, until there are no more."""
    import resource  # noqa: PLC0415 - of the child alone

    # A damaged file may ask for any amount of memory: better an error than the end of the machine.
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_BYTES, _MOST_BYTES))
    for line in sys.stdin:
        print(json.dumps(_answer(*json.loads(line))), flush=True)  # noqa: T201 - its standard output is the answer


if __name__ == "__main__":
    main()
