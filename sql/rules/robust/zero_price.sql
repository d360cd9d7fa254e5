-- name: zero_price
-- severity: error
-- message: Price is zero
-- parameters: usual = 10
-- $usual: How many of the last 20 prices must not be positive, without a leap across zero in the last 60, for another to be usual.
-- look-back: 60
select date, ticker, price, expected, null::double as deviation
from metrics
where price = 0
    -- Rates may be zero; the first time, it is worth a look.
    and not (near_zero and below_zero > 0)
    and below_zero < $usual
