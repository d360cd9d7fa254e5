-- The rows of a chunk and of its margins.
select ticker, date, price
from near_rows
where date between $first and $last
