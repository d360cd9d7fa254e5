-- How often each rule is right that a cell is bad.
select
    rule,
    count(*) as claimed,
    count(*) filter (is_bad) as found,
    found / claimed as precision,
    claimed - found as false_alarms
from scored_cells
where is_claimed
group by rule
order by rule
