-- moving_average: the mean of a ticker's prices in the last seven sessions, zeros and negatives
-- included, missing ones left out. The prices are added oldest first, in doubles, and divided by their
-- count, so the result has the same bits in every chunk, on every machine and in a loop by hand.
--
-- The rows are looked at in their order before anything is joined: a window above a join is not
-- streamed, and takes several times as long.
create or replace macro metrics_of(cells, days) as table
    with last_seven_rows as (
        select
            *,
            back(price, 1) as price_1, back(place, 1) as place_1,
            back(price, 2) as price_2, back(place, 2) as place_2,
            back(price, 3) as price_3, back(place, 3) as place_3,
            back(price, 4) as price_4, back(place, 4) as place_4,
            back(price, 5) as price_5, back(place, 5) as place_5,
            back(price, 6) as price_6, back(place, 6) as place_6,
            back(price, 7) as price_7, back(place, 7) as place_7
        from query_table(cells)
    ),
    summed as (
        select *, price_7 + price_6 + price_5 + price_4 + price_3 + price_2 + price_1 as sum_of_seven
        from last_seven_rows
    ),
    windows as (
        select *, coalesce(lag(date, 7) over (order by date), min(date) over ()) as window_start
        from query_table(days)
    ),
    placed as (
        select *, place_on(place, date, window_start) as start
        from summed
        join windows using (date)
    ),
    averaged as (
        select
            date,
            ticker,
            price,
            place,
            place_before,
            session,
            is_judged,
            date_before,
            case
                -- The seventh row back is the window's first: seven rows in seven sessions.
                when place_7 = start and sum_of_seven is not null then sum_of_seven / 7
                else list_avg([
                    price_from(start, price_7, place_7),
                    price_from(start, price_6, place_6),
                    price_from(start, price_5, place_5),
                    price_from(start, price_4, place_4),
                    price_from(start, price_3, place_3),
                    price_from(start, price_2, place_2),
                    price_from(start, price_1, place_1)
                ])
            end as moving_average
        from placed
    )
    select
        *,
        -- No average, or one of 0, gives no change; nor does an infinite price against an infinite average.
        without_nan((price - moving_average) / nullif(moving_average, 0)) as change
    from averaged;
