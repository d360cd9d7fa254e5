-- What is wrong now: the incidents that the last session did not end, the severe ones first.
select incident, ticker, rule, severity, first_date, sessions, worst_deviation, message
from incidents
where status = 'open'
order by case severity when 'error' then 1 when 'warning' then 2 else 3 end, first_date, ticker
