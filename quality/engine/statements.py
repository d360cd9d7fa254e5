"""Finds and reads the statements in `sql/`, of the checkout or of the installed package."""

from functools import cache
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]


@cache
def sql_root() -> Path:
    """Give the folder of the statements: the package's copy where there is one, else the checkout's."""
    packaged = _PACKAGE / "sql"
    return packaged if packaged.is_dir() else _PACKAGE.parent / "sql"


@cache
def statement(name: str) -> str:
    """Read a statement by its path below `sql/` without the ending, such as `panel/sessions`."""
    return (sql_root() / f"{name}.sql").read_text(encoding="utf-8").strip().removesuffix(";")
