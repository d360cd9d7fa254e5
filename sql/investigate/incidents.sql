-- The incidents of the run, or of the history that several runs are.
create or replace temp view incidents as
    select * from incidents_of('latest_findings', 'session_dates')
