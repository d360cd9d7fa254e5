-- name: back_to_level
-- severity: info
-- message: Price {price} is back at its level after {sessions:count session}
-- parameters: least_sessions = 2
-- $least_sessions: How many sessions the prices must have been off; one alone is a spike.
-- look-back: 96
-- look-ahead: 10
-- retrospective: yes
-- reclassifies: block_error, swapped_tickers
select
    date,
    ticker,
    price,
    expected,
    deviation,
    returned_first as first_date,
    returned_last as last_date,
    returned_sessions as sessions,
    returned_factor as factor
from metrics
where returned_sessions >= $least_sessions
    -- The next session has come, and does not undo it; or it is wrong itself, and the level says so.
    and (
        abs(next_move) < abs(own_move) / 2
        or abs(ln(price / expected_after)) < abs(ln(1 + own_move)) / 2
    )
