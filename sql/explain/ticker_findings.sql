-- What was found of a ticker, and of whole days: all that its incidents depend on.
create or replace temp table ticker_findings as
    select * from latest_findings
    where ticker in ($ticker, '__SESSION__')
