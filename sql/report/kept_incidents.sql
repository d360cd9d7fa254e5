-- The incidents, gathered once for all questions of the report.
create or replace temp table kept_incidents as
    select
        *,
        case severity when 'error' then 1 when 'warning' then 2 else 3 end as grade
    from incidents
