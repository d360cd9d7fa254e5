-- How many tickers the last session of history holds.
select count(distinct ticker)
from tail
where date = (select max(date) from tail)
