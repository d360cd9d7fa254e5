-- The sessions: the dates that the files hold, with the partition that holds them.
select distinct year, date
from read_parquet($files, hive_partitioning = true, hive_types = {'year': int})
order by year, date
