-- How many faults of each type were found, and how many were called by that type's name.
select
    coalesce(type, claimed_type) as type,
    count(*) filter (is_bad) as bad,
    count(*) filter (is_bad and is_claimed) as found,
    found / nullif(bad, 0) as recall,
    count(*) filter (is_bad and claimed_type = type) as named_right,
    count(*) filter (is_claimed and not is_bad) as false_alarms
from scored_cells
where coalesce(type, claimed_type) is not null
group by all
order by type
