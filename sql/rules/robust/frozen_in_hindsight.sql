-- name: frozen_in_hindsight
-- severity: warning
-- message: Price {price} is the one before, and the next day's large move makes up for two
-- parameters: odds = 1, own_move = 0.1
-- look-back: 100
-- look-ahead: 1
-- retrospective: yes
select
    date,
    ticker,
    price,
    expected,
    deviation
from metrics
where price = previous
    and chance_of_repeat * $odds > frozen_share
    and chance_of_repeat * $odds <= frozen_share * repeat_evidence
    and abs(own_move) <= $own_move
