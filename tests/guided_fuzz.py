"""Hostile texts made by a fuzzer that looks at coverage: `make fuzz-guided`.

usage: python -m tests.guided_fuzz READER [options of libFuzzer]
"""
# ruff: noqa: PLC0415 - what is imported within is instrumented

import logging
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import atheris

ROOT = Path(__file__).resolve().parents[1]


def readers(folder: Path) -> dict[str, tuple[Callable[[bytes], object], list[Path]]]:
    """Give by name what reads some bytes, and the files to begin with."""
    from quality.batch.config import read_batch
    from quality.findings.suppression_file import open_suppressions
    from quality.rules.files import read_rule
    from quality.settings import load_settings
    from tests.test_hostile_input import KNOWN, LONG, WIDE, take

    def of_file(name: str, read: Callable[[Path], object]) -> Callable[[bytes], object]:
        def reader(data: bytes) -> object:
            (folder / name).write_bytes(data)
            return read(folder / name)

        return reader

    def seeds(*texts: bytes) -> list[Path]:
        paths = [folder / f"seed{number}" for number in range(len(texts))]
        for path, text in zip(paths, texts, strict=True):
            path.write_bytes(text)
        return paths

    examples, templates = ROOT / "examples", ROOT / "jobs" / "templates"
    return {
        "rule": (of_file("low_price.sql", read_rule), [examples / "rules" / "low_price.sql"]),
        "settings": (
            of_file("pricewatch.toml", lambda file: load_settings(config=file, environment={})),
            [templates / "pricewatch.toml"],
        ),
        "batch": (of_file("nightly.toml", read_batch), [examples / "nightly.toml"]),
        "suppressions": (of_file("known.csv", lambda file: open_suppressions(str(file))), seeds(KNOWN)),
        "csv": (lambda data: take(data, "in.csv"), seeds(LONG, WIDE)),
    }


def main() -> None:
    """Fuzz one reader until time is up; anything but one short error ends the run and leaves the input in a file."""
    name = sys.argv.pop(1)
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        (folder / "corpus").mkdir()
        with atheris.instrument_imports(include=["quality"]):
            from quality.errors import QualityError
            from tests.test_hostile_input import says_one_line

            read, begin = readers(folder)[name]
        for number, file in enumerate(begin):
            (folder / "corpus" / str(number)).write_bytes(file.read_bytes())

        def one(data: bytes) -> None:
            try:
                read(data)
            except QualityError as error:
                says_one_line(error)

        atheris.Setup([*sys.argv, str(folder / "corpus")], one)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
