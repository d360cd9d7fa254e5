-- The sessions: the dates that the files hold, with the partition that holds them and their rows.
select year, date, count(*) as row_count
from read_parquet($files, hive_partitioning = true, hive_types = {'year': int})
group by year, date
order by year, date
