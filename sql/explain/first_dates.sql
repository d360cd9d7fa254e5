-- The tickers that history holds, with the number of sessions before the first of each.
select ticker, min(session) as first_session
from panel
join sessions using (date)
where date <= $day
group by ticker
