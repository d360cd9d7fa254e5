-- The rows of a chunk and of its margins as numbers: which ticker, which session, what price.
select
    tickers.number as ticker,
    sessions.session as session,
    coalesce(rows.price, 'nan'::double) as price
from near_rows as rows
join sessions using (date)
join tickers using (ticker)
