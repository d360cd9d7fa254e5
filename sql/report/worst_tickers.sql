-- The tickers with the most to look at: those with open incidents first; errors count more than warnings, infos not at all.
select
    ticker,
    count(*) filter (severity = 'error') as errors,
    count(*) filter (severity = 'warning') as warnings,
    count(*) filter (status = 'open') as open,
    max(abs(worst_deviation)) as worst_deviation
from kept_incidents
where status <> 'suppressed' and severity <> 'info' and not starts_with(ticker, '__')
group by ticker
order by open > 0 desc, 3 * errors + warnings desc, worst_deviation desc nulls last, ticker
limit $most
