-- moving_average: the mean of a ticker's prices in the last seven sessions, zeros and negatives included, missing ones
-- left out. `sql/reference/notebook.sql` says the same as one plain window; this is how it is computed fast.
--
-- `cells` is a matrix, a row of it after the other: all sessions of one ticker, at least seven of look-back first, then
-- all of the next. So the cells that lie one to seven places back are the ticker's last seven sessions, without a
-- partition and without a sort, and the engine streams them. Where there is no price, `price_or_zero` adds nothing:
-- the prices are still added oldest first, in doubles, and divided by their count, and the result has the same bits in
-- every chunk, on every machine and in a loop by hand.
create or replace temp view windows as
    select
        cell,
        ordinary_price,
        back(price_or_zero, 7)
        + back(price_or_zero, 6)
        + back(price_or_zero, 5)
        + back(price_or_zero, 4)
        + back(price_or_zero, 3)
        + back(price_or_zero, 2)
        + back(price_or_zero, 1) as sum_of_prices,
        -- Of all prices up to yesterday, those up to eight sessions ago; before the first cell there is none.
        lag(prices_so_far, 1, 0) over () - lag(prices_so_far, 8, 0) over () as count_of_prices
    from cells;

-- What rules see: one row a session and expected ticker, with or without a row in the panel; of those that are ordinary,
-- none (see `notebook/suspects`), unless the user has rules of his own.
--   price           null where it is missing
--   history         sessions before this one
--   moving_average  see above; null where the last seven sessions have no price
--   change          what the price is above the moving average, as a share of it: 0.2 is 20 % above
--   is_absent       the ticker was expected and has no row
--   is_new          the ticker's first session, when there was history enough to expect others
--   position        among the tickers of history, from 0, of an absent one
create or replace temp view metrics as
    with averaged as (
        select *, sum_of_prices / nullif(count_of_prices, 0) as moving_average
        from suspects
    )
    select
        * exclude (sum_of_prices, count_of_prices),
        session - 1 as history,
        -- No average, or one of 0, gives no change; nor does an infinite price against an infinite average.
        without_nan((price - moving_average) / nullif(moving_average, 0)) as change
    from averaged;
