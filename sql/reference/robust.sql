-- The metrics of the rule set `robust` in plain windows, as slow and obvious as they can be said: what the rules mean.
-- The scan computes the same faster, and a test holds it to this. Input: `panel` (date, ticker, price).
--
-- A session is a date that the panel holds; windows count sessions. A price is usable if it is positive and finite.
with sessions as (
    select date, row_number() over (order by date) as session
    from (select distinct date from panel)
),

-- Every ticker on every session, with or without a row.
cells as (
    select
        sessions.date,
        sessions.session,
        tickers.ticker,
        panel.price,
        panel.date is not null as has_row,
        case when panel.price > 0 and isfinite(panel.price) then panel.price end as usable_price
    from sessions
    cross join (select distinct ticker from panel) as tickers
    left join panel on panel.date = sessions.date and panel.ticker = tickers.ticker
),

-- What each price did since the last usable one, at most ten sessions before.
grown as (
    select
        *,
        last_value(usable_price ignore nulls) over (
            partition by ticker order by session rows between 10 preceding and 1 preceding
        ) as previous,
        usable_price / previous as growth,
        lag(usable_price) over (partition by ticker order by session) is not null as has_yesterday
    from cells
),

-- The market's growth is the median of all tickers'; fewer than ten are no market, and it stands still.
medians as (
    select session, count(growth) as movers, median(growth) as middle, log10(middle) as decimals
    from grown
    group by session
),

-- Nor does a market move by a power of ten: that is a file in another unit. Ten itself is also the size of news.
days as (
    select
        session,
        movers,
        case
            when movers < 10 then 1
            when round(decimals) <> 0
                and abs(decimals - round(decimals)) < case when abs(round(decimals)) = 1 then 0.03 else 0.1 end
            then 1
            else middle
        end as market
    from medians
),

-- What one unit of money that moved with the market would be worth.
indexed as (
    select *, exp(sum(ln(market)) over (order by session)) as market_index
    from days
),

moved as (
    select
        grown.*,
        indexed.movers,
        indexed.market,
        indexed.market_index,
        growth / market - 1 as own_move,
        usable_price / market_index as deflated,
        growth is not null and growth = 1 as is_repeat,
        case when abs(growth - 1) < 0.1 then abs(usable_price - usable_price / growth) end as price_change,
        abs(usable_price - usable_price / growth) as change,
        case when isfinite(price) then price end as number,
        has_row and not coalesce(lag(has_row) over by_ticker, false) as ends_gap
    from grown
    join indexed using (session)
    window by_ticker as (partition by ticker order by session)
),

-- A session is stale if half its prices are those before, and of those that have one on the very session before, half
-- where the median share of the sixty sessions before is below a fifth, and else all but a tenth of those that usually
-- move; and if the chance of so many by habit is below e to the minus ten: their number times the relative entropy.
shares_of_repeats as (
    select
        session,
        case when count(growth) >= 10 then count(*) filter (is_repeat) / count(growth) end as share,
        count(growth) filter (has_yesterday) as daily,
        count(*) filter (is_repeat and has_yesterday) / greatest(daily, 1) as share_of_daily
    from moved
    group by session
),

usual_shares as (
    select
        *,
        median(share) over (order by session rows between 60 preceding and 1 preceding) as usual,
        least(greatest(usual, 1e-6), 1 - 1e-6) as habit,
        case when share_of_daily > 0 then share_of_daily * ln(share_of_daily / habit) else 0 end
        + case when share_of_daily < 1 then (1 - share_of_daily) * ln((1 - share_of_daily) / (1 - habit)) else 0 end
            as divergence
    from shares_of_repeats
),

stale as (
    select
        session,
        coalesce(
            share >= 0.5
            and share_of_daily > usual
            and share_of_daily >= case when usual < 0.2 then 0.5 else 1 - 0.1 * (1 - usual) end
            and daily * divergence > 10,
            false
        ) as is_stale
    from usual_shares
),

-- Gaps that end for many tickers at once are holidays and short files: they are no habit of one.
common_ends as (
    select session, count(*) filter (ends_gap) >= greatest(5, 0.2 * count(*) filter (has_row)) as is_common
    from moved
    group by session
),

gaps as (
    select
        moved.ticker,
        moved.session,
        moved.has_row,
        count(*) filter (ends_gap and not is_common) over (
            partition by ticker order by moved.session rows between 59 preceding and current row
        ) as gaps_of_sixty,
        moved.session - max(moved.session) filter (has_row) over before as since_row
    from moved
    join common_ends using (session)
    window before as (partition by ticker order by moved.session rows between unbounded preceding and 1 preceding)
),

