-- What the found faults were called.
select type, rule, count(*) as cells
from scored_cells
where is_bad
group by type, rule
order by type, rule nulls last
