-- What was found of a ticker around a day.
select * exclude (run)
from latest_findings
where ticker = $ticker and date between $first and $last
order by date, rule
