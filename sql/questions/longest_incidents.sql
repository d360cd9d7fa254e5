-- The incidents that lasted longest, the severe ones first.
select incident, ticker, rule, severity, first_date, last_date, sessions, worst_deviation, status
from incidents
order by sessions desc, case severity when 'error' then 1 when 'warning' then 2 else 3 end, first_date, ticker
limit 20
