-- The findings of all runs; what an older run does not know is null.
create or replace temp view findings as
    select * replace (coalesce(covered, false) as covered, coalesce(suppressed, false) as suppressed)
    from (
        select * from findings_none
        union all by name
        select findings_rows.* exclude (filename), findings_files.run
        from findings_rows
        join findings_files using (filename)
    ) as all_findings
