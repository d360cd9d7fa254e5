-- The bins of sessions: their first and last dates.
with numbered as (
    select date, row_number() over (order by date) - 1 as place, count(*) over () as places
    from session_dates
),
bins as (
    select
        (place * least($columns, places) // places)::integer as bin,
        min(date) as first_date,
        max(date) as last_date,
        count(*) as sessions
    from numbered
    group by bin
    order by bin
)
select * from bins
