-- name: low_price
-- severity: info
-- message: Price below {limit:.2f} (value={price:.2f})
-- parameters: limit = 25
-- look-back: 0
select date, ticker, price, null::double as expected, null::double as deviation
from metrics
where price > 0 and price < $limit
