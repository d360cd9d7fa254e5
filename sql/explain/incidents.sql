-- The incidents of a ticker, the latest first.
select *
from incidents
where ticker = $ticker
order by first_date desc, family
