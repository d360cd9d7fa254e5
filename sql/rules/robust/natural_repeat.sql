-- name: natural_repeat
-- severity: info
-- message: Price {price} is the one before, and the next day's small move makes that natural
-- parameters: odds = 1
-- $odds: How much likelier a frozen price must be than a natural repeat.
-- look-back: 129
-- look-ahead: 1
-- retrospective: yes
-- reclassifies: frozen_price
select
    date,
    ticker,
    price,
    expected,
    deviation
from metrics
where price = previous
    and chance_of_repeat * $odds <= frozen_share
    and chance_of_repeat * $odds > frozen_share * repeat_evidence
    and volume is null
