-- name: vendor_incident
-- severity: error
-- message: {in_unit} of {movers} prices are {how_far}: another unit?
-- parameters: least_tickers = 5
-- $least_tickers: How many tickers must be off by the same power of ten.
-- look-back: 150
select
    date,
    '__SESSION__' as ticker,
    null::double as price,
    null::double as expected,
    null::double as deviation,
    in_unit,
    movers,
    times_off(10.0 ** incident_power) as how_far,
    10.0 ** incident_power as factor,
    false as covered
from days
where in_unit >= $least_tickers
union all by name
select
    metrics.date,
    ticker,
    price,
    expected,
    deviation,
    in_unit,
    movers,
    times_off(10.0 ** days.incident_power) as how_far,
    10.0 ** days.incident_power as factor,
    true as covered
from metrics
join days using (date)
where is_in_unit and in_unit >= $least_tickers
