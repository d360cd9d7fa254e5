-- name: missing_price
-- severity: error
-- message: Missing/Null Price (value=None)
-- parameters: none
-- look-back: 0
select date, ticker, price, null::double as expected, null::double as deviation
from metrics
where price is null and not is_absent and not is_new
