-- name: price_spike
-- severity: warning
-- message: Price {price} is {deviation:.1%} above the expected {expected:.2f}
-- parameters: limit = 0.2, sigmas = 8, own_move = 0.1, least_prices = 3
-- $limit: How far from the expected price, as a share of it, is too far.
-- $sigmas: How many times the ticker's own volatility it must be from it as well.
-- $own_move: How far, as a share, the price must also have moved since the one before, beyond the market.
-- $least_prices: How many of the last 7 prices there must be at least to expect anything.
-- look-back: 40
select
    date,
    ticker,
    price,
    expected,
    deviation,
    lower_limit(expected, $limit, $sigmas, volatility) as lower,
    upper_limit(expected, $limit, $sigmas, volatility) as upper
from metrics
where own_move > $own_move
    and price > upper_limit(expected, $limit, $sigmas, volatility)
    and usable >= $least_prices
    and not isinf(price)
    and not is_unit_error(price, expected)
