"""The errors of the library: each says what, where, how many, and what to do next."""

import re

# Longer than any path or address.
_LONG_WORD = re.compile(r"\S{600,}")


class QualityError(Exception):
    """Base of every error that this library raises on purpose."""

    def __str__(self) -> str:
        """Give the message; what is much too long for a word of it is cut, for it came from outside."""
        return _LONG_WORD.sub(lambda word: f"{word[0][:100]}…", super().__str__())


class UsageError(QualityError):
    """A flag, a setting, a rule file or an address is wrong: nothing was started."""


class InputError(QualityError):
    """The input, or a part of it, could not be processed."""


class EmptyInputError(InputError):
    """A file holds no row."""


class MixedVersionsError(InputError):
    """A panel was replaced, or half of it is, while it was read: what was read is not of one version of it."""


class NotEnoughHistoryError(InputError):
    """There are fewer sessions of history than the rule set looks back on."""


class DestinationBusyError(QualityError):
    """Another run holds the destination, or has written it first."""


class DeliveryError(QualityError):
    """Results are written, but publishing or mailing them failed."""
