-- name: stale_row
-- severity: warning
-- message: Price {price} and volume {traded} are those of the session before: the same row again?
-- parameters: chance = 0.0003
-- $chance: The chance below which price and volume do not both repeat by nature.
-- look-back: 70
select
    date,
    ticker,
    price,
    expected,
    deviation,
    case when volume = round(volume) then format('{:,}', volume::bigint) else volume::varchar end as traded,
    -- Said once; from the second session on, it is more of the same.
    same_rows > 1 as covered
from metrics
where chance_of_same_row <= $chance
