-- name: unexpected_ticker
-- severity: info
-- message: New ticker, or one that had stopped
-- parameters: none
-- look-back: 20
select date, ticker, price, expected, null::double as deviation
from metrics
where is_new and history >= 7
