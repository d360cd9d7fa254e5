-- What one rule finds in `metrics`, with the number of the rule. Seven places in braces are filled in: what stands for
-- `metrics` to a rule that may not see later days, the rule's SELECT, its number, whether later days are seen, its
-- message as an expression over that SELECT's columns, what it may leave out, and which of its findings are wanted. All
-- come from the rule's file and from the program, never from data.
{metrics}
select
    date,
    ticker,
    {number} as rule_number,
    {in_hindsight} as in_hindsight,
    price,
    expected,
    deviation,
    coalesce({message}, $rule_message) as message,
    {optional}
from (
    {bad_cells}
) as bad_cells
where {wanted}
