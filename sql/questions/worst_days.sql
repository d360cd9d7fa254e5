-- The days with the most findings: a bad delivery shows here.
select
    date,
    count(*) as findings,
    count(distinct ticker) as tickers,
    mode(rule order by rule) as most_frequent_rule
from findings
where not suppressed and not covered
group by date
order by findings desc, date
limit 20
