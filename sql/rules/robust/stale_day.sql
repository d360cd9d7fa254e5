-- name: stale_day
-- severity: error
-- message: {repeats} of {movers} prices are those of the session before: the same file again?
-- parameters: least_repeats = 5
-- $least_repeats: How many prices must be those of the session before.
-- look-back: 70
select
    date,
    '__SESSION__' as ticker,
    null::double as price,
    null::double as expected,
    null::double as deviation,
    repeats,
    movers,
    false as covered
from days
where is_stale and repeats >= $least_repeats
union all by name
select metrics.date, ticker, price, expected, deviation, repeats, movers, true as covered
from metrics
join days using (date)
where is_of_stale_session and repeats >= $least_repeats
