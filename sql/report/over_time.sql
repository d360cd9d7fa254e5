-- Findings by time and severity, in steps of a day, a week, a month or a year.
select
    date_trunc($step, date)::date as start,
    count(*) filter (severity = 'error') as errors,
    count(*) filter (severity = 'warning') as warnings,
    count(*) filter (severity = 'info') as infos
from counted
group by start
order by start
