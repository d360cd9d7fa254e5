-- The two sources of a chunk's cells: most stream in the order of the files; those whose look-back
-- reaches into another file are few, and are sorted. Each has its sessions: those that it judges and
-- those that it only looks back on.
create or replace temp view filed_cells as
    from in_runs('filed_rows');

create or replace temp view filed_sessions as
    select date, session, is_filed as is_judged, lag(date) over (order by date) as date_before
    from sessions
    where part in (select part from sessions where is_filed);

create or replace temp view sorted_rows as
    select near_rows.*
    from near_rows
    where date in (select date from sessions where is_near)
    order by ticker, date;

create or replace temp view sorted_cells as
    from in_runs_of_tickers('sorted_rows');

create or replace temp view sorted_sessions as
    select date, session, is_sorted as is_judged, lag(date) over (order by date) as date_before
    from sessions
    where is_near or is_sorted;
