-- name: incomplete_session
-- severity: error
-- message: {absent} of {expected_tickers} expected tickers are missing: a file that came short, or a holiday of some?
-- parameters: share = 0.2
-- $share: The share of the expected tickers that must be missing.
-- look-back: 81
select
    date,
    '__SESSION__' as ticker,
    null::double as price,
    null::double as expected,
    null::double as deviation,
    absent,
    expected_tickers,
    false as covered
from days
where is_incomplete and absent >= $share * expected_tickers
union all by name
select metrics.date, ticker, price, expected, null::double as deviation, absent, expected_tickers, true as covered
from metrics
join days using (date)
where is_of_incomplete_session and is_absent and absent >= $share * expected_tickers
