"""Whether a series grows: its slope, and an interval that is right when neighbours resemble one another.

The slope is Theil and Sen's, the median of the slopes between all pairs of points, which a burst of somebody else's
work moves little (P. K. Sen, JASA 63, 1968). How far it may be off is seen by drawing what is left beside it anew
(A. C. Davison and D. V. Hinkley, "Bootstrap Methods and their Application", 1997, section 8.2.3, post-blackening): the
likeness of each point to the one before is taken out, what then remains is drawn in blocks of neighbours around the
circle (D. N. Politis and J. P. Romano, 1992), so that whatever likeness is left stays, and the first is put in again.
Blocks are as long as the series itself asks for (D. N. Politis and H. White, Econometric Reviews 23, 2004, corrected
with A. Patton, ibid. 28, 2009). A series of few blocks knows its own spread badly: the interval is Student's for as
many blocks as there are, of the standard deviation of the drawn slopes.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

DRAWS = 400
MOST_BLOCKS = 8
"""Shorter blocks would tell more of them than a likeness over long times leaves."""
MOST_LIKENESS = 0.97
"""Above it a series wanders rather than that it comes back, and where it wandered to is taken for a slope."""
LEAST_POINTS = 8
"""Of fewer nothing is said."""
MOST_POINTS = 400
"""A longer series is first brought to so many, each the median of neighbours: pairs grow with the square."""
NORMAL = 1.959963984540054
"""Of the normal distribution 95 % lie within so many standard deviations."""
SEED = 2026


class Slope(NamedTuple):
    """What a series rises by in one unit of its times, with the 95 % interval, and its median."""

    slope: float
    low: float
    high: float
    level: float
    points: int

    @property
    def grows(self) -> bool:
        """Whether all of the interval is above zero."""
        return self.low > 0

    @property
    def verdict(self) -> str:
        return "GROWS" if self.grows else "falls" if self.high < 0 else "flat"


def slope(times: Sequence[float], values: Sequence[float], *, draws: int = DRAWS, seed: int = SEED) -> Slope:
    """The slope of a series whose points stand in order.

    Raises:
        ValueError: there are too few points.
    """
    if len(times) < LEAST_POINTS:
        raise ValueError(f"a slope wants {LEAST_POINTS} points, got {len(times)}")
    at, what = _gathered(np.asarray(times, np.float64)), _gathered(np.asarray(values, np.float64))
    first, second = np.triu_indices(len(at), 1)
    apart = at[second] - at[first]

    def theil_sen(series: Floats) -> float:
        return float(np.median((series[second] - series[first]) / apart))

    found = theil_sen(what)
    rest = what - found * at
    likeness = _likeness(rest - rest.mean())
    fresh = rest[1:] - likeness * rest[:-1]
    fresh -= fresh.mean()
    length = max(block_length(fresh), math.ceil(len(fresh) / MOST_BLOCKS))
    drawn = _drawn(fresh, likeness, length, draws, np.random.default_rng(seed))
    count = len(at)
    spread = float(np.std([theil_sen(one) for one in drawn], ddof=1))
    reach = student(max(count / length - 2, 1.5)) * spread
    return Slope(found, found - reach, found + reach, float(np.median(what)), len(times))


def _likeness(rest: Floats) -> float:
    """How much each point is like the one before, without what two fitted numbers take from it (M. Kendall, 1954)."""
    spread = float(rest @ rest)
    if spread == 0:
        return 0.0
    seen = float(rest[1:] @ rest[:-1]) / spread
    return min(max(seen + (2 + 4 * seen) / len(rest), 0.0), MOST_LIKENESS)


def _drawn(fresh: Floats, likeness: float, length: int, draws: int, chance: np.random.Generator) -> NDArray[np.float64]:
    """Series like the one that ``fresh`` remained of, a row each."""
    count = len(fresh)
    run_in = math.ceil(5 / (1 - likeness))
    blocks = math.ceil((count + 1 + run_in) / length)
    places = chance.integers(0, count, (draws, blocks, 1)) + np.arange(length)
    series: Floats = fresh[places.reshape(draws, -1) % count]
    for place in range(1, series.shape[1]):
        series[:, place] += likeness * series[:, place - 1]
    return series[:, run_in : run_in + count + 1]


def block_length(series: Floats) -> int:
    """How many neighbours to keep together, by how far a series resembles itself; at most a quarter of it."""
    count = len(series)
    spread = float(series @ series) / count
    if spread == 0:
        return 1
    window = max(5, math.ceil(math.log10(count)))
    farthest = min(math.ceil(math.sqrt(count)) + window, count - 1)
    near = np.array([float(series[lag:] @ series[: count - lag]) / count for lag in range(farthest + 1)])
    alike = np.abs(near[1:] / spread) > 2 * math.sqrt(math.log10(count) / count)
    # The last likeness before so many unlike ones in a row; beyond twice that nothing is left of it.
    last = next((lag for lag in range(len(alike)) if not alike[lag : lag + window].any()), len(alike))
    reach = min(max(2 * last, 1), farthest)
    lags = np.arange(1, reach + 1)
    weights = np.minimum(1.0, 2 * (1 - lags / reach)) if reach > 1 else np.ones(1)
    power = near[0] + 2 * float(weights @ near[1 : reach + 1])
    bend = 2 * float(weights @ (lags * near[1 : reach + 1]))
    if power <= 0:
        return count // 4
    best = (2 * bend**2 / (4 / 3 * power**2)) ** (1 / 3) * count ** (1 / 3)
    return int(min(max(math.ceil(best), math.ceil(count ** (1 / 3))), count // 4))


def student(degrees: float) -> float:
    """Within how many standard deviations 95 % lie, by the expansion of Cornish and Fisher (Abramowitz 26.7.5)."""
    x, v = NORMAL, degrees
    return (
        x
        + (x**3 + x) / (4 * v)
        + (5 * x**5 + 16 * x**3 + 3 * x) / (96 * v**2)
        + (3 * x**7 + 19 * x**5 + 17 * x**3 - 15 * x) / (384 * v**3)
    )


def _gathered(series: Floats) -> Floats:
    every = math.ceil(len(series) / MOST_POINTS)
    whole = series[: len(series) // every * every].reshape(-1, every)
    gathered: Floats = np.median(whole, axis=1)
    return gathered
