-- name: block_error
-- severity: error
-- message: Prices from {first_date} to {last_date} ({sessions:count session}) are {how_far}: they left their level and came back to it
-- parameters: least_sessions = 2
-- $least_sessions: How many sessions the prices must have been off; one alone is a spike.
-- look-back: 96
-- look-ahead: 26
-- retrospective: also
-- reclassifies: price_spike, price_drop, unit_error, still_in_wrong_unit, still_off_level, spike_in_hindsight, drop_in_hindsight, confirmed_split
select
    date,
    ticker,
    price,
    -- On the day of return the block is over, and the price is right.
    case when date > block_last then price else price / block_factor end as expected,
    price / expected - 1 as deviation,
    block_first as first_date,
    block_last as last_date,
    block_sessions as sessions,
    block_factor as factor,
    times_off(block_factor) as how_far,
    date between block_first + 1 and block_last as covered
from metrics
where block_sessions >= $least_sessions
    and block_partner is null
    -- Of a file that was wrong as a whole, that is said.
    and not block_of_session
    and price > 0
