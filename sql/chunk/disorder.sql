-- Rows that do not follow the row before them: files in another order (below 0), or a key twice (0).
select count(*) filter (step <= 0) as disordered, count(*) filter (step = 0) as doubled
from present
