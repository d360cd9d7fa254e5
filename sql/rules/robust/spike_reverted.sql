-- name: spike_reverted
-- severity: warning
-- message: Price {price} moved {own_move:.1%} beyond the market, and the next one moved back
-- parameters: least = 0.03, sigmas = 5, apart = 0.5, quiet = 0.012
-- $least: How large, as a share, the smaller of both moves must be.
-- $sigmas: How many times the ticker's own volatility it must be as well.
-- $apart: What the two moves may differ by, as a share of the smaller one.
-- $quiet: The volatility below which four fifths of `sigmas` are enough, where the moves differ by three tenths of `apart`.
-- high: sigmas = 4
-- low: least = 0.05, sigmas = 8
-- look-back: 150
-- look-ahead: 1
-- retrospective: yes
-- reclassifies: confirmed_split
with moves as (
    select *, ln(1 + own_move) as there, ln(1 + next_move) as back, least(abs(there), abs(back)) as smaller
    from metrics
)
select
    date,
    ticker,
    price,
    expected,
    deviation,
    own_move
from moves
where there * back < 0
    and smaller > greatest($least, 0.8 * $sigmas * volatility)
    and volatility is not null
    and not is_of_shifted_session
    -- No smaller move has a logarithm as large as that: most cells need not be asked for more.
    and abs(own_move) > 0.6 * least($least, 1)
    and abs(next_move) > 0.6 * least($least, 1)
    and abs(there + back) < $apart * smaller
    and (
        smaller > $sigmas * volatility
        or (volatility < $quiet and abs(there + back) < 0.3 * $apart * smaller)
    )
    -- The price itself moved, not only the market around it: on a day of the market, tickers scatter by as much.
    and abs(ln(price / previous)) > smaller / 2
    and smaller > $least + abs(ln(price / previous / (1 + own_move)))
    -- What the day before did is undone; the price itself is right.
    and abs(ln(price / expected)) > smaller / 2
