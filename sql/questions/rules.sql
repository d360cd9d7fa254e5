-- How often each rule fired, and on how many tickers and days.
select
    rule,
    severity,
    count(*) as findings,
    count(distinct ticker) as tickers,
    count(distinct date) as days
from findings
where not suppressed and not covered
group by rule, severity
order by findings desc, rule
