-- name: likely_split
-- severity: warning
-- message: Likely split: price went from {previous} to {price}, near {ratio}, and stayed
-- parameters: near = 0.15, least_prices = 3, fallen = 0.6
-- $near: How unquiet, as a share, the week before and the week after a small ratio may be.
-- $least_prices: How many of the last 7 prices there must be at least to expect anything.
-- $fallen: The share of its level of four months ago below which a ticker is not likely to split.
-- look-back: 90
-- look-ahead: 10
-- retrospective: yes
-- reclassifies: price_spike, price_drop
with jumps as (
    select
        *,
        greatest(1 + own_move, 1 / (1 + own_move)) as factor,
        own_move < 0 as is_split,
        coalesce(volatility, 0) as sigma,
        -- Unrest: how far the day before was from its own level, and how far the days after are from the new one.
        greatest(abs((1 + deviation) / (1 + own_move) - 1), abs(expected_after / price - 1)) as unrest
    from metrics
    where price > 0
        and abs(own_move) > 0.15
        and usable >= $least_prices
        and usable_after >= $least_prices
        and unrest <= 0.2
),
ratios (factor, ratio, tolerance_least, tolerance_most, sigmas_least, is_reverse) as (
    values
        -- A small ratio is also the size of bad news, so it must fit closely and be far out of range.
        (1.25, '5:4', 0.01, 0.01, 12, false),
        (1.5, '3:2', 0.03, 0.06, 0, false),
        (2, '2:1', 0.03, 0.1, 0, true),
        (3, '3:1', 0.03, 0.06, 0, true),
        (4, '4:1', 0.03, 0.06, 0, true),
        (5, '5:1', 0.03, 0.06, 0, true),
        (6, '6:1', 0.03, 0.06, 0, true),
        (7, '7:1', 0.03, 0.06, 0, true),
        (8, '8:1', 0.03, 0.06, 0, true),
        (10, '10:1', 0.03, 0.06, 0, true),
        (15, '15:1', 0.03, 0.06, 0, true),
        (20, '20:1', 0.03, 0.06, 0, true),
        (25, '25:1', 0.03, 0.06, 0, true),
        (30, '30:1', 0.03, 0.06, 0, true),
        (50, '50:1', 0.03, 0.06, 0, true)
)
select
    date,
    ticker,
    price,
    expected,
    deviation,
    previous,
    case when is_split then ratio else array_to_string(list_reverse(string_split(ratio, ':')), ':') end as ratio
from jumps
join ratios
    on abs(jumps.factor / ratios.factor - 1) <= greatest(tolerance_least, least(3 * sigma, tolerance_most))
    and (sigma > 0 or sigmas_least = 0)
    and ln(jumps.factor) >= sigmas_least * sigma
    -- Large ratios are no news of any kind: more unrest is allowed.
    and unrest <= case when ratios.factor < 3 then $near else 0.2 end
    and (is_split or is_reverse)
-- Companies split shares that have risen, not shares that have lost half their price already.
where not is_split or earlier is null or expected >= $fallen * earlier
qualify row_number() over (partition by date, ticker order by abs(jumps.factor / ratios.factor - 1)) = 1
