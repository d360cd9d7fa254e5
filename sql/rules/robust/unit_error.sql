-- name: unit_error
-- severity: error
-- message: Price {price} is {times:.2f} times the expected {expected:.2f}: a wrong unit?
-- parameters: least_prices = 3
-- $least_prices: How many of the last 7 prices there must be at least to expect anything.
-- look-back: 19
select
    date,
    ticker,
    price,
    expected,
    deviation,
    price / expected as times,
    lower_limit(expected, 0.2, 0, 0) as lower,
    upper_limit(expected, 0.2, 0, 0) as upper
from metrics
where is_unit_error(price, expected)
    and is_unit_error(price, previous)
    and usable >= $least_prices
