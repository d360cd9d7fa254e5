-- The chunk's cells that have a row, with the metrics of the rule set.
create or replace temp table present as
    select * from metrics_of('filed_cells') where is_filed
    union all
    select * from metrics_of('sorted_cells') where is_sorted
