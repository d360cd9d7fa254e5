-- What one rule finds. Two places in braces are filled in: the rule's SELECT, and what it says of the cells that it
-- finds beside what every rule says. Both come from the rule's file, never from data.
select
    date::date as date,
    ticker::varchar as ticker,
    price::double as price,
    expected::double as expected,
    deviation::double as deviation
    {others}
from (
    {bad_cells}
) as bad_cells
