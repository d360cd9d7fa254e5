-- What was found of some tickers, with what their rules expected.
select date, ticker, rule, severity, price, expected, lower, upper, message
from counted
semi join chart_tickers using (ticker)
order by ticker, date, rule
