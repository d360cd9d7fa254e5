-- name: still_off_level
-- severity: warning
-- message: Price {price} is still {how_far} against {expected:price}, the level before {first_date}; {lasting_sessions:count session} by now
-- parameters: most_sessions = 4, sigmas = 8, least_prices = 3, steps = 3.5
-- $most_sessions: For how many sessions a new level is doubted, the first one counted; held for longer, it is the level.
-- $sigmas: How many times the ticker's own volatility the leap must be.
-- $least_prices: How many of the 7 prices before the leap there must be at least.
-- $steps: How many of the ticker's smallest price changes the leap must be.
-- look-back: 150
-- look-ahead: 25
-- retrospective: also
select
    date,
    ticker,
    price,
    lasting_expected as expected,
    price / lasting_expected - 1 as deviation,
    lasting_first as first_date,
    lasting_last as last_date,
    lasting_sessions,
    lasting_leap as factor,
    times_off(lasting_leap) as how_far,
    lasting_covered as covered
from metrics
where lasting_power = 0
    and lasting_length between 2 and $most_sessions
    and lasting_usable >= $least_prices
    and abs(ln(lasting_leap)) > $sigmas * coalesce(lasting_volatility, 0)
    and abs(lasting_leap - 1) * lasting_expected > $steps * coalesce(lasting_step, 0)
    -- What has a name of its own is said by that.
    and not is_in_unit
    and not is_shifted
    and lasting_partner is null
    and not lasting_confirmed
    -- And so has a price that leaps again.
    and abs(own_move) < abs(lasting_leap - 1) / 2
