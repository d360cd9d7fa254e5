-- name: invalid_moving_average
-- severity: warning
-- message: Invalid Moving Average
-- parameters: none
-- look-back: 7
select date, ticker, price, moving_average as expected, null::double as deviation
from metrics
where price > 0 and history >= 7 and not is_new
    and (moving_average is null or moving_average = 0 or isnan(moving_average))
