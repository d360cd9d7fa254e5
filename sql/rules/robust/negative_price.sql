-- name: negative_price
-- severity: error
-- message: Price {price} is negative
-- parameters: none
-- look-back: 19
select date, ticker, price, expected, null::double as deviation
from metrics
where price < 0 and not isinf(price)
