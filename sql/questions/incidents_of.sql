-- What has happened to a ticker: its incidents, the latest first.
-- parameters: ticker
select incident, rule, severity, first_date, last_date, sessions, worst_deviation, status, message
from incidents
where ticker = $ticker
order by first_date desc, rule
