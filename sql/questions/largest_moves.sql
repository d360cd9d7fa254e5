-- The prices furthest from what was expected.
select date, ticker, rule, price, expected, deviation, message
from findings
where deviation is not null and isfinite(deviation)
order by abs(deviation) desc, date, ticker
limit 20
