-- Which findings stand on cells that no fault was injected into (needs --truth).
select findings.date, findings.ticker, findings.rule, findings.severity, findings.price, findings.message
from findings
anti join truth using (date, ticker)
where not findings.suppressed and findings.severity <> 'info'
order by findings.date, findings.ticker
