-- All that the rule set has measured, as one relation: what is known on the day and what only later days tell.
create or replace temp view metrics as
    select * from measured_cells
