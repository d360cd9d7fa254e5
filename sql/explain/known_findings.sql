-- Whether the findings hold a ticker, and from when to when.
select min(date) as first_date, max(date) as last_date, count(*) as found
from findings
where ticker = $ticker
