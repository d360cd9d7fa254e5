-- name: price_spike
-- severity: warning
-- message: Price {price} is {deviation:.1%} above the expected {expected:.2f}
-- parameters: limit = 0.2, sigmas = 8, own_move = 0.1, least_prices = 3
-- look-back: 41
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
