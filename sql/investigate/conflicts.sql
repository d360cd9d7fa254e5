-- The prices that differed from others of the same date and ticker.
create or replace temp view conflicts as
    select conflicts_rows.* exclude (filename), conflicts_files.run
    from conflicts_rows
    join conflicts_files using (filename)
