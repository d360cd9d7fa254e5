-- The chunk's cells without a row: a ticker is expected on every session after its first one.
create or replace temp table absent as
    with parts as (
        select part, min(session) as first_session, max(session) as last_session
        from sessions
        where is_filed or is_sorted
        group by part
    ),
    between_rows as (
        select
            present.ticker,
            sessions_before.session + 1 as from_session,
            present.session - 1 as to_session
        from present
        join sessions using (date)
        join parts using (part)
        join sessions as sessions_before
            on sessions_before.date = present.date - (present.place - present.place_before)::int
        where present.is_judged
            and is_same_run(present.place, present.place_before)
            and sessions_before.session < present.session - 1
            and sessions_before.session >= parts.first_session
    ),
    expected as (
        select
            parts.part,
            ticker,
            greatest(parts.first_session, tickers.first_session + 1) as from_session,
            parts.last_session as to_session
        from parts
        join tickers on tickers.first_session < parts.last_session
    ),
    before_and_after_rows as (
        select ticker, from_session, coalesce(presence.first_session - 1, to_session) as to_session
        from expected
        left join presence using (part, ticker)
        union all
        select ticker, greatest(from_session, presence.last_session + 1), to_session
        from expected
        join presence using (part, ticker)
    ),
    gaps as (
        select * from between_rows
        union all
        select * from before_and_after_rows where from_session <= to_session
    ),
    late_tickers as (
        select number, first_session
        from tickers
        where first_session >= (select min(first_session) from parts)
    )
    select
        sessions.date,
        gaps.ticker,
        sessions.session,
        -- The position, from 0, among the tickers that history held on that session.
        tickers.number - 1 - (
            select count(*)
            from late_tickers
            where late_tickers.number < tickers.number and late_tickers.first_session >= sessions.session
        ) as position
    from gaps
    join tickers using (ticker)
    join sessions on sessions.session between gaps.from_session and gaps.to_session
