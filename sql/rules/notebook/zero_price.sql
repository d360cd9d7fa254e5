-- name: zero_price
-- severity: error
-- message: Zero Price (value=0.00)
-- parameters: none
-- look-back: 0
select date, ticker, price, null::double as expected, null::double as deviation
from metrics
where price = 0 and not is_new
