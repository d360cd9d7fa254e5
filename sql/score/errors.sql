-- The missed and the false cells, each with what speaks for an explanation.
with neighbours as (
    select
        errors.date,
        errors.ticker,
        count(*) as bad_before
    from scored_cells as errors
    join scored_cells as near
        on near.ticker = errors.ticker
        and near.is_bad
        and near.date between errors.date - 10 and errors.date - 1
    where errors.is_bad <> errors.is_claimed
    group by all
),
explained as (
    select
        date,
        ticker,
        case when is_bad then 'missed' else 'false' end as error,
        type,
        rule,
        clean,
        final,
        deviation,
        coalesce(bad_before, 0) as bad_before,
        final / clean - 1 as fault
    from scored_cells
    left join neighbours using (date, ticker)
    where is_bad <> is_claimed
)
select
    * exclude (bad_before, fault),
    case
        when error = 'missed' and type = 'duplicate_value' then 'a repeat as nature makes them'
        when error = 'missed' and abs(fault) <= 0.25 then format('only {:.0f} % from the clean price', abs(fault) * 100)
        when error = 'missed' and bad_before > 0 then 'hidden by faults in the days before'
        when error = 'missed' then 'too near to what was expected'
        when rule like 'frozen%' then 'a natural repeat'
        when bad_before > 0 then 'faults in the days before spoil what is expected'
        else 'a large move of the clean price'
    end as reason
from explained
order by date, ticker
