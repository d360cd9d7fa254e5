-- What one rule finds in `metrics`, with the number of the rule. Nine places in braces are filled in: what stands for
-- `metrics` to the rule, the rule's SELECT, its number, whether later days are seen, its message as an expression over
-- that SELECT's columns, or by what it is described later and from what (see `described.sql`), what it may leave out,
-- and which of its findings are wanted. All come from the rule's file and from the program, never from data.
{metrics}
select
    date,
    ticker,
    {number} as rule_number,
    {in_hindsight} as in_hindsight,
    price,
    expected,
    deviation,
    {message} as message,
    {optional},
    {question} as question,
    {arguments}
from (
    {bad_cells}
) as bad_cells
where {wanted}
