-- What all rules found, in the order in which they were asked.
select *
from found
