-- One finding a rule and cell as of its day, and what the days since make of it:
--   open          it is too early to tell, or no retrospective rule can overturn it
--   confirmed     the days since have come, and nothing speaks against it
--   reclassified  the days since explain it: `rule` is what they say, `first_rule` what was said that day
--   hindsight     only the days since show it
with settled as (
    select date
    from sessions
    where session + $look_ahead <= (select max(session) from sessions)
),
on_the_day as (
    select * from found where not is_retrospective
),
in_hindsight as (
    select *
    from found
    where is_retrospective
    qualify row_number() over (
        partition by date, ticker
        order by array_position(['error', 'warning', 'info'], severity), rule
    ) = 1
),
reconsidered as (
    select
        on_the_day.date,
        on_the_day.ticker,
        coalesce(in_hindsight.rule, on_the_day.rule) as rule,
        coalesce(in_hindsight.severity, on_the_day.severity) as severity,
        on_the_day.price,
        on_the_day.expected,
        on_the_day.deviation,
        coalesce(in_hindsight.message, on_the_day.message) as message,
        on_the_day.lower,
        on_the_day.upper,
        case
            when in_hindsight.rule is not null then 'reclassified'
            when list_contains($reclassified, on_the_day.rule)
                and on_the_day.date in (select date from settled) then 'confirmed'
            else 'open'
        end as status,
        on_the_day.rule as first_rule
    from on_the_day
    left join in_hindsight
        on in_hindsight.date = on_the_day.date
        and in_hindsight.ticker = on_the_day.ticker
        and list_contains(in_hindsight.reclassifies, on_the_day.rule)
),
found_late as (
    select
        * exclude (is_retrospective, reclassifies),
        'hindsight' as status,
        null as first_rule
    from in_hindsight
    anti join on_the_day using (date, ticker)
),
findings as (
    select * from reconsidered
    union all by name
    select * from found_late
)
select *
from findings
order by date, ticker, rule, first_rule