-- A ticker with three gaps in the sixty sessions before this one began is absent by habit.
habits as (
    select
        *,
        not has_row and since_row <= 20 as is_expected_absent,
        coalesce(
            last_value(case when has_row then gaps_of_sixty end ignore nulls) over (
                partition by ticker order by session rows between unbounded preceding and 1 preceding
            ) >= 3,
            false
        ) as is_habit
    from gaps
),

-- A session is incomplete if a fifth of the expected tickers, and five at least, have no row.
completeness as (
    select
        session,
        count(*) filter (is_expected_absent and not is_habit) as gone,
        gone >= 5 and gone >= 0.2 * (gone + count(*) filter (has_row)) as is_incomplete,
    from habits
    group by session
),

incomplete as (
    select *, sum(is_incomplete::int) over (order by session) as incomplete_so_far
    from completeness
),

windowed as (
    select
        *,
        -- The nearest seven usable prices of the ten sessions before, and of the ten after, in money of the market.
        list(deflated) filter (deflated is not null) over (
            partition by ticker order by session rows between 10 preceding and 1 preceding
        )[-7:] as prices_before,
        list(deflated) filter (deflated is not null) over (
            partition by ticker order by session rows between 1 following and 10 following
        )[:7] as prices_after,
        -- The sizes of the moves of the last thirty sessions, and the changes in price behind the small ones.
        list(abs(ln(growth))) filter (growth is not null) over last30 as sizes,
        list(price_change) filter (price_change is not null) over last30 as price_changes,
        -- And of the last sixty, and the prices themselves.
        list(price_change) filter (price_change is not null) over last60 as price_changes_of_quarter,
        list(usable_price) filter (usable_price is not null) over last30 as prices_of_month,
        -- How many runs of repeats they hold: one that began before counts, too.
        count(*) filter (is_repeat and not was_repeat) over (
            partition by ticker order by session rows between 29 preceding and 1 preceding
        ) + coalesce(lag(is_repeat, 30) over (partition by ticker order by session), false)::int as runs,
        -- The nearest seven as they were, and the moves of the last sixty sessions, but for days on which it stood still.
        list(usable_price) filter (usable_price is not null) over (
            partition by ticker order by session rows between 10 preceding and 1 preceding
        )[-7:] as plain_prices_before,
        count(growth) over last60 as known_moves,
        list(abs(ln(growth))) filter (growth <> 1) over last60 as sizes_of_quarter,
        list(abs(ln(growth))) filter (growth <> 1) over last30 as sizes_of_month,
        min(change) filter (change > 3e-7 * usable_price) over last60 as step,
        -- The last twenty prices of any sign, and the steps between them.
        median(abs(number)) over last20 as usual_size,
        count(*) filter (number <= 0) over last20 as below_zero,
        count(number) over last20 as numbers,
        last_value(number ignore nulls) over last20 as last_number,
        list_sort(list(number_step) filter (number_step > 0) over (
            partition by ticker order by session rows between 19 preceding and 1 preceding
        )) as number_steps,
        -- The largest step across zero in the last sixty, and all steps of these.
        max(number_step) filter (number_side <> side_before) over (
            partition by ticker order by session rows between 59 preceding and 1 preceding
        ) as step_across,
        list_sort(list(number_step) filter (number_step > 0) over (
            partition by ticker order by session rows between 59 preceding and 1 preceding
        )) as steps_of_quarter,
        count(*) filter (is_repeat) over last30 as standing,
        median(usable_price) over (
            partition by ticker order by session rows between 90 preceding and 81 preceding
        ) as earlier,
        session - max(session) filter (has_row) over (
            partition by ticker order by session rows between unbounded preceding and 1 preceding
        ) as sessions_since_row,
        case when usable_price is not null
            then lead(own_move) over (partition by ticker order by session)
        end as next_move,
        case when usable_price is not null
            then lead(growth) over (partition by ticker order by session)
        end as next_growth
    from (
        select
            *,
            coalesce(lag(is_repeat) over by_ticker, false) as was_repeat,
            abs(number - lag(number) over by_ticker) as number_step,
            number <= 0 as number_side,
            lag(number <= 0) over by_ticker as side_before
        from moved
        window by_ticker as (partition by ticker order by session)
    )
    window
        last20 as (partition by ticker order by session rows between 20 preceding and 1 preceding),
        last30 as (partition by ticker order by session rows between 30 preceding and 1 preceding),
        last60 as (partition by ticker order by session rows between 60 preceding and 1 preceding)
),

