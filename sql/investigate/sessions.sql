-- The panel's sessions, numbered, with what each holds.
create view sessions as
    select
        row_number() over (order by date) as session,
        date,
        count(*) as rows,
        count(price) as prices
    from panel
    group by date
