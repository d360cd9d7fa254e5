-- name: missing_price
-- severity: error
-- message: No price
-- parameters: none
-- look-back: 20
select date, ticker, price, expected, null::double as deviation
from metrics
where price is null and not is_absent
