-- name: ticker_stopped
-- severity: warning
-- message: Ticker has been missing for {absent_sessions:count session} and is no longer expected
-- parameters: none
-- look-back: 20
select date, ticker, price, expected, null::double as deviation, absent_sessions
from metrics
where is_absent and absent_sessions = 20
