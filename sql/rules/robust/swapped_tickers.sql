-- name: swapped_tickers
-- severity: error
-- message: Price {price} is that of {partner}, and the other way round, from {first_date} to {last_date}
-- parameters: least_sessions = 2
-- $least_sessions: How many sessions a swap must have lasted to be told from its end; one session tells at once.
-- look-back: 150
-- look-ahead: 26
-- retrospective: also
-- reclassifies: price_spike, price_drop, unit_error, still_in_wrong_unit, still_off_level
select
    date,
    ticker,
    price,
    coalesce(price / block_factor, case when partner is null then lasting_expected else previous end) as expected,
    price / expected - 1 as deviation,
    coalesce(block_first, case when partner is null then lasting_first end, date) as first_date,
    coalesce(block_last, lasting_last, date) as last_date,
    block_factor as factor,
    coalesce(block_partner, partner, lasting_partner) as partner,
    coalesce(date between block_first + 1 and block_last, partner is null and lasting_covered) as covered
from metrics
-- Of a file that is wrong as a whole, that is said.
where not is_shifted
    and (
        (block_partner is not null and block_sessions >= $least_sessions)
        or (partner is not null and block_partner is null and returned_partner is null)
        -- Without an end that is known, it is still the other's.
        or (lasting_partner is not null and partner is null and block_partner is null and returned_partner is null)
    )
