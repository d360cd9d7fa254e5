-- name: zero_price
-- severity: error
-- message: Price is zero
-- parameters: none
-- look-back: 19
select date, ticker, price, expected, null::double as deviation
from metrics
where price = 0
