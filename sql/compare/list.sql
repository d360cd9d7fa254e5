-- The differences themselves, the latest first.
select * from differences
order by date desc, ticker, change, rule_after, rule_before
limit $most
