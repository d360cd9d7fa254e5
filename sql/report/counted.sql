-- The findings that count: not known ones, and of a fault that lasts, the one that speaks of it.
create or replace temp table counted as
    select * from latest_findings
    where not suppressed and not covered
