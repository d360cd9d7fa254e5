-- The cells between two dates that were expected and have no row.
select count(*) as absent
from absent
where date between $start and $end
