-- name: price_drop
-- severity: warning
-- message: Price {price} is {shortfall:.1%} below the expected {expected:.2f}
-- parameters: limit = 0.2, sigmas = 8, own_move = 0.1, least_prices = 3
-- look-back: 41
select
    date,
    ticker,
    price,
    expected,
    deviation,
    -deviation as shortfall,
    lower_limit(expected, $limit, $sigmas, volatility) as lower,
    upper_limit(expected, $limit, $sigmas, volatility) as upper
from metrics
where own_move < -$own_move
    and price > 0
    and price < lower_limit(expected, $limit, $sigmas, volatility)
    and usable >= $least_prices
    and not is_unit_error(price, expected)
