-- name: rounded_prices
-- severity: warning
-- message: Prices have {rounded_decimals:count decimal} for {sessions:count session}, from {first_date} on, and had more before
-- parameters: most_sessions = 30
-- $most_sessions: After how many sessions fewer decimals are what the ticker has now.
-- look-back: 91
-- look-ahead: 25
-- retrospective: also
select
    date,
    ticker,
    price,
    expected,
    deviation,
    rounded_first as first_date,
    rounded_last as last_date,
    rounded_sessions as sessions,
    rounded_decimals,
    rounded_covered as covered
from metrics
where rounded_sessions between 1 and $most_sessions
