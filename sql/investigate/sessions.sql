-- The panel's sessions, numbered, with what each holds.
create or replace temp view sessions as
    select
        row_number() over (order by date) as session,
        date,
        count(*) as row_count,
        count(price) as price_count
    from panel
    group by date
