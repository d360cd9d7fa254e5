-- name: price_decrease
-- severity: warning
-- message: Price Decrease < {limit:abs%} ({deviation:.2%})
-- parameters: limit = -0.2
-- $limit: How far below its moving average, as a share of it, a price is too far, negative.
-- look-back: 7
select date, ticker, price, moving_average as expected, change as deviation
from metrics
where price > 0 and history >= 7 and not is_new and change < $limit
