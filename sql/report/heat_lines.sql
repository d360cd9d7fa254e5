-- The bins of tickers: their first and last names.
with numbered as (
    select ticker, row_number() over (order by ticker) - 1 as place, count(*) over () as places
    from heat_tickers
),
bins as (
    select
        (place * least($lines, places) // places)::integer as line,
        min(ticker) as first_ticker,
        max(ticker) as last_ticker,
        count(*) as tickers
    from numbered
    group by line
    order by line
)
select * from bins
