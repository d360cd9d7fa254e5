-- What else was found on a day.
select
    count(*) as findings,
    count(*) filter (severity = 'error') as errors,
    count(distinct ticker) as tickers,
    mode(rule order by rule) as most_frequent_rule
from latest_findings
where date = $day and not suppressed and not covered
