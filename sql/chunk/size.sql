-- The cells of each year between two dates that were expected and have no row.
select year(date)::integer as year, count(*) as absent
from absent
where date between $start and $end
group by year
