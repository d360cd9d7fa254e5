-- The incidents that are in one of two runs only, or that differ: they have the same id in every run.
with paired as (
    select
        coalesce(later.incident, earlier.incident) as incident,
        coalesce(later.ticker, earlier.ticker) as ticker,
        case
            when earlier.incident is null then 'new'
            when later.incident is null then 'gone'
            else 'changed'
        end as change,
        coalesce(later.first_date, earlier.first_date) as first_date,
        earlier.last_date as last_date_before,
        later.last_date as last_date_after,
        earlier.rule as rule_before,
        later.rule as rule_after,
        earlier.severity as severity_before,
        later.severity as severity_after,
        earlier.status as status_before,
        later.status as status_after,
        coalesce(later.message, earlier.message) as message
    from incidents_before as earlier
    full join incidents_after as later using (incident)
    where earlier.incident is null
        or later.incident is null
        or (earlier.rule, earlier.severity, earlier.last_date, earlier.sessions, earlier.status)
            is distinct from (later.rule, later.severity, later.last_date, later.sessions, later.status)
)
select * from paired
order by first_date desc, ticker, incident
