-- name: misaligned_file
-- severity: error
-- message: {shifted} of {movers} prices stand in the place of others: columns that are shifted?
-- parameters: share = 0.2
-- $share: The share of the tickers whose prices must stand in another place.
-- look-back: 150
select
    date,
    '__SESSION__' as ticker,
    null::double as price,
    null::double as expected,
    null::double as deviation,
    shifted,
    movers,
    false as covered
from days
where shifted > 0 and shifted >= $share * movers
union all by name
select metrics.date, ticker, price, expected, deviation, shifted, movers, true as covered
from metrics
join days using (date)
where is_shifted and shifted >= $share * movers
