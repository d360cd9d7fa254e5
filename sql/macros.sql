-- Small words that the other statements are written in.

-- The value `k` rows before this one, in the order in which the rows come: a streaming window.
create or replace macro back(value, k) as lag(value, k) over ();

-- What a price adds to a sum, when only the prices from the place `start` on count.
create or replace macro amount_from(start, price_then, place_then) as
    case when place_then >= start and price_then is not null then price_then else 0.0 end;

-- What a price adds to a count, likewise.
create or replace macro one_from(start, price_then, place_then) as
    case when place_then >= start and price_then is not null then 1 else 0 end;

-- A number, or null for NaN.
create or replace macro without_nan(value) as case when isnan(value) then null else value end;
