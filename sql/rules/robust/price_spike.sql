-- name: price_spike
-- severity: warning
-- message: Price {price} is {deviation:.1%} above the expected {expected:price}
-- parameters: limit = 0.2, quiet = 1, sigmas = 9, own_move = 0.1, own_share = 0.55, steps = 3.5, least_prices = 3, zero_steps = 6
-- $limit: How far from the expected price, as a share of it, is too far.
-- $quiet: The share of `limit` enough for quiet tickers: 60 times the volatility, but no less than this and at most 1.
-- $sigmas: How many times the ticker's own volatility it must be from it as well.
-- $own_move: How far, as a share, the price must also have moved since the one before, beyond the market.
-- $own_share: How much of `sigmas` that move must be, as a share, and as much more as the market itself moved.
-- $steps: How many of the ticker's smallest price changes it must also be from it.
-- $least_prices: How many of the last 7 prices there must be at least to expect anything.
-- $zero_steps: How many of its usual steps a price must be from it where prices are near zero: shares of them say nothing there.
-- high: quiet = 0.15, own_move = 0.018
-- low: limit = 0.3, sigmas = 12, own_move = 0.15
-- look-back: 150
select
    date,
    ticker,
    price,
    expected,
    deviation,
    lower_limit(expected, limit_of($limit, $quiet, volatility), $sigmas, volatility) as lower,
    upper_limit(expected, limit_of($limit, $quiet, volatility), $sigmas, volatility) as upper
from metrics
where own_move > $own_move
    and price > upper
    -- What stands outside of the market, as one that is tied to another currency, is at the level it had.
    and price > upper_limit(level, limit_of($limit, $quiet, volatility), $sigmas, volatility)
    -- On a day on which the market itself moves, tickers scatter around it by as much.
    and abs(ln(1 + own_move)) > $own_share * $sigmas * coalesce(volatility, 0) + abs(ln(price / previous / (1 + own_move)))
    and least(abs(price - expected), abs(price - previous)) > $steps * least_step(step, price, previous)
    and not is_few_steps(price, expected, $zero_steps, step_near_zero)
    and usable >= $least_prices
    and not isinf(price)
    -- What has a name of its own is said by that.
    and not is_unit_error(price, expected, previous)
    and not is_in_unit
    and not is_shifted
    and partner is null
    and returned_factor is null
    and confirmed_split is null
    and not is_back
