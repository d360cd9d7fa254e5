"""Tables with several fields a ticker: a line of fields above one of tickers, or `AAPL.Close` and `AAPL.Volume`."""

from collections.abc import Sequence

from quality.errors import InputError
from quality.ingest.format import names
from quality.ingest.format.columns import Columns
from quality.ingest.format.source import Source
from quality.text import visible


def by_field(columns: Columns, source: Source, others: Sequence[int]) -> list[tuple[int, str]]:
    """Give the columns of the one field that is the price, with their tickers; none where the table has no fields.

    Raises:
        InputError: It has fields, and which of them is the price cannot be told.

    """
    if columns.fields:
        pairs = {at: (columns.fields[at], columns.names[at]) for at in others}
    else:
        pairs = {at: names.split_field(columns.names[at]) for at in others}
        is_split = len({names.plain(field) for field, _ in pairs.values()}) > 1 and all(map(all, pairs.values()))
        if not is_split or source.layout or source.ticker_column or _is_column(columns, source.price_column):
            return []
    fields = list(dict.fromkeys(field for field, _ in pairs.values()))
    wanted = [names.plain(source.price_column)] if source.price_column else names.PRICES
    chosen = names.first_named(fields, wanted)
    if chosen is None:
        shown = ", ".join(map(visible, fields))
        raise InputError(
            f"{columns.where}: has several columns a ticker, and which holds the prices cannot be told "
            f"(there is {shown}); say --price-column NAME"
        )
    return [(at, ticker) for at, (field, ticker) in pairs.items() if field == fields[chosen]]


def _is_column(columns: Columns, name: str | None) -> bool:
    return name is not None and (name.startswith("#") or name in columns.names)
