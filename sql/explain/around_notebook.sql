-- What was expected of a ticker on each session, and the limits that a price must break.
select
    date,
    price,
    moving_average as expected,
    moving_average * (1 + $down) as lower,
    moving_average * (1 + $up) as upper,
    change as move
from metrics
where ticker = $ticker
