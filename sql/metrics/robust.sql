-- What the rules of the set `robust` see. Two relations:
--
-- metrics: the cells that a rule may speak of (all of them for the user's own rules), one row a session and expected
-- ticker, with or without a row in the panel. `sql/reference/robust.sql` says what each metric is, in plain windows:
--   date, ticker, price, history, is_absent, absent_sessions, is_new
--   previous, own_move, expected, usable, deviation, volatility, earlier
--   chance_of_repeat, frozen_share
--   expected_after, usable_after, next_move, repeat_evidence    for retrospective rules only: a check cannot know them
-- For the set's own rules, costly metrics are null where none of them can tell the difference.
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

create or replace temp view cells_on_the_day as
    select * exclude (expected_after, usable_after, next_move, repeat_evidence)
    from metrics;
