"""Makes untrusted text harmless to whoever prints it, and finds what a misspelt name was meant to be."""

from collections.abc import Iterable

_LONGEST_NAME = 100
_LONGEST_SHOWN = 80


def visible(text: str) -> str:
    r"""Show what cannot be printed as an escape such as `\x1b`; everything else stays as it is."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def quoted(text: str) -> str:
    """Quote a text for a message: harmless, and not at length."""
    return shortened(repr(text))


def shortened(text: str) -> str:
    """Cut off the end of a text that is too long for a message."""
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


def similar(name: str, names: Iterable[str]) -> str:
    """Give the end of a message that asks for the names that are spelled like one, "" where none is."""
    import difflib  # noqa: PLC0415 - only who misspelt a name pays for it

    known = {known.lower(): known for known in names}
    near = difflib.get_close_matches(name[:_LONGEST_NAME].lower(), known, n=2)
    return f"; did you mean {' or '.join(known[found] for found in near)}?" if near else ""


def counted(count: int, noun: str) -> str:
    """Give a count with its noun: `1 error`, `1,200 errors`, `2 passes`."""
    ending = "" if count == 1 or noun == "info" else "es" if noun.endswith("s") else "s"
    return f"{count:,} {noun}{ending}"
