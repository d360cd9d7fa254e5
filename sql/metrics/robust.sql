-- What the rules of the set `robust` see. Two relations:
--
-- metrics: the cells that a rule may speak of (all of them where the user has rules of his own), one row a
-- session and expected ticker, with or without a row in the panel:
--   price             null where it is missing
--   history           sessions before this one
--   is_absent         the ticker was expected and has no row, now for `absent_sessions` sessions
--   is_new            there is a row, and none in the 20 sessions before
--   previous          the last usable (positive, finite) price, at most 10 sessions old
--   own_move          what the price did since then, beyond the market's own move: 0.1 is 10 % up
--   expected          the median of the last 7 usable prices, each grown with the market to today
--   usable            how many they are
--   deviation         price / expected - 1
--   volatility        of daily log moves over 30 sessions; null where the price is near what is expected
--   chance_of_repeat  the chance that nature repeats this price; null where it is no repeat
--   frozen_share      the share of frozen prices in the panel, over the last 60 sessions
--
-- days: one row a session:
--   market            the median move of all tickers that day, 0 for fewer than 10
--   movers            how many they are
--   date_before       the session before
create or replace macro lower_limit(expected, limit_below, sigmas, volatility) as
    expected * least(1 - limit_below, exp(-sigmas * coalesce(volatility, 0)));

create or replace macro upper_limit(expected, limit_above, sigmas, volatility) as
    expected * greatest(1 + limit_above, exp(sigmas * coalesce(volatility, 0)));

-- Pence for pounds: about a hundred times too much, or too little.
create or replace macro is_unit_error(price, expected) as
    price > 0 and abs(abs(log10(price / expected)) - 2) < 0.1;

-- Ten, a hundred, a thousand times too much, or too little.
create or replace macro is_power_of_ten(price, expected) as
    price > 0
    and abs(log10(price / expected)) > 0.5
    and abs(log10(price / expected) - round(log10(price / expected))) < 0.1;

create or replace temp view days as
    select date, history, market, movers, date_before
    from measured_days;

create or replace temp view cells_in_hindsight as
    from measured_cells;

create or replace temp view cells_on_the_day as
    select * exclude (earlier, expected_after, usable_after, next_move, repeat_evidence)
    from measured_cells;
