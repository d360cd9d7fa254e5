"""The small chart of a mail is a picture."""

import datetime as dt
import struct

import polars as pl

from quality.delivery.price_chart import can_draw, draw

DAYS = [dt.date(2022, 1, 1) + dt.timedelta(days=number) for number in range(100)]


def test_a_ticker_is_drawn_whatever_its_name_and_prices():
    prices = [100.0 + number % 7 for number in range(98)] + [None, 250.0]
    frame = pl.DataFrame({"date": DAYS, "price": prices})
    findings = pl.DataFrame({"date": DAYS[-2:], "price": [None, 250.0], "expected": [None, 103.0]})
    assert can_draw()
    for ticker in ("ST0001", "$x_{1}$ <b>", "株"):
        image = draw(ticker, frame, findings)
        assert image.startswith(b"\x89PNG")
        width, height = struct.unpack(">II", image[16:24])
        assert (width, height) == (1180, 400)
        assert len(image) < 100_000
