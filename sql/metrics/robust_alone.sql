-- What rules of the set `robust` see as `metrics` where the panel has dates, tickers and prices alone.
create or replace temp view metrics as
    select
        *,
        null::double as volume,
        null::double as volume_before,
        null::bigint as same_rows,
        null::double as chance_of_same_row,
        null::double as adjusted_factor,
        null::varchar as confirmed_split
    from measured_cells;
