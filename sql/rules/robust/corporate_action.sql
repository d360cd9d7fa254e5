-- name: corporate_action
-- severity: info
-- message: Corporate action, {ratio}, as listed for {action_date}: price went from {before:price} to {price}
-- parameters: none
-- look-back: 21
select
    date,
    ticker,
    price,
    expected,
    deviation,
    action_ratio as ratio,
    action_date,
    action_before as before
from metrics
where action_shows
