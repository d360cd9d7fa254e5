-- The prices of some tickers, with what seven earlier prices let expect: a guide to the eye, without the market's move.
-- The set `notebook` takes the mean of the last seven sessions, `robust` the median of the last seven usable prices.
with wanted as (
    select panel.date, panel.ticker, panel.price, dates.place
    from panel
    semi join chart_tickers using (ticker)
    join (
        select date, row_number() over (order by date) as place from known_dates
    ) as dates using (date)
),
usable as (
    select *, case when price > 0 and isfinite(price) then price end as usable_price
    from wanted
),
with_mean as (
    select
        *,
        avg(price) over (partition by ticker order by place range between 7 preceding and 1 preceding) as mean_price
    from usable
),
with_median as (
    select
        date,
        ticker,
        median(usable_price) over (partition by ticker order by place rows between 7 preceding and 1 preceding) as middle
    from usable
    where usable_price is not null
),
prices as (
    select
        with_mean.ticker,
        with_mean.date,
        with_mean.price,
        case when $is_notebook then with_mean.mean_price else with_median.middle end as expected
    from with_mean
    left join with_median using (date, ticker)
    order by with_mean.ticker, with_mean.date
)
select * from prices
