-- How many cells of each year were judged between two dates: with a row, and without.
select year(date)::integer as year, count(*) filter (is_row) as rows, count(*) filter (not is_row) as absent
from (
    select date, true as is_row from present
    union all
    select date, false from absent
)
where date between $start and $end
group by year
