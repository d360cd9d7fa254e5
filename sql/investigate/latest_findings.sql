-- Of several runs, what the latest one that looked at a date says of it.
create or replace temp view latest_findings as
    with dates as (
        select date from session_dates
        union
        select date from findings
    ),
    latest as (
        select dates.date, arg_max(run_spans.run, run_spans.place) as run
        from dates
        join run_spans
            on dates.date >= coalesce(run_spans.first_date, dates.date)
            and dates.date <= coalesce(run_spans.last_date, dates.date)
        group by dates.date
    )
    select findings.*
    from findings
    join latest using (date, run)
