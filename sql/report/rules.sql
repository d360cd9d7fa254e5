-- The rules that found anything, with their findings and the incidents that they lead.
with found as (
    select rule, severity, count(*) as findings, count(distinct ticker) as tickers
    from counted
    group by rule, severity
),
led as (
    select rule, severity, count(*) as incidents
    from kept_incidents
    where status <> 'suppressed'
    group by rule, severity
),
rules as (
    select found.rule, found.severity, found.findings, coalesce(led.incidents, 0) as incidents, found.tickers
    from found
    left join led using (rule, severity)
    order by
        case found.severity when 'error' then 1 when 'warning' then 2 else 3 end,
        found.findings desc,
        found.rule
)
select * from rules
