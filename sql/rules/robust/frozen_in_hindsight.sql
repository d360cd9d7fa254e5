-- name: frozen_in_hindsight
-- severity: warning
-- message: Price {price} is the one before, and what came after shows that it had moved
-- parameters: odds = 1, own_move = 0.1, limit = 0.2, steps = 3.5
-- $odds: How much likelier a frozen price must be than a natural repeat.
-- $own_move: How far, as a share, the market may have moved away from a price that stands still.
-- $limit: How far, as a share, a repeated wrong price must be from what was before and from what came after.
-- $steps: How many of the ticker's smallest price changes it must be from what was before as well.
-- look-back: 129
-- look-ahead: 10
-- retrospective: yes
select
    date,
    ticker,
    price,
    expected,
    deviation
from metrics
where price = previous
    and abs(own_move) <= $own_move
    -- Where a volume is known, it tells: see stale_row.
    and volume is null
    and (
        chance_of_repeat * $odds between frozen_share and frozen_share * repeat_evidence
        -- Yesterday's price was wrong, and today's is the same one.
        or (
            abs(deviation) > $limit
            and abs(next_move) > $own_move
            and abs(price / expected_after - 1) > $limit
            and abs(price - expected) > $steps * coalesce(step, 0)
        )
    )
