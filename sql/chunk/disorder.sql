-- Rows that do not follow the row before them: files in another order, or a key twice.
with starts_of_runs as (
    select ticker, lag(ticker) over (partition by year(date) order by place) as ticker_before
    from present
    where is_streamed and (place_before is null or not is_same_run(place, place_before))
)
select
    (select count(*) from present where is_streamed and place <= place_before)
    + (select count(*) from starts_of_runs where ticker <= ticker_before) as disordered,
    (select count(*) from present where is_judged and place = place_before) as doubled
