-- Which findings are known and do not count, by rule and ticker.
select rule, ticker, count(*) as findings, min(date) as first_date, max(date) as last_date
from findings
where suppressed
group by rule, ticker
order by findings desc, rule, ticker
