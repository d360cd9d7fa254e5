-- Where the panel is out of reach: the tickers that were found.
create or replace temp table heat_tickers as
    select distinct ticker from counted
    where not starts_with(ticker, '__')
