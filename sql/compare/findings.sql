-- The findings that are in one of two runs only, or that differ. A finding is the same where date, ticker and the rule of
-- the day are: what later days make of it is a change.
create or replace temp table differences as
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
            earlier.severity as severity_before,
            later.severity as severity_after,
            earlier.status as status_before,
            later.status as status_after,
            earlier.suppressed as suppressed_before,
            later.suppressed as suppressed_after,
            coalesce(later.message, earlier.message) as message
        from earlier
        full join later
            on later.date = earlier.date
            and later.ticker = earlier.ticker
            and coalesce(later.first_rule, later.rule) = coalesce(earlier.first_rule, earlier.rule)
        where earlier.rule is null
            or later.rule is null
            or (earlier.rule, earlier.severity, earlier.message, earlier.status, earlier.suppressed)
                is distinct from (later.rule, later.severity, later.message, later.status, later.suppressed)
    )
    select
        *,
        -- Only one of the runs looked at the day at all.
        case change
            when 'new' then not coalesce(date between $before_first and $before_last, false)
            when 'gone' then not coalesce(date between $after_first and $after_last, false)
            else false
        end as is_beyond
    from paired
