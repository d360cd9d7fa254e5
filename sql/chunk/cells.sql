-- The two sources of a chunk's cells: most stream in the order of the files; those whose look-back
-- reaches into another file are few, and are sorted.
create or replace temp view filed_in_order as
    from rows_as_filed('filed_rows');

create or replace temp view sorted_in_order as
    from rows_sorted('near_rows');

create or replace temp view filed_cells as
    from placed('filed_in_order');

create or replace temp view sorted_cells as
    from placed('sorted_in_order');
