-- The dates that were judged: those that are known, within what the runs looked at, and the ends of that.
create or replace temp table session_dates as
    with known as (
        select date from known_dates
        union
        select date from findings
        union
        select first_date from run_spans where first_date is not null
        union
        select last_date from run_spans where last_date is not null
    ),
    judged as (
        select known.date
        from known
        semi join run_spans
            on known.date >= coalesce(run_spans.first_date, known.date)
            and known.date <= coalesce(run_spans.last_date, known.date)
    )
    select * from judged
