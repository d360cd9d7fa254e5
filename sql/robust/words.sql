-- The words that the rules of the set `robust` are written in, and the sessions as they see them.
create or replace macro lower_limit(expected, limit_below, sigmas, volatility) as
    expected * least(1 - limit_below, exp(-sigmas * coalesce(volatility, 0)));

create or replace macro upper_limit(expected, limit_above, sigmas, volatility) as
    expected * greatest(1 + limit_above, exp(sigmas * coalesce(volatility, 0)));

-- How far is too far: the limit, or less of it where the ticker is quiet.
create or replace macro limit_of(limit_of_most, quiet, volatility) as
    limit_of_most * greatest(quiet, least(1, coalesce(60 * volatility, 1)));

-- Off by ten, a hundred, a thousand times. Ten times is also the size of news, so it must fit closely.
create or replace macro near_power_of_ten(ratio) as
    abs(log10(ratio)) > 0.5
    and abs(log10(ratio) - round(log10(ratio))) < case when round(abs(log10(ratio))) = 1 then 0.03 else 0.1 end;

-- How much of the way from what was expected to the price the level after it has kept. An error of one day leaves nothing.
create or replace macro share_kept(expected_after, expected, price) as
    ln(expected_after / expected) / ln(price / expected);

-- How far along that way both the price before and the next one stand, at least. An error of one day stands apart.
create or replace macro way_beside(deviation, own_move, next_move) as
    least(
        ln((1 + deviation) / (1 + own_move)) / ln(1 + deviation),
        ln((1 + deviation) * (1 + next_move)) / ln(1 + deviation)
    );

-- The smallest step of a price that is known; of one that never moved, a change of the last digit that is written.
create or replace macro least_step(step, price, previous) as
    case
        when step > 0 then step
        when step = 0 and not contains(price::varchar || previous::varchar, 'e')
            then 10.0 ** -greatest(decimals(price), decimals(previous))
        else 0
    end;

-- Near zero a price moves by steps, not by shares of itself; ten times and a hundred times are wrong there, too.
create or replace macro is_few_steps(price, expected, steps, step_near_zero) as
    coalesce(
        abs(price - expected) <= steps * step_near_zero
        and not (abs(log10(price / expected)) > 0.8 and abs(log10(price / expected) - round(log10(price / expected))) < 0.15),
        false
    );

-- Pence for pounds: against what is expected, and against the price before.
create or replace macro is_unit_error(price, expected, previous) as
    coalesce(
        price > 0
        and isfinite(price)
        and near_power_of_ten(price / expected)
        and near_power_of_ten(price / previous)
        and round(log10(price / expected)) = round(log10(price / previous)),
        false
    );

-- A factor in words.
create or replace macro times_off(factor) as
    case
        when factor >= 1 then format('{:.4g} times too high', factor)
        else format('{:.4g} times too low', 1 / factor)
    end;

create or replace temp view days as
    from measured_days;
