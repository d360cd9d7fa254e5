-- name: level_shift
-- severity: info
-- message: Price went from {expected:price} to {price} and held for {usable_after:count session}
-- parameters: limit = 0.2, sigmas = 8, own_move = 0.1, least_prices = 3
-- $limit: How far from the expected price, as a share of it, is too far.
-- $sigmas: How many times the ticker's own volatility it must be from it as well.
-- $own_move: How far, as a share, the price must also have moved since the one before, beyond the market.
-- $least_prices: How many of the last 7 prices there must be at least to expect anything.
-- look-back: 70
-- look-ahead: 10
-- retrospective: yes
-- reclassifies: price_spike, price_drop
select
    date,
    ticker,
    price,
    expected,
    deviation,
    usable_after,
    lower_limit(expected_after, $limit, $sigmas, volatility) as lower,
    upper_limit(expected_after, $limit, $sigmas, volatility) as upper
from metrics
where abs(own_move) > $own_move
    and price not between lower_limit(expected, $limit, $sigmas, volatility)
        and upper_limit(expected, $limit, $sigmas, volatility)
    and price between lower_limit(expected_after, $limit, $sigmas, volatility)
        and upper_limit(expected_after, $limit, $sigmas, volatility)
    -- It stays where what follows is nearer to it than to what was before.
    and abs(ln(expected_after / price)) < abs(ln(expected_after / expected))
    -- A wrong unit that lasts is still wrong.
    and not is_unit_error(price, expected, previous)
    and usable >= $least_prices
    and usable_after >= $least_prices
