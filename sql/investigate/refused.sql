-- The rows that ingests refused, under names that are no words of SQL.
create or replace temp view refused as
    select
        refused_rows.file,
        refused_rows.line,
        refused_rows."column" as field,
        refused_rows.text as content,
        refused_rows.reason,
        refused_files.run
    from refused_rows
    join refused_files using (filename)
