"""Makes untrusted text harmless to whoever prints it."""


def visible(text: str) -> str:
    r"""Show what cannot be printed as an escape such as `\x1b`; everything else stays as it is."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
