-- What rules of the set `robust` see as `metrics` where the panel has optional columns, or corporate actions
-- are listed.
create or replace temp view metrics as
    from measured_cells;
