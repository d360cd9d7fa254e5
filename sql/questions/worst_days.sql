-- The days with the most findings: a bad delivery shows here.
select
    date,
    count(*) as findings,
    count(distinct ticker) as tickers,
    mode(rule) as most_frequent_rule
from findings
group by date
order by findings desc, date
limit 20
