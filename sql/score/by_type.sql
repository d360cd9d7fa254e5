-- How many faults of each type were found, how many were called by that type's name, and which rules found them.
with by_rule as (
    select type, rule, count(*) as cells
    from scored_cells
    where is_bad and is_claimed
    group by all
),
explained as (
    select
        type,
        string_agg(format('{} {:.0f} %', rule, 100 * cells / total), ', ' order by cells desc, rule) as rules
    from (select *, sum(cells) over (partition by type) as total from by_rule)
    where cells >= 0.005 * total
    group by type
),
counted as (
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
)
select counted.*, explained.rules
from counted
left join explained using (type)
order by type
