-- Where the panel is out of reach: the weekdays from the first to the last date that the runs looked at.
create or replace temp table known_dates as
    select range::date as date
    from range(
        (select min(first_date) from run_spans where first_date is not null)::timestamp,
        (select max(last_date) from run_spans where last_date is not null)::timestamp + interval 1 day,
        interval 1 day
    )
    where isodow(range) < 6
