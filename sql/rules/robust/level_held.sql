-- name: level_held
-- severity: info
-- message: Price {price} is at the level that the price went to on {first_date} and held
-- parameters: most_sessions = 4, sigmas = 8, least_prices = 3, steps = 3.5
-- $most_sessions: For how many sessions a new level is doubted, the first one counted; held for longer, it is the level.
-- $sigmas: How many times the ticker's own volatility the leap must be.
-- $least_prices: How many of the 7 prices before the leap there must be at least.
-- $steps: How many of the ticker's smallest price changes the leap must be.
-- look-back: 150
-- look-ahead: 25
-- retrospective: yes
-- reclassifies: still_off_level
select
    date,
    ticker,
    price,
    lasting_expected as expected,
    price / lasting_expected - 1 as deviation,
    lasting_first as first_date,
    lasting_last as last_date,
    lasting_leap as factor,
    lasting_covered as covered
from metrics
where lasting_power = 0
    and lasting_sessions between 2 and $most_sessions
    and lasting_length > $most_sessions
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
