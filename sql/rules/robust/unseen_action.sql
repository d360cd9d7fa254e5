-- name: unseen_action
-- severity: warning
-- message: The corporate action {ratio} that is listed for {action_date} does not show: price went from {before:price} to {price}
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
where not action_shows
