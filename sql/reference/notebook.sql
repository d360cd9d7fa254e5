-- The rule set `notebook` in plain windows, as one would write it by hand: slow and obvious. `rows` is a panel: date,
-- ticker, price. This is what the rules mean; whatever finds the same faster is held against it, bit for bit.
with sessions as (
    select date, row_number() over (order by date) as session
    from (select distinct date from rows)
),

tickers as (
    select ticker, min(session) as first_session
    from rows
    join sessions using (date)
    group by ticker
),

-- One row a session and ticker, from the ticker's first session on, for ever.
cells as (
    select
        sessions.date,
        tickers.ticker,
        sessions.session,
        case when isnan(rows.price) then null else rows.price end as price,
        rows.date is null as is_absent,
        sessions.session = tickers.first_session and sessions.session > 7 as is_new
    from sessions
    join tickers on sessions.session >= tickers.first_session
    left join rows on rows.date = sessions.date and rows.ticker = tickers.ticker
),

averaged as (
    select
        *,
        avg(price) over (
            partition by ticker
            order by session
            rows between 7 preceding and 1 preceding
        ) as moving_average
    from cells
),

changed as (
    select
        *,
        case when moving_average <> 0 then (price - moving_average) / moving_average end as change
    from averaged
),

flagged as (
    select
        *,
        case
            when is_absent and session > 7 then 'missing_ticker'
            when is_absent then null
            when is_new then 'unexpected_ticker'
            when price is null then 'missing_price'
            when price = 0 then 'zero_price'
            when price < 0 then 'negative_price'
            when session <= 7 then null
            when moving_average is null or moving_average = 0 or isnan(moving_average) then 'invalid_moving_average'
            -- Infinity against infinity is no change.
            when isnan(change) then null
            when change > 0.2 then 'price_increase'
            when change < -0.2 then 'price_decrease'
        end as rule
    from changed
),

findings as (
    select
        date,
        ticker,
        rule,
        price,
        case
            when rule in ('invalid_moving_average', 'price_increase', 'price_decrease') then moving_average
        end as expected,
        case when rule in ('price_increase', 'price_decrease') then change end as deviation
    from flagged
    where rule is not null
)

select * from findings
