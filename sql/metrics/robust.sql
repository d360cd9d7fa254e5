-- What the rules of the set `robust` see. Two relations:
--
-- metrics: the cells that a rule may speak of (all of them for the user's own rules), one row a session and expected
-- ticker, with or without a row in the panel. `sql/reference/robust.sql` says what each metric is, in plain windows:
--   date, ticker, price, history, is_absent, absent_sessions, is_new
--   previous, own_move, expected, usable, deviation, level, step, volatility, earlier, near_zero, below_zero, step_near_zero
--   chance_of_repeat, frozen_share
--   absent_counted, is_absent_by_habit, is_of_stale_session, is_of_incomplete_session
--   expected_after, usable_after, next_move, repeat_evidence    for retrospective rules only: a check cannot know them
-- Where the panel has a volume or an adjusted close, else null:
--   volume                    what was traded on this session
--   volume_before             what was traded on the session of the previous price
--   same_rows                 for how many sessions price and volume have been those of the session before, 0 for none
--   chance_of_same_row        the chance that both repeat by nature
--   adjusted_factor           how the price moved since the previous one over how the adjusted close did
--   confirmed_split           the ratio of the split by which the price moved and the adjusted close did not: 2:1
-- Where corporate actions are listed, else null:
--   action_ratio              the ratio of the one that shows on this session, or is known on it not to
--   action_date               the date that it is listed for
--   action_shows              whether it shows
--   action_before             the last price before it
-- Beside them, of sessions and stretches, which no window tells:
--   is_shifted                the price stands in the column of another ticker, as many do on this session
--   is_of_shifted_session     there are such prices on this session
--   is_in_unit                the price is off by a power of ten, as many are on this session
--   incident_power            the power of ten that many prices of this session are off by, 0 for none
--   partner                   the ticker whose price this one is, and the other way round
--   block_first               the first session of the block that the cell is in; on the day, of the one it returned from
--   block_last                the last session of that block
--   block_sessions            how many sessions it lasts, 0 for no block
--   block_factor              how many times too high its prices are
--   block_partner             the ticker that it was swapped with
--   returned_first            the first session of the block that the price returned from on this session
--   returned_last             the last session of that block
--   returned_sessions         how many sessions it lasted, 0 for no block
--   returned_factor           how many times too high its prices were
--   returned_partner          the ticker that it was swapped with
--   block_of_session, returned_of_session    the block began on a session whose file was wrong as a whole
--   lasting_first             the session of the leap after which the price still stands where that went
--   lasting_sessions          how many sessions ago that was, both counted; 0 for no such leap
--   lasting_last              the last session of that stretch, from the leap on; on the day, this one
--   lasting_length            how many sessions that stretch has; on the day, so far
--   lasting_covered           the leap speaks for this cell; on the day, it speaks for itself
--   lasting_power             the power of ten by which the price leapt, 0 for none
--   lasting_expected          what was expected of it on the day of the leap
--   lasting_leap              the price of that day as a multiple of it
--   lasting_usable, lasting_step, lasting_volatility, lasting_partner    usable, step, volatility, partner of that day
--   lasting_confirmed         an adjusted close explains the leap
--   is_back                   the price is back at the level from before such a leap
--   standing_first            the first session of the run of equal prices that the cell is in
--   standing_last             the last session of that run; on the day, this one
--   standing_sessions         how many sessions it lasts; on the day, so far; 0 where chance explains it
--   standing_so_far           how many sessions it has lasted on the day
--   standing_begins           on this session the run became longer than chance explains
--   standing_covered          an earlier cell of the run speaks for this one
--   rounding_first            the first session of the run of rounded prices, as it is on the day
--   rounding_sessions         how many sessions it has lasted on the day
--   rounding_begins           on this session it became longer than chance explains
--   rounding_decimals         how many decimals its prices have
--   rounded_first             the first session of the run of rounded prices that the cell is in
--   rounded_last              the last session of that run; on the day, this one
--   rounded_sessions          how many sessions it lasts; on the day, so far
--   rounded_decimals          how many decimals its prices have
--   rounded_covered           an earlier cell of the run speaks for this one
-- For the set's own rules, costly metrics are null where none of them can tell the difference.
--
-- days: one row a session:
--   market            the median move of all tickers that day, 0 for fewer than 10
--   movers            how many they are
--   date_before       the session before
--   repeats           how many prices are those of the session before, and is_stale: nearly all, against all habit
--   absent, expected_tickers, is_incomplete    how many tickers are missing, of how many, and whether that is the file
--   shifted, in_unit, incident_power    how many prices stand in another column, or are off by which power of ten
-- On the day a cell is seen with the block that it returned from, and with runs so far.
create or replace temp view cells_on_the_day as
    select
        * exclude (
            expected_after, usable_after, next_move, repeat_evidence,
            block_first, block_last, block_sessions, block_factor, block_partner, block_of_session,
            lasting_last, lasting_length, lasting_covered,
            standing_last, standing_sessions, standing_covered,
            rounded_first, rounded_last, rounded_sessions, rounded_decimals, rounded_covered
        ),
        returned_first as block_first,
        returned_last as block_last,
        returned_sessions as block_sessions,
        returned_factor as block_factor,
        returned_partner as block_partner,
        returned_of_session as block_of_session,
        date as lasting_last,
        lasting_sessions as lasting_length,
        false as lasting_covered,
        date as standing_last,
        standing_so_far as standing_sessions,
        not standing_begins as standing_covered,
        rounding_first as rounded_first,
        date as rounded_last,
        rounding_sessions as rounded_sessions,
        rounding_decimals as rounded_decimals,
        not rounding_begins as rounded_covered
    from metrics;
