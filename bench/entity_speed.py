"""How long questions about entities take, on a data directory that is there: no row of ``make bench``, but a look.

``.venv/bin/python bench/entity_speed.py DATA`` asks what an investigator asks: lists, pages of entities drawn at random
(seed 2026) and of the commonest ones, graphs, groups. It prints milliseconds, the median and the 95th of 100, by the
clock and by processor time, with the load average: where that is not far below the number of cores, something else was
running, and only the processor time says anything.
"""

from __future__ import annotations

import os
import random
import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from vestige.app import Installation, Settings, Sift, Wanted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vestige.app.entities import Entities

DRAWN = 12
COMMONEST = 6
KINDS = ("identity", "ip", "host", "token", "session", "commit")
MINUTE = 60 * 10**9


def clocked(name: str, calls: Sequence[Callable[[], object]]) -> None:
    """Make some calls one after another, and print how long they took."""
    wall, processor = [], []
    for call in calls:
        begun, worked = time.perf_counter(), time.process_time()
        call()
        wall.append((time.perf_counter() - begun) * 1000)
        processor.append((time.process_time() - worked) * 1000)
    told = [f"{sorted(times)[int(len(times) * part)]:6.0f}" for times in (wall, processor) for part in (0.5, 0.95)]
    print(f"{name:<44} {len(calls):>3}   {' '.join(told[:2])}   {' '.join(told[2:])}", flush=True)


def measure(entities: Entities) -> None:
    """Ask everything."""
    chance = random.Random(2026)  # noqa: S311 - a sample, not a secret
    pool = {kind: entities.listed(Sift(kind), "count", 1000, None)["entities"] for kind in KINDS}
    pool = {kind: rows for kind, rows in pool.items() if rows}
    mixed = [str(chance.choice(rows)["id"]) for rows in pool.values() for _ in range(DRAWN)]
    common = [str(row["id"]) for kind in KINDS[:3] for row in pool.get(kind, [])[:COMMONEST]]
    print(f"{'':<44}   n   p50/p95 ms      by processor")
    clocked("list, first page of 100", [partial(entities.listed, Sift(), "last", 100, None)] * 10)
    cursor = entities.listed(Sift(), "last", 100, None).get("next_cursor")
    clocked("list, next page", [partial(entities.listed, Sift(), "last", 100, cursor)] * 10)
    clocked("page of an entity, drawn", [partial(entities.show, one) for one in mixed])
    clocked("page of an entity, the commonest", [partial(entities.show, one) for one in common])
    for depth in (1, 2, 3):
        for name, ids in (("drawn", mixed), ("the commonest", common)):
            calls = [partial(entities.graph, one, depth) for one in ids]
            clocked(f"graph to depth {depth}, {name}", calls)
    for terms, window, by in (
        (("type:auth.mfa outcome:failure", "type:auth.mfa outcome:success"), 30, "ip"),
        (("type:repository.*", "type:deploy.*", "severity:>=high"), 60, "identity"),
        (("type:auth.login", "type:data.read"), 5, ""),
    ):
        wanted = Wanted(terms, window * MINUTE, by)
        calls = [partial(entities.together, wanted, 20, None)] * 10
        clocked(f"together, {len(terms)} terms, {window} min {by and f'same {by}'}", calls)


if __name__ == "__main__":
    print(f"load average {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")
    with Installation.open(Settings(data=Path(sys.argv[1]))) as installation:
        measure(installation.rooms_of_slug(None).entities)
