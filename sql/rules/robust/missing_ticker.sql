-- name: missing_ticker
-- severity: error
-- message: Ticker is missing, for {absent_sessions:count session} now
-- parameters: none
-- look-back: 101
select
    date,
    ticker,
    price,
    expected,
    null::double as deviation,
    absent_sessions,
    -- Said once; from the second session on, it is still missing.
    absent_counted > 1 as covered
from metrics
where is_absent and absent_sessions < 20 and not is_absent_by_habit and not is_of_incomplete_session
