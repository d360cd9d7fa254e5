-- Findings gathered into incidents: each a maximal series of sessions on which one family of rules finds one ticker.
-- Takes the names of two relations: the findings as they are filed, and the dates (date) that were judged.
create or replace macro incidents_of(filed, judged_dates) as table
    with families (rule, family) as (
        values
            ('missing_ticker', 'gap'),
            ('missing_price', 'gap'),
            ('ticker_stopped', 'gap'),
            ('habitually_absent', 'gap'),
            ('zero_price', 'invalid'),
            ('negative_price', 'invalid'),
            ('non_finite_price', 'invalid'),
            ('price_increase', 'level'),
            ('price_decrease', 'level'),
            ('price_spike', 'level'),
            ('price_drop', 'level'),
            ('spike_in_hindsight', 'level'),
            ('drop_in_hindsight', 'level'),
            ('spike_reverted', 'level'),
            ('unit_error', 'level'),
            ('still_in_wrong_unit', 'level'),
            ('still_off_level', 'level'),
            ('level_held', 'level'),
            ('block_error', 'level'),
            ('swapped_tickers', 'level'),
            ('level_shift', 'level'),
            ('likely_split', 'level'),
            ('frozen_price', 'stale'),
            ('frozen_run', 'stale'),
            ('frozen_in_hindsight', 'stale'),
            ('natural_repeat', 'stale')
    ),
    -- What a family finds leaves these others nothing to judge: without a price, no level.
    silenced (family, silent) as (
        values
            ('gap', 'invalid'),
            ('gap', 'level'),
            ('gap', 'stale'),
            ('invalid', 'level'),
            ('invalid', 'stale')
    ),
    -- Numbered once, as they are filed (by date, ticker and rule), to find the leading ones again.
    numbered as materialized (
        select row_number() over () as finding, *
        from query_table(filed)
    ),
    graded as (
        select
            finding,
            date,
            ticker,
            rule,
            -- A rule of no family, such as a user's own, is one by itself.
            coalesce(families.family, rule) as family,
            ticker = '__SESSION__' as is_of_day,
            -- What counts before what is suppressed, the severe before the rest.
            8 * suppressed::integer
            + 2 * case severity when 'error' then 1 when 'warning' then 2 else 3 end
            + coalesce(covered, false)::integer as grade,
            (suppressed or coalesce(covered, false))::integer as is_uncounted,
            case when isfinite(deviation) then deviation end as deviation,
            first_date,
            last_date
        from numbered
        left join families using (rule)
    ),
    all_series as (
        select row_number() over (order by ticker, family) as series, ticker, family
        from (select distinct ticker, family from graded) as found_series
    ),
    -- Days that were found wrong as a whole are no sessions for the tickers: they are judged on the open days only.
    days as (
        select
            date,
            row_number() over (order by date) as day,
            count(*) filter (not is_wrong) over (order by date rows unbounded preceding) as open_days,
            open_days - (not is_wrong)::integer as open_days_before
        from (
            select date, bool_or(is_wrong) as is_wrong
            from (
                select date, false as is_wrong from query_table(judged_dates)
                union all
                select distinct date, is_of_day from graded
            ) as known_days
            group by date
        ) as all_days
    ),
    -- Each with the sessions judged before it, and up to it.
    found as (
        select
            series,
            date,
            case when is_of_day then day - 1 else open_days_before end as judged_before,
            case when is_of_day then day else open_days end as judged,
            finding,
            grade,
            is_uncounted,
            deviation
        from graded
        join all_series using (ticker, family)
        join days using (date)
    ),
    -- A finding of a stretch stands for every session of it.
    stretched as (
        select distinct series, days.date, open_days_before as judged_before, open_days as judged
        from graded
        join all_series using (ticker, family)
        join days on days.date > graded.first_date and days.date <= graded.last_date
        where graded.last_date > graded.first_date
    ),
    silent as (
        select distinct
            all_series.series,
            date,
            open_days_before as judged_before,
            open_days as judged
        from graded
        join silenced using (family)
        join all_series on all_series.ticker = graded.ticker and all_series.family = silenced.silent
        join days using (date)
    ),
    known as (
        select *, true as is_found from found
        union all
        select *, null, null, 1, null, true from stretched
        union all
        select *, null, null, 1, null, false from silent
    ),
    broken as (
        select
            *,
            judged_before > lag(judged) over by_date as is_break,
            is_found and date is distinct from lag(date) over by_date as is_session
        from known
        window by_date as (partition by series order by date, not is_found)
    ),
    islands as (
        select
            *,
            count(*) filter (is_break) over (
                partition by series order by date, not is_found rows unbounded preceding
            ) as island
        from broken
    ),
    gathered as (
        select
            series,
            -- The finding that leads: the most severe that counts, of these the first as they are filed.
            min(grade * (1::bigint << 48) + finding) & ((1::bigint << 48) - 1) as finding,
            min(grade) as grade,
            min(date) filter (is_found) as first_date,
            max(date) filter (is_found) as last_date,
            count(*) filter (is_session) as sessions,
            case when max(deviation) >= -min(deviation) then max(deviation) else min(deviation) end as worst_deviation,
            count(*) - sum(is_uncounted) as findings,
            max(judged) as reach
        from islands
        group by series, island
        having bool_or(is_found)
    ),
    last_days as (
        select max(day) as day, max(open_days) as open_day
        from days
    ),
    incidents as (
        select
            substr(sha256(concat_ws(chr(31), all_series.ticker, family, gathered.first_date)), 1, 12) as incident,
            all_series.ticker,
            rule,
            severity,
            gathered.first_date,
            gathered.last_date,
            sessions,
            worst_deviation,
            case
                when grade >= 8 then 'suppressed'
                when reach >= case when all_series.ticker = '__SESSION__' then day else open_day end then 'open'
                else 'resolved'
            end as status,
            family,
            findings::bigint as findings,
            factor,
            message
        from gathered
        join all_series using (series)
        join numbered using (finding)
        cross join last_days
        order by gathered.first_date, all_series.ticker, family
    )
    select * from incidents
