-- name: likely_split
-- severity: warning
-- message: Likely split: price went from {previous:price} to {price}, near {ratio}, and stayed
-- parameters: least_prices = 3, fallen = 0.6, unrest = 0.2, sigmas = 6, steps = 3.5
-- $least_prices: How many of the last 7 and of the next 7 prices there must be at least.
-- $fallen: The share of its level of four months ago below which a ticker is not likely to split.
-- $unrest: How far, as a share, the day before may be from its level, and the days after from the new one.
-- $sigmas: How many times the ticker's own volatility the move must be.
-- $steps: How many of the ticker's smallest price changes it must be.
-- look-back: 96
-- look-ahead: 26
-- retrospective: yes
-- reclassifies: price_spike, price_drop
with jumps as (
    select
        *,
        greatest(1 + own_move, 1 / (1 + own_move)) as factor,
        own_move < 0 as is_split,
        -- Half and double are also the size of news, so they must fit closely; what is more is no news of any kind.
        greatest(2, round(factor)) as whole,
        case when whole = 2 then least(greatest(0.03, 3 * coalesce(volatility, 0)), 0.08) else 0.1 end as tolerance
    from metrics
    where price > 0
        and usable >= $least_prices
        and usable_after >= $least_prices
        -- What came back to its level was none.
        and returned_factor is null
        and block_factor is null
        and partner is null
        -- An adjusted close knows, and says it on the day: see confirmed_split.
        and adjusted_factor is null
        and greatest(abs((1 + deviation) / (1 + own_move) - 1), abs(expected_after / price - 1)) <= $unrest
)
select
    date,
    ticker,
    price,
    expected,
    deviation,
    previous,
    1 / (1 + own_move) as factor,
    case when is_split then format('{:.0f}:1', whole) else format('1:{:.0f}', whole) end as ratio
from jumps
where abs(factor / whole - 1) <= tolerance
    and ln(factor) >= $sigmas * coalesce(volatility, 0)
    and abs(price - previous) > $steps * least_step(step, price, previous)
    -- Companies split shares that have risen, not shares that have lost half their price already.
    and (not is_split or earlier is null or expected >= $fallen * earlier)
