-- A digest of the rows up to a day, whatever their order: it stays the same when only later days come.
select cast(count(*) as varchar) || ':' || cast(sum(cast(hash(date, ticker, price) as hugeint)) as varchar)
from read_parquet($files)
where date <= $day
