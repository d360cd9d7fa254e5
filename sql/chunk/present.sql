-- The chunk's cells that have a row, with the metrics of the rule set: those that a rule may find, and
-- those that do not follow right on the session before (the first ones of their ticker among them),
-- which tell absent cells and disorder. One place in braces is filled in: what the rules look for, from
-- their files.
create or replace temp table present as
    with cells as (
        select *, true as is_streamed
        from metrics_of('filed_cells', 'filed_sessions')
        union all
        select *, false as is_streamed
        from metrics_of('sorted_cells', 'sorted_sessions')
    ),
    metrics as (
        select
            *,
            session - 1 as history,
            false as is_absent,
            -- New cells are the first of their ticker, so they are kept in any case.
            false as is_new,
            null::bigint as position,
            -- Never read, so never drawn; but the engine then leaves the filter where it stands, and
            -- evaluates each metric once a cell instead of once a rule.
            random() as barrier
        from cells
    )
    select * exclude (date_before, history, is_absent, is_new, position, barrier)
    from metrics
    where place_before is null
        or place - place_before is distinct from date - date_before
        or (is_judged and ({suspect}))
