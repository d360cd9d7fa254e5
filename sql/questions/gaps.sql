-- Where tickers have no price for the longest time, sessions in a row.
-- parameters: least = 2
with priced as (
    select ticker, session, date
    from panel
    join sessions using (date)
    where price is not null
),
steps as (
    select
        ticker,
        date as last_price,
        lead(date) over by_session as next_price,
        lead(session) over by_session - session - 1 as sessions_without
    from priced
    window by_session as (partition by ticker order by session)
),
gaps as (
    select * from steps where sessions_without >= $least::bigint
)
select * from gaps
order by sessions_without desc, last_price, ticker
