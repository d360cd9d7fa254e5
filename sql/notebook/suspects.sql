-- The cells that a rule of the set may find. The others are ordinary, and they are almost all: a price above 0 that is
-- within the limits of its moving average. What is no ordinary price is NaN here, which is within no limits; so is
-- the change from an average that does not exist.
select cell, sum_of_prices, count_of_prices
from windows
where not (
    (ordinary_price - sum_of_prices / count_of_prices) / (sum_of_prices / count_of_prices) between $least and $most
)
