-- The chunk's cells that have a row, with the metrics of the rule set: those that a rule may find, and
-- those that do not come right after the ticker's session before (its first ones among them), which
-- tell absent cells and disorder. One place in braces is filled in: what the rules look for, from their
-- files. The step stands above the metrics on purpose: a window keeps the filter, and with it a
-- second evaluation of every metric that it names, from sinking below it.
create or replace temp table present as
    with cells as (
        select *, place - back(place, 1) as step, true as is_streamed from metrics_of('filed_cells')
        union all
        select *, place - back(place, 1) as step, false as is_streamed from metrics_of('sorted_cells')
    ),
    metrics as (
        -- New cells are the first of their ticker, so they are kept in any case.
        select *, session - 1 as history, false as is_absent, false as is_new, null::bigint as position
        from cells
    )
    select * exclude (history, is_absent, is_new, position)
    from metrics
    where step is distinct from 1 or (is_judged and ({suspect}))
