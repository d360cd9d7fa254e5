-- The days with the most findings.
select
    date,
    count(*) as findings,
    count(*) filter (severity = 'error') as errors,
    count(distinct ticker) as tickers,
    mode(rule order by rule) as most_frequent_rule
from counted
group by date
order by findings desc, date
limit 10
