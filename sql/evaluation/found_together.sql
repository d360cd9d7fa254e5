-- What several rules find, in one pass: of each cell, the columns that they name, and whether each rule's condition holds.
-- Two places in braces are filled in; both come from the rules' files, never from data.
select
    cell,
    {columns},
    {conditions}
from metrics
