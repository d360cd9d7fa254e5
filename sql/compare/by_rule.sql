-- The same by rule: that of the later run, where it has the finding.
select
    coalesce(rule_after, rule_before) as rule,
    count(*) filter (change = 'new') as new,
    count(*) filter (change = 'gone') as gone,
    count(*) filter (change = 'changed') as changed
from differences
group by rule
order by count(*) desc, rule
