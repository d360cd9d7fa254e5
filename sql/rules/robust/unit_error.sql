-- name: unit_error
-- severity: error
-- message: Price {price} is {how_far} against the expected {expected:price}: a wrong unit, or a split?
-- parameters: least_prices = 3, steps = 3.5
-- $least_prices: How many of the last 7 prices there must be at least to expect anything.
-- $steps: How many of the ticker's smallest price changes it must also be from what is expected.
-- look-back: 150
-- look-ahead: 25
-- retrospective: also
select
    date,
    ticker,
    price,
    expected,
    deviation,
    times_off(price / expected) as how_far,
    date as first_date,
    -- It stands for as long as the price stays where it went.
    coalesce(lasting_last, date) as last_date,
    10.0 ** round(log10(price / expected)) as factor,
    lower_limit(expected, 0.2, 0, 0) as lower,
    upper_limit(expected, 0.2, 0, 0) as upper
from metrics
where is_unit_error(price, expected, previous)
    -- Off by ten, by a tenth, or by more, in plain bounds: of most cells, no more need be asked.
    and price > 0
    and (deviation between 8 and 10 or deviation between -0.91 and -0.89 or deviation > 75 or deviation < -0.98)
    and usable >= $least_prices
    and abs(price - expected) > $steps * coalesce(step, 0)
    and not is_in_unit
    and not is_shifted
    and partner is null
    and returned_factor is null
    and confirmed_split is null
    and not is_back
