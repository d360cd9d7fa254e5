-- Rows of a panel in an order, each with two numbers. Rows that follow one another with the same ticker
-- are a run. Within a run `place` rises by one a day; from one run to the next it jumps by far more than
-- any look-back. So "a row of the same ticker, not before some day" is one comparison of places.
-- `place_before` is the place of the row before.

create or replace macro place_of(run, date) as (run::bigint << 32) + (date - date '1970-01-01');

create or replace macro is_same_run(place, place_before) as place - place_before < (1::bigint << 31);

-- The place of another day in the same run.
create or replace macro place_on(place, date, other_date) as place - (date - other_date);

create or replace macro in_runs(source) as table
    with after_another as (
        select *, back(ticker, 1) as ticker_before, back(date, 1) as date_before
        from query_table(source)
    ),
    numbered as (
        select
            *,
            -- Each year has files of its own, in which the tickers begin anew.
            count(*) filter (ticker <> ticker_before or year(date) <> year(date_before))
                over (rows unbounded preceding) as run
        from after_another
    ),
    placed as (
        select date, ticker, without_nan(price) as price, place_of(run, date) as place
        from numbered
    )
    select *, back(place, 1) as place_before
    from placed;

-- Likewise, of rows that are sorted already: there, years follow each other within a ticker.
create or replace macro in_runs_of_tickers(source) as table
    with after_another as (
        select *, back(ticker, 1) as ticker_before
        from query_table(source)
    ),
    numbered as (
        select *, count(*) filter (ticker <> ticker_before) over (rows unbounded preceding) as run
        from after_another
    ),
    placed as (
        select date, ticker, without_nan(price) as price, place_of(run, date) as place
        from numbered
    )
    select *, back(place, 1) as place_before
    from placed;
