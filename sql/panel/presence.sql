-- When each ticker was first and last seen in each year, and on how many rows.
select year, ticker, min(date) as first_date, max(date) as last_date, count(*) as row_count
from read_parquet($files, hive_partitioning = true, hive_types = {'year': int})
group by year, ticker
order by year, ticker
