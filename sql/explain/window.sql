-- The rows of the sessions around a day: as many before and after as the rule set looks back and ahead on.
with dates as (
    select distinct date from panel
    where date between $earliest and $latest
),
window_dates as (
    (select date from dates where date <= $day order by date desc limit $before + 1)
    union all
    (select date from dates where date > $day order by date limit $after)
),
window_rows as (
    select panel.*
    from panel
    semi join window_dates using (date)
    where panel.date between $earliest and $latest
)
select * from window_rows
