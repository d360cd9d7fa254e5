-- Whether one condition of a rule holds for one cell: the place in braces is filled from the rule's file.
select ({condition}) as holds
from metrics
where date = $explained_day and ticker = $explained_ticker
