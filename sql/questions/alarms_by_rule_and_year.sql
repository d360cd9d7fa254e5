-- How many findings each rule has in each year.
select
    year(date) as year,
    rule,
    severity,
    count(*) as findings,
    count(distinct ticker) as tickers
from findings
where not suppressed and not covered
group by year(date), rule, severity
order by year, findings desc, rule
