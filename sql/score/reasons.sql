-- The errors by reason, most frequent first.
select
    error,
    coalesce(type, rule) as what,
    regexp_replace(reason, '[0-9]+ %', 'a few per cent') as reason,
    count(*) as cells
from errors
group by all
order by cells desc, error, what, reason
