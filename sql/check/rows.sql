-- A day is judged as a chunk of one session: nothing streams, and its tail is the look-back.
create or replace temp view filed_rows as
    select date, ticker, price
    from tail
    where false;

create or replace temp view near_rows as
    select date, ticker, price
    from tail
    union all
    select date, ticker, price
    from incoming;
