-- The incidents to look at first: the open ones, the severe ones, those that last, those that are far off.
select
    incident,
    ticker,
    rule,
    severity,
    first_date,
    last_date,
    sessions,
    worst_deviation,
    status,
    findings,
    factor,
    message
from kept_incidents
where status <> 'suppressed'
order by
    grade,
    status = 'open' desc,
    sessions desc,
    abs(worst_deviation) desc nulls last,
    first_date desc,
    ticker,
    rule
limit $most
