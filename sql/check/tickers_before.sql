-- The tickers that the day's own year holds before the day.
select distinct ticker
from read_parquet($files)
where date < $day
