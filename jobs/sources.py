"""What may be said of a source's files, for every verb that reads them."""

import argparse

from quality.errors import UsageError
from quality.ingest.format.source import BLANKS, CASES, LAYOUTS, Source
from quality.settings import Settings


def add_source_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what is detected in a file unless it is said."""
    group = parser.add_argument_group("what is detected unless it is said")
    group.add_argument("--source", metavar="NAME", help="take what follows from [sources.NAME] in pricewatch.toml")
    group.add_argument("--layout", choices=LAYOUTS, help="long: a row a price; wide: a column a ticker")
    for role in ("date", "ticker", "price"):
        group.add_argument(f"--{role}-column", metavar="NAME", help=f"the {role}s' column: its name, or #N")
    for name, what in (("volume", "what was traded"), ("adjusted-close", "prices adjusted for splits and dividends")):
        group.add_argument(f"--{name}-column", metavar="NAME", help=f"{what}, to be kept beside the price: name, or #N")
    group.add_argument("--ticker-from", metavar="PATTERN", help="the ticker in the file's name: '{ticker}_*.csv'")
    group.add_argument("--ticker-case", choices=CASES, help="upper or lower case for all tickers")
    group.add_argument("--date-format", metavar="FORMAT", help="as in %%d/%%m/%%Y, or epoch")
    group.add_argument("--timezone", metavar="ZONE", help="the exchange's, which tells the session of a timestamp")
    group.add_argument("--clock", metavar="ZONE", help="the time zone of timestamps that state none")
    group.add_argument("--decimal", metavar="MARK", help="point or comma")
    group.add_argument("--thousands", metavar="MARK", help="comma, point, space, apostrophe or none")
    group.add_argument("--scale", metavar="N", help="what prices were multiplied by: 10000")
    group.add_argument("--encoding", metavar="NAME", help="utf-8, utf-16, latin-1, …")
    group.add_argument("--delimiter", metavar="MARK", help="comma, semicolon, tab, pipe, or any one character")
    group.add_argument("--header", action=argparse.BooleanOptionalAction, help="the first line names the columns")
    group.add_argument("--skip-lines", type=int, metavar="N", help="lines before the header")
    group.add_argument("--blanks", choices=BLANKS, help="what a blank in a wide file is: a row without price, or none")
    group.add_argument("--member", action="append", metavar="PATTERN", help="of archives, read these members alone")
    group.add_argument("--skip", action="append", metavar="PATTERN", help="files and members that are no tables")
    group.add_argument("--allow-empty", action="append", metavar="PATTERN", help="files that may hold no row: '*'")
    group.add_argument("--ignore", action="append", metavar="COLUMN", help="a column to leave aside: name, or #N")


def source_of(options: argparse.Namespace, settings: Settings) -> Source:
    """Give what is said of the files: by flags, over a source of the settings.

    Raises:
        UsageError: There is no source of the name, or a flag's value cannot be.

    """
    source = Source()
    if options.source:
        if options.source not in settings.sources:
            known = ", ".join(settings.sources) or "none"
            raise UsageError(f"--source {options.source}: the settings have no [sources.{options.source}], but {known}")
        source = settings.sources[options.source]
    given = {name: getattr(options, name, None) for name in Source.__dataclass_fields__}
    stated = {name.replace("_", "-"): value for name, value in given.items() if value is not None}
    return source.replaced(stated, "--")
