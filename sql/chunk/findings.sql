-- Where the rules of a chunk put what they find.
create or replace temp table findings (
    date date,
    ticker varchar,
    rule varchar,
    severity varchar,
    price double,
    expected double,
    deviation double,
    message varchar
)
