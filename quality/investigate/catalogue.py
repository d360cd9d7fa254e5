"""What can be asked about: the views with their columns, and a sentence on each."""

import tomllib
from dataclasses import dataclass
from functools import cache

from quality.engine.statements import sql_root


@dataclass(frozen=True)
class View:
    """One view: its name, what it holds, and its columns with what each says."""

    name: str
    what: str
    columns: dict[str, str]
    source: str

    @property
    def option(self) -> str:
        """The option that gives it."""
        return f"--{self.source}"


# Which source each view is made from.
_SOURCES = {"panel": "panel", "sessions": "panel", "truth": "truth"}


@cache
def views() -> dict[str, View]:
    """Give all views by name, from `sql/investigate/views.toml`."""
    text = (sql_root() / "investigate/views.toml").read_text(encoding="utf-8")
    declared = tomllib.loads(text)
    return {name: View(name, of.pop("what"), of, _SOURCES.get(name, "run")) for name, of in declared.items()}
