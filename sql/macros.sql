-- Small words that the other statements are written in.

-- The value `k` rows before this one, in the order in which the rows come: a streaming window.
create or replace macro back(value, k) as lag(value, k) over ();

-- A price from the place `start` on, null before: of another ticker, or of too long ago.
create or replace macro price_from(start, price_then, place_then) as
    case when place_then >= start then price_then end;

-- A number, or null for NaN.
create or replace macro without_nan(value) as case when isnan(value) then null else value end;
