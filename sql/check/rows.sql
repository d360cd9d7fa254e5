-- The rows of the tail; where there is no price, NaN.
select date, ticker, coalesce(price, 'nan'::double) as price
from tail
