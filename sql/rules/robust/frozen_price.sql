-- name: frozen_price
-- severity: warning
-- message: Price {price} is the one before: {frozen_share:.2%} of prices are frozen, {chance_of_repeat:.2%} would repeat by nature
-- parameters: odds = 1, own_move = 0.1
-- $odds: How much likelier a frozen price must be than a natural repeat.
-- $own_move: How far, as a share, the market may have moved away from a price that stands still.
-- look-back: 129
select
    date,
    ticker,
    price,
    expected,
    deviation,
    frozen_share,
    chance_of_repeat
from metrics
where price = previous
    and chance_of_repeat * $odds <= frozen_share
    and abs(own_move) <= $own_move
    -- Where a volume is known, it tells: see stale_row.
    and volume is null
