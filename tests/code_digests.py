"""A digest of code that decides findings: where it changes, its version must, or a resumed run mixes two of them."""

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path


def digest_of_code(modules: Iterable[Path]) -> str:
    """Digest the text of modules without docstrings, comments and white space.

    A syntax tree would leave more out, but each Python dumps it otherwise.
    """
    return hashlib.sha256("".join(map(_code, modules)).encode()).hexdigest()[:16]


def _code(path: Path) -> str:
    text = re.sub(r'"{3}.*?"{3}', "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    return "".join(re.sub(r"^\s*#.*$", "", text, flags=re.MULTILINE).split())
