-- A ticker's prices around its findings, the latest first.
-- parameters: ticker, sessions = 40
select
    panel.date,
    panel.price,
    panel.price / lag(panel.price) over (order by panel.date) - 1 as change,
    findings.rule,
    findings.severity,
    findings.expected,
    findings.deviation,
    findings.message
from panel
left join findings
    on findings.ticker = panel.ticker
    and findings.date = panel.date
where panel.ticker = $ticker
order by panel.date desc
limit $sessions::bigint
