"""Measures whole sessions: files that came again, came shifted by a column, or came in another unit."""

from dataclasses import dataclass

import numpy as np

from quality.evaluation.robust.jumps import Jumps
from quality.evaluation.robust.lasting import Lasting, is_among
from quality.evaluation.robust.levels import plain_levels
from quality.evaluation.robust.moves import LEAST_TICKERS, Moves, powers_of_ten
from quality.evaluation.robust.shifts import measure_shifts
from quality.evaluation.robust.volatility import Volatility
from quality.evaluation.robust.windows import Places, median
from quality.panel.grid import BoolMatrix, FloatMatrix, Integers

# A session is stale if so large a share of its prices repeats, where that of the sessions before was small.
_STALE_SHARE, _USUAL_SHARE, USUAL_SESSIONS = 0.5, 0.2, 60
# Where it was not, no more than this share of the prices that usually move may have moved.
_LEFT_MOVING = 0.1
# And the chance of as many by habit is below e to the minus this, by the bound on a binomial distribution's tail.
_STALE_EVIDENCE = 10.0
# It is shifted, or in another unit, if so large a share of the tickers is, and so many of them at least.
_SHIFTED_SHARE, _UNIT_SHARE, _LEAST_TICKERS = 0.2, 0.02, 5
# How near to the power of ten each of so many must be, as a decimal logarithm: in volatilities, at most.
_UNIT_SIGMAS, _UNIT_OFF = 3, 0.4
# Where many are off by it, others are, too, to within this.
_SAME_UNIT = 0.4
# In a large universe so many tickers in another unit are no chance, whatever their share.
_MANY_TICKERS = 20
# Of shifted prices, ordered by size, so many are near the expected ones, ordered likewise.
_SHIFTED_NEAR, _SHIFTED_FIT = 0.2, 0.6
_LEAST_SIZE, _SIGMAS = np.log(1.2), 8


@dataclass(frozen=True)
class Incidents:
    """Cells that are bad because their whole session is: jumps to a wrong column, or by one power of ten.

    Attributes:
        shifted: The cells of sessions whose prices stand in other columns.
        in_unit: The cells of sessions on which many are off by the same power of ten.
        power: By session of the grid, that power, 0 for none.

    """

    shifted: Places
    in_unit: Places
    power: Integers

    @property
    def places(self) -> Places:
        """All their cells."""
        return Places(np.union1d(self.shifted.at, self.in_unit.at), self.shifted.width)


def stale_sessions(moves: Moves, sessions: slice) -> BoolMatrix:
    """Say of which sessions of the grid most prices are those of the session before, against all habit."""
    growth = moves.growth[:, sessions.start - USUAL_SESSIONS : sessions.stop]
    stale = np.zeros(moves.growth.shape[1], dtype=np.bool_)
    known, repeats = (np.count_nonzero(flags, axis=0) for flags in (~np.isnan(growth), growth == 1))
    daily, repeated = np.zeros_like(known), np.zeros_like(known)
    many = np.flatnonzero(are_many_repeats(known, repeats))
    daily[many], repeated[many] = daily_moves(moves, many + sessions.start - USUAL_SESSIONS)
    stale[sessions] = are_stale(known, repeats, daily, repeated)
    return stale


def daily_moves(moves: Moves, sessions: Integers) -> tuple[Integers, Integers]:
    """Count, of some sessions, the prices that have one on the session before, and those that repeat it."""
    growth = moves.growth[:, sessions]
    is_daily = ~np.isnan(growth) & ~np.isnan(moves.usable[:, sessions - 1])
    return np.count_nonzero(is_daily, axis=0), np.count_nonzero(is_daily & (growth == 1), axis=0)


def are_many_repeats(known: Integers, repeats: Integers) -> BoolMatrix:
    """Say which sessions may be stale, from how many moves and repeats each has."""
    return (known >= LEAST_TICKERS) & (repeats >= _STALE_SHARE * known)


