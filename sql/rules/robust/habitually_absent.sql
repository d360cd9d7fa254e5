-- name: habitually_absent
-- severity: info
-- message: Ticker is missing, for {absent_sessions:count session} now, as it often is
-- parameters: none
-- look-back: 81
select
    date,
    ticker,
    price,
    expected,
    null::double as deviation,
    absent_sessions,
    absent_sessions > 1 as covered
from metrics
where is_absent and absent_sessions < 20 and is_absent_by_habit and not is_of_incomplete_session
