-- How right the findings are, as a whole.
select
    count(*) filter (is_bad) as bad,
    count(*) filter (is_claimed) as claimed,
    count(*) filter (is_bad and is_claimed) as found,
    found / nullif(claimed, 0) as precision,
    found / nullif(bad, 0) as recall,
    2 * found / nullif(bad + claimed, 0) as f1,
    count(*) filter (is_bad and claimed_type = type) / nullif(found, 0) as type_right
from scored_cells
