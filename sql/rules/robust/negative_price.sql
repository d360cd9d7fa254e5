-- name: negative_price
-- severity: error
-- message: Price {price} is negative
-- parameters: usual = 10
-- $usual: How many of the last 20 prices must not be positive, without a leap across zero in the last 60, for another to be usual.
-- look-back: 60
select date, ticker, price, expected, null::double as deviation
from metrics
where price < 0
    and not isinf(price)
    -- Rates cross zero by small steps; a wrong sign does not.
    and not near_zero
    and below_zero < $usual
