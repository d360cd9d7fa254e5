-- Cells are the panel's rows with two numbers: `session`, which counts the panel's dates, and `place`,
-- which puts the rows of one ticker next to each other. Within a ticker, `place` rises by one a session;
-- from one ticker to the next it jumps by far more than any look-back. So `place - place_then <= 7`
-- means "the same ticker, at most seven sessions ago", whatever rows are absent.

create or replace macro place_of(ticker_number, session) as (ticker_number::bigint << 20) + session;

create or replace macro is_same_ticker(step) as step < (1::bigint << 20);

-- Rows in the order of the files, part after part, each by ticker and date: read in one pass.
create or replace macro cells_as_filed(source) as table
    select
        rows.date,
        rows.ticker,
        nullif(rows.price, 'nan'::double) as price,
        sessions.session,
        sessions.part,
        sessions.is_filed,
        sessions.is_sorted,
        tickers.first_session,
        (sessions.part::bigint << 44) + place_of(tickers.number, sessions.session) as place
    from query_table(source) as rows
    join sessions using (date)
    join tickers using (ticker);

-- The rows of the sessions near a turn of parts (or of all sessions, where files are in no order),
-- sorted by ticker and date.
create or replace macro cells_sorted(source) as table
    select
        rows.date,
        rows.ticker,
        nullif(rows.price, 'nan'::double) as price,
        sessions.session,
        sessions.part,
        sessions.is_filed,
        sessions.is_sorted,
        tickers.first_session,
        place_of(tickers.number, sessions.session) as place
    from query_table(source) as rows
    join sessions using (date)
    join tickers using (ticker)
    where sessions.is_near
    order by place;
