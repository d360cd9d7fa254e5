-- Injected faults that no rule found on their cell (needs --truth).
select truth.date, truth.ticker, truth.anomaly_type, truth.original_value, truth.new_value
from truth
anti join findings using (date, ticker)
order by truth.date, truth.ticker
