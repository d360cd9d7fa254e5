-- Cells are the panel's rows with two numbers: `session`, which counts the panel's dates, and `place`.
-- Rows that follow one another with the same ticker are a run. Within a run `place` rises by one a
-- session; from one run to the next it jumps by far more than any look-back. So `place - place_then <= 7`
-- means "the same ticker, at most seven sessions ago", whatever rows are absent.

create or replace macro place_of(run, session) as (run::bigint << 20) + session;

create or replace macro is_same_ticker(step) as step < (1::bigint << 19);

-- `ordered` has date, ticker, price, session, is_judged and file: what a run does not go beyond.
create or replace macro placed(ordered) as table
    with after_another as (
        select *, back(ticker, 1) as ticker_before, back(file, 1) as file_before
        from query_table(ordered)
    ),
    in_runs as (
        select
            *,
            count(*) filter (ticker <> ticker_before or file <> file_before) over (rows unbounded preceding) as run
        from after_another
    )
    select date, ticker, nullif(price, 'nan'::double) as price, session, is_judged, place_of(run, session) as place
    from in_runs;

-- Rows in the order of the files, part after part, each by ticker and date: read in one pass.
create or replace macro rows_as_filed(source) as table
    select rows.date, rows.ticker, rows.price, sessions.session, sessions.is_filed as is_judged, sessions.part as file
    from query_table(source) as rows
    join sessions using (date)
    where sessions.part in (select part from sessions where is_filed);

-- The rows of the sessions near a turn of parts (or of all sessions, where files are in no order),
-- sorted by ticker and date.
create or replace macro rows_sorted(source) as table
    select rows.date, rows.ticker, rows.price, sessions.session, sessions.is_sorted as is_judged, 0 as file
    from query_table(source) as rows
    join sessions using (date)
    where sessions.is_near
    order by rows.ticker, rows.date;
