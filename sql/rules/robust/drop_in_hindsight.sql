-- name: drop_in_hindsight
-- severity: warning
-- message: Price {price} is far below both what was before, {expected:price}, and what came after, {expected_after:price}
-- parameters: limit = 0.2, sigmas = 8, own_move = 0.1, least_prices = 3, kept = 0.3, beside = 0.35, zero_steps = 6
-- $limit: How far from the expected price, as a share of it, is too far.
-- $sigmas: How many times the ticker's own volatility it must be from it as well.
-- $own_move: How far, as a share, the price may have moved that day: beyond this, the rule of the day speaks.
-- $least_prices: How many of the last 7 prices there must be at least to expect anything.
-- $zero_steps: How many of its usual steps a price must be from it where prices are near zero: shares of them say nothing there.
-- $kept: The share of the way that later prices may have kept: beyond this, the level moved.
-- $beside: The share of the way at which the prices before and after may both stand: beyond this, it lies in the midst of a move.
-- look-back: 70
-- look-ahead: 10
-- retrospective: yes
select
    date,
    ticker,
    price,
    expected,
    deviation,
    expected_after,
    lower_limit(expected, $limit, $sigmas, volatility) as lower,
    upper_limit(expected, $limit, $sigmas, volatility) as upper
from metrics
where deviation < -$limit
    and price > 0
    and price < lower_limit(expected, $limit, $sigmas, volatility)
    and price < lower_limit(expected_after, $limit, $sigmas, volatility)
    -- Beyond this, the rule of the day has spoken already.
    and own_move >= -$own_move
    and price <> previous
    -- Without a leap today or tomorrow, the price crept away, and nothing of it is an error of one day.
    and (abs(own_move) > $own_move or abs(next_move) > $own_move)
    and not is_few_steps(price, expected, $zero_steps, step_near_zero)
    and usable >= $least_prices
    and usable_after >= $least_prices
    -- Nor is a price wrong that is on the way to another level.
    and not coalesce(share_kept(expected_after, expected, price) > $kept, false)
    and not coalesce(way_beside(deviation, own_move, next_move) > $beside, false)
