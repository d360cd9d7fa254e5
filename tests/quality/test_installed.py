"""Versions of what is installed, as the packaging tools tell them."""

from importlib.metadata import PackageNotFoundError, version

import pytest

from quality.installed import version_of


@pytest.mark.parametrize("distribution", ["pricewatch-panel", "duckdb", "polars", "numpy", "pyarrow", "Hypothesis"])
def test_it_is_what_the_distribution_says(distribution):
    assert version_of(distribution) == version(distribution)


def test_what_is_not_installed_is_not_found():
    with pytest.raises(PackageNotFoundError):
        version_of("no-such-distribution")