-- Moves beyond four robust standard deviations (1.4826 times the median size) are left out as outliers.
trimmed as (
    select
        *,
        list_filter(sizes, lambda size: size <= 4 * 1.4826 * greatest(list_median(sizes), 1e-9)) as usual_sizes,
        list_filter(
            sizes_of_quarter, lambda size: size <= 6 * 1.4826 * greatest(list_median(sizes_of_quarter), 1e-9)
        ) as usual_of_quarter,
        list_filter(
            sizes_of_month, lambda size: size <= 6 * 1.4826 * greatest(list_median(sizes_of_month), 1e-9)
        ) as usual_of_month,
        case when usual_size <= 15 * number_steps[len(number_steps) // 2 + 1]
            then number_steps[len(number_steps) // 2 + 1]
        end as small_step,
        -- A step to the other side of zero that is thirty times the usual one is none of a rate.
        coalesce(step_across > 30 * steps_of_quarter[len(steps_of_quarter) // 4 + 1], false) as has_leapt_across
    from windowed
),

spread as (
    select
        *,
        sqrt(list_sum(list_transform(usual_sizes, lambda size: size * size)) / len(usual_sizes)) as deviation_of_moves,
        sqrt(list_sum(list_transform(usual_of_quarter, lambda size: size * size)) / len(usual_of_quarter)) as of_quarter,
        sqrt(list_sum(list_transform(usual_of_month, lambda size: size * size)) / len(usual_of_month)) as of_month,
        len(sizes) >= 5 as has_past,
        -- Prices with three decimals, where these are far below a usual move, were adjusted and rounded.
        coalesce(
            0.002 < 0.02 * (usable_price * deviation_of_moves)
            and len(list_filter(
                prices_of_month,
                lambda one: abs(one * 1000 - round(one * 1000)) > 1e-6 * greatest(1, abs(one * 1000) * 1e-6)
            )) = 0
            and len(list_filter(prices_of_month, lambda one: round(one * 1000) % 10 <> 0)) > 0,
            false
        ) as is_adjusted
    from trimmed
),

-- The changes that are compared, and to within what they are equal: single precision, or two of the last decimals.
comparable as (
    select
        *,
        case when is_adjusted then 0.002 else greatest(3e-7 * usable_price, 1e-9) end as equal,
        list_sort(list_filter(
            case when is_adjusted then price_changes_of_quarter else price_changes end,
            lambda change: change > equal
        )) as changes
    from spread
),

paired as (
    select
        *,
        len(changes) as change_count,
        -- Pairs of equal changes, each change beside the next twelve by size.
        list_sum(list_transform(range(1, 13), lambda step: len(list_filter(
            range(1, change_count - step + 1),
            lambda place: changes[place + step] - changes[place] <= equal
        )))) as equal_pairs
    from comparable
),

-- The chance that a price stands still by nature: a tick of one cent, over the height of a normal distribution.
by_cents as (
    select
        *,
        change_count * (change_count - 1) / 2 as pairs,
        least(1, 0.01 / (usable_price * deviation_of_moves * sqrt(2 * pi()))) as chance_by_cents,
        sqrt(2) * pairs * chance_by_cents as pairs_by_cents
    from paired
),

-- More equal changes than a tick of a cent would make show a coarser tick; many repeats, a ticker that hardly trades.
by_tick as (
    select
        *,
        case when equal_pairs > pairs_by_cents + 2 * sqrt(pairs_by_cents) + 1
            then least(1, equal_pairs / (sqrt(2) * greatest(pairs, 1)))
            else chance_by_cents
        end as chance_by_tick,
        greatest(
            chance_by_tick,
            case when runs >= 4 then runs / 30 end,
            case when standing >= 6 then standing / 30 end
        ) as chance
    from by_cents
),

-- Chances are kept on a grid of quarter octaves, 80 steps below 1.
repeats as (
    select
        *,
        case when is_repeat and has_past and not is_stale
            then greatest(round(4 * log2(chance)), -80)::int
        end as chance_step
    from by_tick
    join stale using (session)
),

-- The share of frozen prices in the panel: the likeliest one that explains the repeats of the last sixty sessions.
repeats_of_days as (
    select session, chance_step, count(*) as repeat_count
    from repeats
    where chance_step is not null
    group by all
),

recent_cells as (
    select
        session,
        sum(case when is_stale then 0 else movers end) over (
            order by session rows between 59 preceding and current row
        ) as cell_count
    from days
    join stale using (session)
),

-- A share explains too little while its repeats, each weighed by share / (share + chance), are more than the cells'
-- share; 700 cells without a frozen price are added, so that one repeat in a small panel proves nothing.
shares as (
    select recent_cells.session, share_step
    from recent_cells
    cross join (select unnest(range(-80, 1)) as share_step) as grid
    join repeats_of_days
        on repeats_of_days.session between recent_cells.session - 59 and recent_cells.session
    group by recent_cells.session, share_step, cell_count
    having sum(repeat_count * round(1048576 / (pow(2, share_step / 4) + pow(2, chance_step / 4))))
        > (cell_count + 700) * 1048576
),

frozen as (
    select session, coalesce(pow(2, max(share_step) / 4), 0) as frozen_share
    from days
    left join shares using (session)
    group by session
),

metrics as (
    select
        date,
        ticker,
        -- The price as it came, null where it is missing.
        price,
        -- The sessions before this one.
        session - 1 as history,
        -- The ticker was expected, because one of the twenty sessions before has a row, and has none.
        not has_row as is_absent,
        -- For how many sessions it has been absent, this one included; 0 where there is a row.
        case when has_row then 0 else sessions_since_row end as absent_sessions,
        -- There is a row, and none in the twenty sessions before.
        has_row and coalesce(sessions_since_row > 20, true) as is_new,
        -- The last usable price, at most ten sessions old.
        previous,
        -- What the price did since then beyond the market's own move: 0.1 is 10 % up.
        own_move,
        -- The median of the last seven usable prices of the ten sessions before, each grown with the market to today.
        list_median(prices_before) * market_index as expected,
        -- How many prices that median is made of.
        coalesce(len(prices_before), 0) as usable,
        -- How far the price is from what is expected: price / expected - 1.
        price / expected - 1 as deviation,
        -- The median of the last seven usable prices of the ten sessions before, as they were.
        list_median(plain_prices_before) as level,
        -- The smallest change of the price in the last sixty sessions, 0 where it never changed.
        coalesce(step, 0) as step,
        -- The standard deviation of the log moves of the last sixty sessions, or of the last thirty where they were
        -- wilder, without days on which the price stood still and without outliers, from five moves on.
        case when known_moves >= 5 then greatest(of_quarter, of_month) end as volatility,
        -- Of a price that is not above zero: it came there by usual steps. The last twenty prices are within ten of
        -- them of zero; or today's is within ten of the last one, or none was above zero, and none leapt there.
        coalesce(price <= 0 and isfinite(price), false) and (
            coalesce(usual_size <= 10 * number_steps[len(number_steps) // 4 + 1], false)
            or not has_leapt_across and (
                coalesce(abs(price - last_number) <= 10 * number_steps[len(number_steps) // 4 + 1], false)
                or numbers > 0 and below_zero = numbers
            )
        ) as near_zero,
        -- Of such a price: how many of the last twenty were not above zero; none count that came there by a leap.
        case when price <= 0 and isfinite(price) and not has_leapt_across then below_zero else 0 end as below_zero,
        -- The middle step between the last twenty prices, where those are within fifteen of it of zero and no quiet ones.
        case when not coalesce(volatility < 0.05, false) then small_step end as step_near_zero,
        -- The ticker had three gaps in the sixty sessions before this one began.
        not has_row and is_habit as is_absent_by_habit,
        -- For how many sessions it has been absent, those left out on which many were.
        case when has_row then 0
            else sessions_since_row - (incomplete_so_far - coalesce(incomplete_before, 0))
        end as absent_counted,
        -- Many expected tickers have no row on this session.
        is_incomplete as is_of_incomplete_session,
        -- The price is that of the session before, as most are on this session, against all habit.
        is_stale and is_repeat as is_of_stale_session,
        -- The chance that nature repeats this price, from five moves on; null where it is no repeat.
        pow(2, chance_step / 4) as chance_of_repeat,
        -- The share of frozen prices in the panel over the last sixty sessions, this one included.
        frozen_share,
        -- The median of the usable prices 81 to 90 sessions before, grown with nothing.
        earlier,
        -- The median of the next seven usable prices of the ten sessions after, each brought back with the market.
        list_median(prices_after) * market_index as expected_after,
        -- How many prices that median is made of.
        coalesce(len(prices_after), 0) as usable_after,
        -- What the price does on the next session beyond the market; null where either price is missing.
        next_move,
        -- How many times likelier the next move makes a frozen price than a natural repeat: behind one hide two days.
        case when chance_step is not null
            then case when abs(next_growth - 1) < 0.1 and not isnan(ln(next_growth) / deviation_of_moves)
                then exp(least(pow(ln(next_growth) / deviation_of_moves, 2), 16) / 4) / sqrt(2)
                else 1
            end
        end as repeat_evidence
    from repeats
    join frozen using (session)
    join habits using (ticker, session, has_row)
    join incomplete using (session)
    left join (
        select session as last_session, incomplete_so_far as incomplete_before
        from incomplete
    ) as before_gap on last_session = session - sessions_since_row
    where has_row or sessions_since_row <= 20
)

select * from metrics
