-- name: missing_session
-- severity: info
-- message: No session on {missing} weekdays since {date_before}
-- parameters: weekdays = 1
-- look-back: 1
with gaps as (
    select
        date,
        date_before,
        list_filter(
            range(date_before + 1, date, interval 1 day),
            lambda day : isodow(day) < 6
        ).len() as missing
    from days
)
select
    date,
    '__SESSION__' as ticker,
    null::double as price,
    null::double as expected,
    null::double as deviation,
    missing,
    date_before
from gaps
where missing >= $weekdays
