-- Rows that do not follow the row before them: files in another order, or a key twice.
with starts_of_runs as (
    select ticker, lag(ticker) over (partition by part order by place) as ticker_before
    from present
    join sessions using (session)
    where is_streamed and (step is null or not is_same_ticker(step))
)
select
    (select count(*) from present where is_streamed and step <= 0)
    + (select count(*) from starts_of_runs where ticker <= ticker_before) as disordered,
    (select count(*) from present where is_judged and step = 0) as doubled