def are_stale(known: Integers, repeats: Integers, daily: Integers, repeated: Integers) -> BoolMatrix:
    """Say which sessions are stale.

    Args:
        known: By session, how many moves it has; of the `USUAL_SESSIONS` before, too.
        repeats: Likewise, how many of them are none.
        daily: Likewise, how many are from the session before to this one; any number where there are few repeats.
        repeated: Likewise, how many of those are none. A file that came again holds no others.

    """
    share = repeats / np.maximum(known, 1)
    share[known < LEAST_TICKERS] = np.nan
    before = np.lib.stride_tricks.sliding_window_view(share[:-1], USUAL_SESSIONS)
    usual, _ = median(before)
    recent = slice(USUAL_SESSIONS, None)
    with np.errstate(invalid="ignore", divide="ignore"):
        now = repeated[recent] / np.maximum(daily[recent], 1)
        # Where prices often stand still, as good as all of those that do not must do so, too.
        enough = np.where(usual < _USUAL_SHARE, _STALE_SHARE, 1 - _LEFT_MOVING * (1 - usual))
        evidence = daily[recent] * _divergence(now, np.clip(usual, 1e-6, 1 - 1e-6))
        is_stale = are_many_repeats(known, repeats)[recent] & (now >= enough)
        return np.asarray(is_stale & (now > usual) & (evidence > _STALE_EVIDENCE))


def _divergence(now: FloatMatrix, usual: FloatMatrix) -> FloatMatrix:
    """Give the relative entropy of two shares."""
    moving = 1 - now
    repeating = np.where(now > 0, now * np.log(now / usual), 0)
    return np.asarray(repeating + np.where(moving > 0, moving * np.log(moving / (1 - usual)), 0))


def measure_incidents(moves: Moves, jumps: Jumps, volatility: Volatility, judged: slice) -> Incidents:
    """Find the judged sessions on which many tickers jumped for one reason; there are all jumps of these."""
    asked = jumps.only(are_of_many(jumps, moves.movers, judged))
    places = asked.places
    # As it was: what is wrong with so many tickers moves the market, too.
    expected = plain_levels(moves, places)
    return incidents_of(
        asked,
        places.of(moves.usable),
        expected,
        places.of(moves.growth),
        volatility=np.nan_to_num(volatility.before(places)),
        movers=moves.movers,
        beside=measure_shifts(moves, jumps, volatility, judged),
    )


def _many_of(movers: Integers) -> FloatMatrix:
    """Give how many tickers in another unit are no chance, by how many moved at all."""
    return np.clip(_UNIT_SHARE * movers, _LEAST_TICKERS, _MANY_TICKERS)


def are_of_many(jumps: Jumps, movers: Integers, judged: slice) -> BoolMatrix:
    """Say which jumps are large, and of judged sessions on which many tickers jumped."""
    is_large = np.abs(jumps.size) > _LEAST_SIZE
    sessions, width = jumps.places.sessions, len(movers)
    many = np.bincount(sessions[is_large], minlength=width) >= np.clip(
        _UNIT_SHARE * movers, _LEAST_TICKERS, _MANY_TICKERS
    )
    is_judged = np.zeros(width, dtype=np.bool_)
    is_judged[judged] = True
    return np.asarray(is_large & (many & is_judged)[sessions])


def incidents_of(
    asked: Jumps,
    price: FloatMatrix,
    expected: FloatMatrix,
    growth: FloatMatrix,
    *,
    volatility: FloatMatrix,
    movers: Integers,
    beside: Places,
) -> Incidents:
    """Find the incidents among the jumps of sessions on which many tickers jumped.

    Args:
        asked: All such jumps.
        price: By jump, the price after it.
        expected: By jump, the level before it.
        growth: By jump, the price over the one before: what is wrong with so many moves the market, too.
        volatility: By jump, that of its ticker, 0 where nothing is known of it.
        movers: By session, how many tickers moved at all.
        beside: The prices that stand beside their tickers (`shifts`).

    """
    places, width = asked.places, len(movers)
    # After such a session all jump back: only what is far from its level counts.
    wide = np.minimum(_UNIT_SIGMAS * volatility / np.log(10), _UNIT_OFF)
    power = powers_of_ten(price / expected, wide)
    power[(power != powers_of_ten(growth, wide)) | is_among(places, beside)] = 0
    of_session = _common_power(places.sessions, power, movers)
    in_unit = _are_off(of_session[places.sessions], price / expected, growth) & ~is_among(places, beside)
    far = np.abs(np.log(price / expected)) > _LEAST_SIZE
    # Where columns are shifted, other prices that jumped have lost their place, too: the file is to blame for them.
    is_shifted = np.bincount(beside.sessions, minlength=width) >= np.maximum(_SHIFTED_SHARE * movers, 1)
    lost = places.at[far & ~in_unit & is_shifted[places.sessions]]
    far &= (
        np.bincount(places.sessions[far], minlength=width)[places.sessions]
        >= np.maximum(_SHIFTED_SHARE * movers, _LEAST_TICKERS)[places.sessions]
    )
    far &= ~in_unit
    shifted = _shifted(places.only(far), price[far], expected[far], volatility[far])
    return Incidents(
        Places(np.unique(np.concatenate([shifted.at, beside.at, lost])), width), places.only(in_unit), of_session
    )


