-- What later days made of findings: how many of each rule were confirmed, reclassified or found in hindsight.
select
    coalesce(first_rule, '(none)') as on_the_day,
    rule as now,
    status,
    count(*) as findings
from findings
where not covered
group by first_rule, rule, status
order by findings desc, on_the_day, now, status
