-- Small words that the other statements are written in.

-- The value `k` rows before this one, in the order in which the rows come: a streaming window.
create or replace macro back(value, k) as lag(value, k) over ();

-- A price from the place `start` on, null before: of another ticker, or of too long ago.
create or replace macro price_from(start, price_then, place_then) as
    case when place_then >= start then price_then end;

-- A number, or null for NaN.
create or replace macro without_nan(value) as case when isnan(value) then null else value end;

-- How many decimals a number has, as it is written.
create or replace macro decimals(number) as
    case when contains(number::varchar, '.') and not contains(number::varchar, 'e')
        then length(split_part(number::varchar, '.', 2))
        else 0
    end;

-- How many decimals a price is written with: as many as another price has, two at least, six digits at most that count.
create or replace macro decimals_of(value, price) as
    coalesce(
        greatest(
            2,
            least(decimals(price), 5 - floor(log10(nullif(abs(value), 0)))::int),
            case when abs(value) < 1 then 2 - floor(log10(nullif(abs(value), 0)))::int else 0 end
        ),
        2
    )::integer;

-- A price as text, beside another price. Most have two decimals, which need not be counted.
create or replace macro price_text(value, price) as
    round(value, case when round(price, 2) = price and abs(value) >= 1 then 2 else decimals_of(value, price) end)::varchar;
