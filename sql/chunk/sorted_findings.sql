-- The findings in the order in which they are kept.
select *
from findings
order by date, ticker, rule
