-- The two sources of a chunk's cells: most stream in the order of the files; those whose look-back
-- reaches into another file are few, and are sorted.
create or replace temp view filed_cells as
    from cells_as_filed('filed_rows');

create or replace temp view sorted_cells as
    from cells_sorted('near_rows');
