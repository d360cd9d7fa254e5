-- The messages of what one rule found, and what remained of it. Three places in braces are filled in: the position of the
-- question that found it, its message as an expression over the columns of the findings, and the name of the relation
-- that they are. All come from the rule's file and from the program, never from data.
select
    {question} as question,
    coalesce({message}, $rule_message) as message
from {findings}
