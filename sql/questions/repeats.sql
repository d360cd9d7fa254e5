-- Where tickers repeat one price for the longest time, sessions in a row.
-- parameters: least = 3
with changes as (
    select
        ticker,
        date,
        price,
        price is distinct from lag(price) over (partition by ticker order by date) as is_change
    from panel
    where price is not null
),
runs_of_one_price as (
    select *, count(*) filter (is_change) over (partition by ticker order by date rows unbounded preceding) as place
    from changes
),
repeats as (
    select ticker, any_value(price) as price, min(date) as first_date, max(date) as last_date, count(*) as sessions
    from runs_of_one_price
    group by ticker, place
    having count(*) >= $least::bigint
)
select * from repeats
order by sessions desc, first_date, ticker
