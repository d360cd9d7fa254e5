-- The incidents of a ticker, the latest first.
select *
from incidents_of('ticker_findings', 'session_dates')
where ticker = $ticker
order by first_date desc, family
