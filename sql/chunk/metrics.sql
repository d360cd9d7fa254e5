-- What rules see: one row a session and expected ticker, with or without a row in the panel.
--   history      sessions before this one
--   is_absent    the ticker was expected and has no row
--   is_new       the ticker's first session, when there was history enough to expect others
create or replace temp view metrics as
    select
        date,
        ticker,
        price,
        session - 1 as history,
        false as is_absent,
        session > 7 and session = first_session as is_new,
        null::bigint as position,
        moving_average,
        change
    from present
    union all
    select date, ticker, null, session - 1, true, false, position, null, null
    from absent
