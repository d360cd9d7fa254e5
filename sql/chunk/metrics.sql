-- What rules see: one row a session and expected ticker, with or without a row in the panel; of those
-- with a row, at least the ones that the rules look for. Beside the metrics of the rule set:
--   history      sessions before this one
--   is_absent    the ticker was expected and has no row
--   is_new       the ticker's first session, when there was history enough to expect others
--   position     among the tickers of history, from 0, of an absent one
create or replace temp view metrics as
    with newcomers as (
        select ticker, first_session as session, true as is_new
        from tickers
        where first_session > 7
    )
    select
        present.* exclude (place, place_before, is_judged, is_streamed),
        session - 1 as history,
        false as is_absent,
        coalesce(newcomers.is_new, false) as is_new,
        null::bigint as position
    from present
    left join newcomers using (ticker, session)
    where is_judged
    union all by name
    select date, ticker, null::double as price, session, session - 1 as history, true as is_absent, false as is_new, position
    from absent
