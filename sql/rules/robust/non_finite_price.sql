-- name: non_finite_price
-- severity: error
-- message: Price is infinite
-- parameters: none
-- look-back: 19
select date, ticker, price, expected, null::double as deviation
from metrics
where isinf(price)
