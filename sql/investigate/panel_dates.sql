-- The dates that the panel holds.
create or replace temp table known_dates as
    select distinct date from panel
