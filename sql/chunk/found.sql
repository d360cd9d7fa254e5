-- What one rule finds, as findings with limits. Three places in braces are filled in: the rule's SELECT, its
-- message as an expression over that SELECT's columns, and its limits and stretch. All come from the rule's file,
-- never from data.
select
    date,
    ticker,
    $rule_name as rule,
    $rule_severity as severity,
    price,
    expected,
    deviation,
    coalesce({message}, $rule_message) as message,
    {limits}
from (
    {bad_cells}
) as bad_cells
where date between $scope_start and $scope_end
    and ($scope_only is null or list_contains($scope_only, ticker))
    and not list_contains($scope_but, ticker)
