"""The statistics of the soak: a slope that is there is found, and none is claimed of noise, alike or not."""

from __future__ import annotations

import numpy as np
import pytest

from support.soaking.slopes import LEAST_POINTS, block_length, slope, student
from support.soaking.telling import LATER, chart, conclusion, growing, slopes, table

POINTS = 80
SERIES = 80
DRAWS = 40
"""As many as tell a spread to a tenth; a run takes more."""
HOURS = [place / POINTS for place in range(POINTS)]


def noise(alike: float, count: int = POINTS, seed: int = 0) -> list[float]:
    """Of standard deviation 1, each point so much like the one before it."""
    fresh = np.random.default_rng(20261127 + seed).standard_normal(count + 100)
    out = [0.0]
    for one in fresh:
        out.append(alike * out[-1] + (1 - alike**2) ** 0.5 * one)
    return out[-count:]


def claimed(alike: float, rise: float) -> float:
    """In how many of the series growth is claimed."""
    found = [
        slope(HOURS, [value + rise * at for value, at in zip(noise(alike, seed=seed), HOURS, strict=True)], draws=DRAWS)
        for seed in range(SERIES)
    ]
    return sum(one.grows for one in found) / SERIES


@pytest.mark.parametrize("alike", [0.0, 0.5, 0.8])
def test_noise_is_rarely_said_to_grow(alike: float) -> None:
    assert claimed(alike, 0.0) <= 0.05


@pytest.mark.parametrize(("alike", "rise"), [(0.0, 2.0), (0.5, 4.0), (0.8, 8.0)])
def test_what_rises_is_nearly_always_said_to_grow(alike: float, rise: float) -> None:
    assert claimed(alike, rise) >= 0.9


def test_the_slope_is_found_in_its_unit_and_lies_in_the_interval() -> None:
    found = slope(HOURS, [500 + 30 * at + one for at, one in zip(HOURS, noise(0.5), strict=True)])
    assert found.low < 30 < found.high
    assert found.slope == pytest.approx(30, abs=3)
    assert found.level == pytest.approx(515, abs=3)
    assert found.verdict == "GROWS"


def test_a_line_is_found_exactly_and_what_stands_still_does_not_grow() -> None:
    rising = slope(HOURS, [3 * at for at in HOURS])
    assert (rising.slope, rising.low, rising.high) == pytest.approx((3, 3, 3))
    still = slope(HOURS, [7.0] * POINTS)
    assert (still.slope, still.low, still.high, still.verdict) == (0, 0, 0, "flat")
    assert slope(HOURS, [-3 * at for at in HOURS]).verdict == "falls"


def test_a_burst_at_the_end_moves_the_slope_little() -> None:
    values = noise(0.0)
    burst = values[:-10] + [value + 100 for value in values[-10:]]
    least_squares = float(np.polyfit(HOURS, burst, 1)[0])
    assert least_squares > 40
    assert abs(slope(HOURS, burst).slope) < 3


def test_a_long_series_is_gathered_and_keeps_its_slope() -> None:
    at = [place / 5000 for place in range(5001)]
    found = slope(at, [2 * one + value for one, value in zip(at, noise(0.0, 5001), strict=True)])
    assert found.low < 2 < found.high
    assert found.grows
    assert found.points == 5001


def test_too_few_points_are_refused_and_just_enough_are_not() -> None:
    few = [float(place) for place in range(LEAST_POINTS)]
    assert slope(few, few).slope == pytest.approx(1)
    with pytest.raises(ValueError, match="wants 8 points, got 7"):
        slope(few[1:], few[1:])


def test_blocks_are_longer_the_more_a_series_resembles_itself() -> None:
    lengths = [
        np.mean([block_length(np.array(noise(alike, 400, seed))) for seed in range(20)]) for alike in (0.0, 0.5, 0.9)
    ]
    assert lengths == sorted(lengths)
    assert lengths[2] > 2 * lengths[0]


@pytest.mark.parametrize(("degrees", "value"), [(4, 2.776), (10, 2.228), (30, 2.042), (1e9, 1.960)])
def test_the_quantiles_are_those_of_the_table(degrees: float, value: float) -> None:
    assert student(degrees) == pytest.approx(value, abs=0.01)


def test_the_report_leaves_out_the_warm_up_and_tells_the_machine_from_the_server() -> None:
    warm = [{"hours": at, "filled": 100 - 400 * at if at < 0.2 else 20.0} for at in HOURS]
    rows = [
        row
        | {"full": min(row["hours"], 0.6) + other / 50}
        | {"leak": 5 * row["hours"], "control: loop": 3 * row["hours"]}
        | ({"rare": 1.0} if place < 40 else {})
        for place, (row, other) in enumerate(zip(warm, noise(0.0), strict=True))
    ]
    found, later = slopes(rows), slopes(rows, LATER)
    assert {name: one.verdict for name, one in found.items()} == {
        "filled": "flat", "full": "GROWS", "leak": "GROWS", "rare": "flat", "control: loop": "GROWS",
    }  # fmt: skip
    assert growing(found) == ["full", "leak"]
    assert found["rare"].points == 40 - 16
    said = conclusion(found, later)
    assert said.startswith("2 of 4 series grow: full; leak; in the last 40% of the time leak;")
    assert "the machine itself changed (control: loop)" in said
    lines = table(rows, found, later).splitlines()
    assert len(lines) == 6
    assert "GROWS    flat" in lines[2]
    assert "GROWS    GROWS" in lines[3]
    assert "▁▁▁" in lines[1]


def test_a_chart_goes_from_the_least_to_the_most() -> None:
    assert chart([0, 1, 2, 3, 4, 5, 6, 7]) == "▁▂▃▄▅▆▇█"
    assert chart([5.0] * 3) == "▁▁▁"
    assert len(chart([float(place) for place in range(1000)])) == 60
