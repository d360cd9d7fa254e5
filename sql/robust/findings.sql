-- What the rules of a chunk found; in hindsight a cell may be judged otherwise than on its day.
create or replace temp table found (
    date date,
    ticker varchar,
    rule varchar,
    severity varchar,
    price double,
    expected double,
    deviation double,
    message varchar,
    lower double,
    upper double,
    is_retrospective boolean,
    reclassifies varchar[]
)
