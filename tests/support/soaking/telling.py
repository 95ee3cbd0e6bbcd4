"""What a soak says at its end: of each series its slope with the interval, the verdict, and how it went."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from support.soaking.slopes import LEAST_POINTS, Slope, slope

if TYPE_CHECKING:
    from collections.abc import Sequence

    from support.soaking.watching import Row

WARM_UP = 0.2
"""The first part of a run in which caches, pools and pages fill; no slope is taken of it."""
LATER = 0.6
"""What rises until caches are full is flat from here on; what leaks goes on."""
BARS = "▁▂▃▄▅▆▇█"
WIDTH = 60
CONTROL = "control: "
BESIDE = (CONTROL, "shown: ")
"""What is measured beside what must not grow: the machine, and work that comes and goes with merges over hours."""


def slopes(rows: Sequence[Row], since: float = WARM_UP) -> dict[str, Slope]:
    """The slope an hour of each series after such a part of the run; of one with too few points none."""
    after = rows[-1]["hours"] * since
    names = dict.fromkeys(name for row in rows for name in row if name != "hours")
    found = {}
    for name in sorted(names, key=lambda name: (name.startswith(BESIDE), name)):
        points = [(row["hours"], row[name]) for row in rows if name in row and row["hours"] > after]
        if len(points) >= LEAST_POINTS:
            found[name] = slope([at for at, _ in points], [value for _, value in points])
    return found


def growing(found: dict[str, Slope]) -> list[str]:
    """The series of the server that grow."""
    return [name for name, one in found.items() if one.grows and not name.startswith(BESIDE)]


def table(rows: Sequence[Row], found: dict[str, Slope], later: dict[str, Slope]) -> str:
    """A line for each series."""
    width = max(map(len, found))
    head = f"{'series':{width}} {'median':>9} {'slope/h':>9}  {'95 % of it':^21}  verdict  later    "
    lines = [f"{head}the whole run: least to most"]
    for name, one in found.items():
        values = [row[name] for row in rows if name in row]
        between = f"[{_number(one.low):>9}, {_number(one.high):>9}]"
        spread = f"{_number(min(values))} to {_number(max(values))}"
        lines.append(
            f"{name:{width}} {_number(one.level):>9} {_number(one.slope):>9}  {between}  {one.verdict:7}  "
            f"{later[name].verdict if name in later else '':7}  "
            f"{chart(values):{WIDTH}}  {spread}"
        )
    return "\n".join(lines)


def conclusion(found: dict[str, Slope], later: dict[str, Slope]) -> str:
    """What to make of the table."""
    ours = [name for name in found if not name.startswith(BESIDE)]
    grown, drifted = growing(found), [name for name, one in found.items() if one.grows and name.startswith(CONTROL)]
    still = growing(later)
    said = f"{len(grown)} of {len(ours)} series grow" + (f": {'; '.join(grown)}" if grown else "")
    said += f"; in the last {1 - LATER:.0%} of the time {'; '.join(still) or 'none'}"
    by_chance = f"of as many that stand still {len(ours) / 40:.1f} are expected to be taken for growing"
    machine = (
        f"the machine itself changed ({'; '.join(drifted)}): slopes of times mean little"
        if drifted
        else "the machine itself did not slow down"
    )
    return f"{said}; {by_chance}; {machine}."


def chart(values: Sequence[float]) -> str:
    """A series as a line of bars, from its least to its most; a bar is the median of those it stands for."""
    least, most = min(values), max(values)
    bars = []
    for place in range(min(WIDTH, len(values))):
        count = min(WIDTH, len(values))
        part = sorted(values[place * len(values) // count : (place + 1) * len(values) // count])
        high = (part[len(part) // 2] - least) / (most - least) if most > least else 0.0
        bars.append(BARS[min(int(high * len(BARS)), len(BARS) - 1)])
    return "".join(bars)


def _number(value: float) -> str:
    """To three digits."""
    if value == 0:
        return "0"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:,.{min(digits, 5)}f}"
