-- name: swapped_tickers
-- severity: error
-- message: Price {price} is that of {partner}, and the other way round, from {first_date} to {last_date}
-- parameters: least_sessions = 2
-- $least_sessions: How many sessions a swap must have lasted to be told from its end; one session tells at once.
-- look-back: 96
-- look-ahead: 26
-- retrospective: also
-- reclassifies: price_spike, price_drop, unit_error
select
    date,
    ticker,
    price,
    coalesce(price / block_factor, previous) as expected,
    price / coalesce(price / block_factor, previous) - 1 as deviation,
    coalesce(block_first, date) as first_date,
    coalesce(block_last, date) as last_date,
    block_factor as factor,
    coalesce(block_partner, partner) as partner,
    coalesce(date between block_first + 1 and block_last, false) as covered
from metrics
where (block_partner is not null and block_sessions >= $least_sessions)
    or (partner is not null and block_partner is null and returned_partner is null)
