-- Which prices of an ingest differ from others of the same date and ticker, the largest difference first.
select
    date,
    ticker,
    kept_price,
    other_price,
    other_price / nullif(kept_price, 0) - 1 as difference,
    kept_file,
    other_file
from conflicts
order by abs(difference) desc nulls first, date, ticker
