-- The sessions that some years hold before the day, and on the day itself: then it has arrived before.
select distinct date
from read_parquet($files)
where date <= $day
order by date
