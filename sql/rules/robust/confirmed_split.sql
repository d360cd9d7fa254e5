-- name: confirmed_split
-- severity: info
-- message: Corporate action, {ratio}: price went from {previous:price} to {price}, and the adjusted close did not
-- parameters: least_prices = 3
-- $least_prices: How many of the last 7 prices there must be at least to expect anything.
-- look-back: 150
select
    date,
    ticker,
    price,
    expected,
    deviation,
    previous,
    adjusted_factor as factor,
    confirmed_split as ratio
from metrics
where confirmed_split is not null
    and usable >= $least_prices
    and not is_shifted
    and partner is null
    and returned_factor is null
