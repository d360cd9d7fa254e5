-- Injected faults that no rule found on their cell (needs --truth).
select truth.date, truth.ticker, truth.anomaly_type, truth.original_value, truth.new_value
from truth
where not exists (
    select 1 from findings where findings.date = truth.date and findings.ticker = truth.ticker
)
order by truth.date, truth.ticker
