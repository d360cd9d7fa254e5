-- The last sessions of history, from which the day's expectations come.
create or replace temp table tail as
    select date, ticker, price
    from read_parquet($files)
    where date >= $from_session and date < $day
