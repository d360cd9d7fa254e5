"""Finds bad prices in panels of daily prices: `quality.scan(frame)` and `quality.check(day, history=…)`."""

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

from quality.errors import (
    DeliveryError,
    DestinationBusyError,
    InputError,
    NotEnoughHistoryError,
    QualityError,
    UsageError,
)

if TYPE_CHECKING:
    from quality.direct.api import Result, check, scan

__all__ = [
    "DeliveryError",
    "DestinationBusyError",
    "InputError",
    "NotEnoughHistoryError",
    "QualityError",
    "Result",
    "UsageError",
    "check",
    "scan",
]
# Functions that share their name with a package of the library: the package can be called.
_CALLED = ("scan", "check")


class _Called(ModuleType):
    """A package that does what its namesake in `quality.direct.api` does."""

    def __call__(self, *given: Any, **named: Any) -> Any:  # noqa: ANN401 - typed where it is defined
        return getattr(_api(), self.__name__.rpartition(".")[2])(*given, **named)


class _Library(ModuleType):
    """The library itself: importing the package `quality.scan` must not hide the function `quality.scan`."""

    def __setattr__(self, name: str, value: object) -> None:
        if name in _CALLED and isinstance(value, ModuleType):
            value.__class__ = _Called
        super().__setattr__(name, value)


def _api() -> ModuleType:
    # Brings all libraries: `pricewatch --help` has no use for them.
    from quality.direct import api  # noqa: PLC0415

    return api


def __getattr__(name: str) -> Any:  # noqa: ANN401 - typed where it is defined
    if name in __all__:
        return getattr(_api(), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)


sys.modules[__name__].__class__ = _Library
