-- name: frozen_run
-- severity: warning
-- message: Price {price} stands still for {sessions:count session}, from {first_date} on: that is not the ticker's habit
-- parameters: least_sessions = 2
-- $least_sessions: How many sessions in a row a price must be the one before.
-- high: least_sessions = 2
-- low: least_sessions = 4
-- look-back: 160
-- look-ahead: 25
-- retrospective: also
-- reclassifies: frozen_price
select
    date,
    ticker,
    price,
    expected,
    deviation,
    standing_first as first_date,
    standing_last as last_date,
    standing_sessions as sessions,
    standing_covered as covered
from metrics
where standing_sessions >= $least_sessions
    -- Where a volume is known, it tells: see stale_row.
    and volume is null
