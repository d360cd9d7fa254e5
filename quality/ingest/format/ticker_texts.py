"""Whether a column of text holds tickers: by what its texts look like, and by how they go with the dates."""

import re
from collections.abc import Sequence

_MOSTLY = 0.95  # real files break every rule now and then
_TICKER = re.compile(r"[A-Z0-9^$.][A-Z0-9.^$&/=:+-]{0,14}(?: [A-Z]{2}(?: Equity| Index| Curncy| Comdty)?)?")
# Capitals that look like tickers and are none.
_CURRENCIES = frozenset(
    {"USD", "EUR", "GBP", "JPY", "CHF", "CAD", "AUD", "NZD", "SEK", "NOK", "DKK", "CNY", "CNH", "HKD", "SGD", "KRW"}
    | {"INR", "BRL", "MXN", "ZAR", "TRY", "PLN", "CZK", "HUF", "ILS", "THB", "TWD", "IDR", "MYR", "PHP", "RUB", "AED"}
    | {"SAR", "CLP", "COP", "ARS", "GBX", "ILA", "ZAC", "USX"}
)
_EXCHANGES = frozenset(
    {"NYSE", "NASDAQ", "AMEX", "ARCA", "BATS", "LSE", "TSE", "TSX", "ASX", "HKEX", "SSE", "SZSE", "NSE", "BSE", "JPX"}
    | {"XETRA", "XNYS", "XNAS", "XLON", "XTKS", "XETR", "XPAR", "XHKG", "XTSE", "XASX", "XSWX", "XAMS", "XMIL", "XMAD"}
    | {"XSTO", "OTC"}
)
_FLAGS = frozenset({"Y", "N", "T", "F", "YES", "NO", "TRUE", "FALSE", "OK", "BUY", "SELL", "HOLD", "EOD", "D", "1D"})
_DAYS = frozenset(
    day[:length]
    for day in ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
    for length in (2, 3, len(day))
)
_NO_TICKERS = (_CURRENCIES, _EXCHANGES, _FLAGS, _DAYS)


def look_like_tickers(texts: Sequence[str]) -> bool:
    """Tell whether some texts look like tickers, and not like currencies, exchanges, weekdays or yes and no."""
    bare = {text.strip() for text in texts}
    if not bare or any({text.upper() for text in bare} <= kind for kind in _NO_TICKERS):
        return False
    return sum(map(_looks_like_one, bare)) >= _MOSTLY * len(bare)


def _looks_like_one(text: str) -> bool:
    return bool(_TICKER.fullmatch(text)) and (text.isdecimal() or any(char.isalpha() for char in text))


def repeat_over_dates(dates: Sequence[str], texts: Sequence[str]) -> bool:
    """Tell whether texts stand side by side on one date, each of them once, as tickers in a long table do."""
    pairs = set(zip(dates, texts, strict=True))
    days = set(dates)
    return len(days) < _MOSTLY * len(pairs) and len(pairs) >= _MOSTLY * len(texts) and len(set(texts)) > 1
