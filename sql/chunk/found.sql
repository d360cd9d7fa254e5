-- What one rule finds, as findings. Two places in braces are filled in: the rule's SELECT, and its
-- message as an expression over that SELECT's columns. Both come from the rule's file, never from data.
select
    date,
    ticker,
    $rule_name as rule,
    $rule_severity as severity,
    price,
    expected,
    deviation,
    coalesce({message}, $rule_message) as message
from (
    {bad_cells}
) as bad_cells
where date between $scope_start and $scope_end
    and ($scope_only is null or list_contains($scope_only, ticker))
    and not list_contains($scope_but, ticker)
