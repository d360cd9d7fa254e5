-- name: negative_price
-- severity: error
-- message: Price {price} is negative
-- parameters: usual = 10
-- $usual: How many of the last 20 prices must not be positive for another such one to be usual.
-- look-back: 20
select date, ticker, price, expected, null::double as deviation
from metrics
where price < 0
    and not isinf(price)
    -- Rates cross zero by small steps; a wrong sign does not.
    and not near_zero
    and below_zero < $usual
