-- The cells that were judged between two dates, and how many of them have a row.
select
    (select count(*) from present where date between $start and $end) as rows,
    (select count(*) from absent where date between $start and $end) as absent
