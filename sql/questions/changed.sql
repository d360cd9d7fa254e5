-- Which findings are in one of two runs only, or differ: new, gone and changed.
-- parameters: before, after
with earlier as (
    select * from findings where run = $before and not covered
),
later as (
    select * from findings where run = $after and not covered
),
paired as (
    select
        coalesce(later.date, earlier.date) as date,
        coalesce(later.ticker, earlier.ticker) as ticker,
        case
            when earlier.rule is null then 'new'
            when later.rule is null then 'gone'
            else 'changed'
        end as change,
        earlier.rule as rule_before,
        later.rule as rule_after,
        coalesce(later.message, earlier.message) as message
    from earlier
    full join later
        on later.date = earlier.date
        and later.ticker = earlier.ticker
        and coalesce(later.first_rule, later.rule) = coalesce(earlier.first_rule, earlier.rule)
    where earlier.rule is null
        or later.rule is null
        or (earlier.rule, earlier.severity, earlier.message, earlier.suppressed)
            is distinct from (later.rule, later.severity, later.message, later.suppressed)
)
select * from paired
order by date, ticker, change
