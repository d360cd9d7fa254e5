-- Every cell that the truth or a finding speaks of, from the eighth session on.
--
-- The truth logs faults in order, and a cell can be hit twice: its clean price is what the first fault found,
-- its final price what the last one left, and its type that of the last fault that changed it. A cell
-- is bad if clean and final price differ once rounded as the panel's prices are. A cell of a fault that lasts is claimed
-- whether its finding counts or is covered by another.
create or replace temp table scored_cells as
with applied as (
    select
        date,
        ticker,
        arg_min_null(clean, place) as clean,
        arg_max_null(final, place) as final,
        arg_max(anomaly_type, place) filter (
            original_value is distinct from new_value
        ) as anomaly_type
    from truth
    group by date, ticker
),
bad as (
    select
        date,
        ticker,
        clean,
        final,
        case
            when anomaly_type in ('missing_value', 'missing_ticker') then 'missing'
            else anomaly_type
        end as type
    from applied
    where clean is distinct from final
        and anomaly_type is not null
),
claimed as (
    select date, ticker, rule, severity, price, expected, deviation, message
    from findings
    where severity in ('error', 'warning')
        and not starts_with(ticker, '__')
    qualify row_number() over (
        partition by date, ticker
        order by severity, rule
    ) = 1
)
select
    date,
    ticker,
    bad.type,
    bad.clean,
    bad.final,
    claimed.rule,
    case
        when types.rule is not null then coalesce(
            types.type, case when claimed.deviation > 0 then 'price_spike' else 'price_drop' end
        )
    end as claimed_type,
    claimed.deviation,
    claimed.message,
    bad.type is not null as is_bad,
    claimed.rule is not null as is_claimed
from bad
full join claimed using (date, ticker)
left join rule_types as types on types.rule = claimed.rule
where date between $first and $last
