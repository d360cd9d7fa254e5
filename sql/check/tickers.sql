-- The tickers that whole years hold: all that is read of them.
select distinct ticker
from read_parquet($files)
