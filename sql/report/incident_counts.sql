-- How many incidents there are, by severity and status.
select severity, status, count(*) as incidents
from kept_incidents
group by severity, status
order by min(grade), status
