-- name: level_shift
-- severity: info
-- message: Price went from {expected:price} to {price} and {course}
-- parameters: limit = 0.2, sigmas = 8, own_move = 0.1, least_prices = 3, kept = 0.3, beside = 0.35, most = 6, split = 0.03
-- $limit: How far from the expected price, as a share of it, is too far.
-- $sigmas: How many times the ticker's own volatility it must be from it as well.
-- $own_move: How far, as a share, the price must also have moved since the one before, beyond the market.
-- $least_prices: How many of the last 7 prices there must be at least to expect anything.
-- $kept: The share of the move that later prices must have kept where they did not hold all of it.
-- $beside: The share of the way at which the prices before and after must both stand for it to lie in the midst of a move.
-- $most: How many times too high or low it may be for that; what is more is no news that fades.
-- $split: How near to two thirds, as a share, a fall of quiet days stays an alarm: a split 3:2, or news. 0 for never.
-- look-back: 90
-- look-ahead: 10
-- retrospective: yes
-- reclassifies: price_spike, price_drop
with moves as (
    select
        *,
        -- It stays where what follows is nearer to it than to what was before.
        price between lower_limit(expected_after, $limit, $sigmas, volatility)
            and upper_limit(expected_after, $limit, $sigmas, volatility)
            and abs(ln(expected_after / price)) < abs(ln(expected_after / expected)) as holds,
        share_kept(expected_after, expected, price) as share,
        -- Companies split shares that have risen, and before and after it they do what they do on any day.
        abs(ln((1 + own_move) * 1.5)) <= least($split, 1.5 * coalesce(volatility, 0))
            and greatest(abs(ln(expected_after / price)), abs(ln((1 + deviation) / (1 + own_move))))
                <= greatest(0.05, 3 * coalesce(volatility, 0))
            and coalesce(expected >= 0.9 * earlier, true) as may_be_split
    from metrics
)
select
    date,
    ticker,
    price,
    expected,
    deviation,
    case
        when holds then 'held for ' || usable_after || case when usable_after = 1 then ' session' else ' sessions' end
        when share > $kept then format('kept {:.0f} % of the way', 100 * share)
        else 'was on the way the session before and after, too'
    end as course,
    lower_limit(expected_after, $limit, $sigmas, volatility) as lower,
    upper_limit(expected_after, $limit, $sigmas, volatility) as upper
from moves
where abs(own_move) > $own_move
    -- The limits are no nearer: of most cells, no more need be asked.
    and abs(deviation) > 0.99 * $limit
    and price not between lower_limit(expected, $limit, $sigmas, volatility)
        and upper_limit(expected, $limit, $sigmas, volatility)
    and (
        holds
        or (share > $kept or way_beside(deviation, own_move, next_move) > $beside)
        and abs(ln(price / expected)) < ln($most)
    )
    and not coalesce(may_be_split, false)
    -- A wrong unit that lasts is still wrong.
    and not is_unit_error(price, expected, previous)
    and usable >= $least_prices
    and usable_after >= $least_prices
