"""The errors of the library: each says what, where, how many, and what to do next."""


class QualityError(Exception):
    """Base of every error that this library raises on purpose."""


class UsageError(QualityError):
    """A flag, a setting, a rule file or an address is wrong: nothing was started."""


class InputError(QualityError):
    """The input, or a part of it, could not be processed."""


class EmptyInputError(InputError):
    """A file holds no row."""


class NotEnoughHistoryError(InputError):
    """There are fewer sessions of history than the rule set looks back on."""


class DestinationBusyError(QualityError):
    """Another run holds the destination, or has written it first."""


class DeliveryError(QualityError):
    """Results are written, but publishing or mailing them failed."""
