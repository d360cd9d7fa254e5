-- name: too_many_decimals
-- severity: warning
-- message: More than {decimals} Decimals (value={price})
-- parameters: decimals = 2
-- look-back: 0
select date, ticker, price, round(price, $decimals::integer) as expected, null::double as deviation
from metrics
where isfinite(price) and price <> round(price, $decimals::integer)
