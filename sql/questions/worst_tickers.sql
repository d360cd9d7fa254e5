-- The tickers with the most findings, and what kind they are.
select
    ticker,
    count(*) as findings,
    count(*) filter (severity = 'error') as errors,
    mode(rule order by rule) as most_frequent_rule,
    min(date) as first_date,
    max(date) as last_date
from findings
where not suppressed and not covered
group by ticker
order by findings desc, ticker
limit 20
