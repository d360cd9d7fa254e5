-- What one rule finds in a relation of cells, with the number of the rule. Five places in braces are filled in: the
-- relation, the rule's SELECT, its number, its message as an expression over that SELECT's columns, and what it may
-- leave out. All come from the rule's file, never from data.
with metrics as (
    from {cells}
)
select
    date,
    ticker,
    {number} as rule_number,
    price,
    expected,
    deviation,
    coalesce({message}, $rule_message) as message,
    {optional}
from (
    {bad_cells}
) as bad_cells
where date between $scope_start and $scope_end
    and ($scope_only is null or list_contains($scope_only, ticker))
    and not list_contains($scope_but, ticker)
