-- What rules of the set `robust` see as `metrics` where there are dates, tickers and prices alone.
create or replace temp view metrics as
    select
        *,
        null::double as volume,
        null::double as volume_before,
        null::bigint as same_rows,
        null::double as chance_of_same_row,
        null::double as adjusted_factor,
        null::varchar as confirmed_split,
        null::varchar as action_ratio,
        null::date as action_date,
        null::boolean as action_shows,
        null::double as action_before
    from measured_cells;
