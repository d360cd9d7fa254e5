-- Whether the panel or the findings hold a ticker, and from when to when.
with dated as (
    select date from panel where ticker = $ticker
    union all
    select date from findings where ticker = $ticker
)
select min(date) as first_date, max(date) as last_date, count(*) as found
from dated
