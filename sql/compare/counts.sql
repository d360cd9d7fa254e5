-- How many findings are new, gone and changed; how many of them on days that the other run did not look at.
select change, count(*) as findings, count(*) filter (is_beyond) as beyond
from differences
group by change
order by change