def _are_off(power: Integers, from_level: FloatMatrix, growth: FloatMatrix) -> BoolMatrix:
    """Say which jumps are off by the power of ten that many of their session are off by, whatever else each did."""
    off = [np.abs(np.log10(ratio) - power) < _SAME_UNIT for ratio in (from_level, growth)]
    return np.asarray((power != 0) & off[0] & off[1])


def lasting_incidents(incidents: Incidents, lasting: Lasting, movers: Integers, judged: slice) -> Incidents:
    """Give the incidents of the judged sessions, with the cells that are still as wrong as on an earlier one."""
    leaps, of_leap = np.unique(lasting.first, return_inverse=True)
    leap = Places(leaps, lasting.places.width)
    is_shifted = is_among(leap, incidents.shifted)[of_leap] & lasting.is_large
    began = incidents.power[leap.sessions[of_leap]]
    is_in_unit = is_among(leap, incidents.in_unit)[of_leap] & lasting.is_large
    here = lasting.places.sessions
    common = _common_power(here[is_in_unit], began[is_in_unit], movers)
    power = np.where(incidents.power == 0, common, incidents.power)
    is_in_unit &= began == power[here]
    return Incidents(
        _of_sessions(judged, _staying(incidents.shifted, lasting), lasting.places.only(is_shifted)),
        _of_sessions(judged, _staying(incidents.in_unit, lasting), lasting.places.only(is_in_unit)),
        power,
    )


def _staying(places: Places, lasting: Lasting) -> Places:
    """Leave out the prices that came back: they jumped, too, but to where they belong."""
    return places.only(~is_among(places, lasting.back))


def _of_sessions(sessions: slice, *places: Places) -> Places:
    """Give places together, those of some sessions only."""
    together = Places(np.unique(np.concatenate([each.at for each in places])), places[0].width)
    return together.only((together.sessions >= sessions.start) & (together.sessions < sessions.stop))


def _common_power(sessions: Integers, power: Integers, movers: Integers) -> Integers:
    """Give, by session, the power of ten that most of its jumps have, 0 where they are few."""
    common = np.zeros(len(movers), dtype=np.int64)
    most = _many_of(movers)
    for each in np.unique(power[power != 0]):
        count = np.bincount(sessions[power == each], minlength=len(movers))
        enough = count >= most
        common[enough] = each
        most = np.where(enough, count + 1, most)
    return common


def _shifted(places: Places, price: FloatMatrix, expected: FloatMatrix, volatility: FloatMatrix) -> Places:
    """Keep the cells of sessions whose prices, all together, are the expected ones in another order."""
    kept = np.zeros(len(places), dtype=np.bool_)
    sessions = places.sessions
    far = np.abs(np.log(price / expected)) > _SIGMAS * volatility
    for session in np.unique(sessions):
        here = np.flatnonzero((sessions == session) & far)
        if len(here) < _LEAST_TICKERS:
            continue
        off = np.abs(np.log(np.sort(price[here]) / np.sort(expected[here])))
        kept[here] = np.mean(off < _SHIFTED_NEAR) >= _SHIFTED_FIT
    return places.only(kept)
