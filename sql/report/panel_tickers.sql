-- The tickers of the panel.
create or replace temp table heat_tickers as
    select distinct ticker from panel
