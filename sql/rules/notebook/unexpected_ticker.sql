-- name: unexpected_ticker
-- severity: info
-- message: Unexpected New Ticker
-- parameters: none
-- look-back: 7
select date, ticker, price, null::double as expected, null::double as deviation
from metrics
where is_new
