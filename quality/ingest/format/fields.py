"""Tables with several fields a ticker: a line of fields above one of tickers, or `AAPL.Close` and `AAPL.Volume`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from quality.errors import InputError
from quality.ingest.format import names
from quality.ingest.format.columns import Columns
from quality.ingest.format.source import Source
from quality.text import visible


@dataclass(frozen=True)
class Fields:
    """The columns of a wide table that count.

    Attributes:
        prices: Positions and tickers of the columns of the field that is the price.
        beside: By optional column of a panel that is asked for, the position of each of these tickers' own; None where
            a ticker has none.

    """

    prices: Sequence[tuple[int, str]] = ()
    beside: Mapping[str, tuple[int | None, ...]] = field(default_factory=dict)


def by_field(columns: Columns, source: Source, others: Sequence[int]) -> Fields | None:
    """Give the columns of the one field that is the price, with their tickers; None where the table has no fields.

    Raises:
        InputError: It has fields, and which of them is the price, or an optional column, cannot be told.

    """
    if columns.fields:
        pairs = {position: (columns.fields[position], columns.names[position]) for position in others}
    else:
        pairs = {position: names.split_field(columns.names[position]) for position in others}
        is_split = len({names.plain(name) for name, _ in pairs.values()}) > 1 and all(map(all, pairs.values()))
        is_stated = any(_is_column(columns, name) for name in (source.price_column, *source.extras.values()))
        if not is_split or source.layout or source.ticker_column or is_stated:
            return None
    present = list(dict.fromkeys(name for name, _ in pairs.values()))
    shown = ", ".join(map(visible, present))
    wanted = [names.plain(source.price_column)] if source.price_column else names.PRICES
    price = names.first_named(present, wanted)
    if price is None:
        raise InputError(
            f"{columns.where}: has several columns a ticker, and which holds the prices cannot be told "
            f"(there is {shown}); say --price-column NAME"
        )
    prices = [(position, ticker) for position, (name, ticker) in pairs.items() if name == present[price]]
    beside = {}
    for extra, stated in source.extras.items():
        chosen = names.first_named(present, [names.plain(stated)])
        if chosen is None or chosen == price:
            what = "is the price" if chosen is not None else f"is none of them (there is {shown})"
            flag = f"--{extra.replace('_', '-')}-column"
            raise InputError(f"{columns.where}: has several columns a ticker, and {flag} {visible(stated)} {what}")
        places = {ticker: position for position, (name, ticker) in reversed(pairs.items()) if name == present[chosen]}
        beside[extra] = tuple(places.get(ticker) for _, ticker in prices)
    return Fields(prices, beside)


def _is_column(columns: Columns, name: str | None) -> bool:
    return name is not None and (name.startswith("#") or name in columns.names)
