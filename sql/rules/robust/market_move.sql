-- name: market_move
-- severity: warning
-- message: The whole market moved {deviation:.1%}: the median of {movers} tickers
-- parameters: limit = 0.1
-- $limit: How far, as a share, the median ticker must have moved in a day.
-- look-back: 150
select
    date,
    '__MARKET__' as ticker,
    null::double as price,
    null::double as expected,
    market as deviation,
    movers,
    null::double as lower,
    null::double as upper
from days
where abs(market) > $limit
    -- A file that is wrong as a whole moves the median, too.
    and shifted = 0
    and in_unit = 0
