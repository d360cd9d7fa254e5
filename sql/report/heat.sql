-- Findings by bins of sessions and bins of tickers: how many, and in how many cells they could be.
with numbered_dates as (
    select date, row_number() over (order by date) - 1 as place, count(*) over () as places
    from session_dates
),
numbered_tickers as (
    select ticker, row_number() over (order by ticker) - 1 as place, count(*) over () as places
    from heat_tickers
),
binned as (
    select
        (dates.place * least($columns, dates.places) // dates.places)::integer as bin,
        (tickers.place * least($lines, tickers.places) // tickers.places)::integer as line,
        count(*) as findings,
        count(*) filter (severity = 'error') as errors
    from counted
    join numbered_dates as dates using (date)
    join numbered_tickers as tickers using (ticker)
    where severity <> 'info'
    group by bin, line
)
select * from binned
order by line, bin
