-- name: missing_ticker
-- severity: error
-- message: Missing Ticker at Position {position}
-- parameters: none
-- look-back: 7
select date, ticker, price, null::double as expected, null::double as deviation, position
from metrics
where is_absent and history >= 7
