-- name: missing_ticker
-- severity: error
-- message: Ticker is missing, for {absent_sessions} sessions now
-- parameters: none
-- look-back: 20
select date, ticker, price, expected, null::double as deviation, absent_sessions
from metrics
where is_absent and absent_sessions < 20
