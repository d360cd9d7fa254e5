-- What was expected of a ticker on each session, and the limits that a level must break.
select
    date,
    price,
    expected,
    lower_limit(expected, $limit, $sigmas, volatility) as lower,
    upper_limit(expected, $limit, $sigmas, volatility) as upper,
    own_move as move
from metrics
where ticker = $ticker
