"""Row 14: the same import on every core, and pinned to one.

Two files: events that are read by column, and access lines that are read one by one, which other processes do
(:mod:`vestige.ingest.crew`). Each import is a process of its own with a fresh data directory; what it starts is pinned
with it. They take turns.
"""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any

from bench.import_speed import vestige
from bench.parts import Measure, ratios

if TYPE_CHECKING:
    from pathlib import Path

    from bench.parts import Bench

TURNS = 3
LINE = (
    "198.51.100.{host} - user{user} [17/May/2026:{hour:02}:{minute:02}:{second:02} +0000] "
    '"GET /shop/{n}?session={user}{host} HTTP/1.1" 200 {n} "-" "Mozilla/5.0 (X11; Linux x86_64) bench"\n'
)


def measure(bench: Bench) -> list[Measure]:
    """The row; nothing where there is one core."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        bench.say("cores: this machine has one")
        return []
    found = []
    for name, file in (
        ("JSON lines", bench.files(bench.segment)[0]),
        ("access lines", access_log(bench, bench.segment)),
    ):
        rates: dict[int, list[float]] = {1: [], len(cores): []}
        for turn in range(TURNS):
            for count in sorted(rates, reverse=bool(turn % 2)):
                place = bench.place("cores")
                told = bench.part("bench.cores_speed:pinned", data=str(place), file=str(file), processors=cores[:count])
                rates[count].append(told["events"] / told["seconds"])
                shutil.rmtree(place)
            bench.say(
                f"{name}, turn {turn + 1}/{TURNS}: {rates[len(cores)][-1]:,.0f} events/s, one core {rates[1][-1]:,.0f}"
            )
        found.append(ratios(f"import of {name}, {len(cores)} cores / one", rates[len(cores)], rates[1], least=1.5))
    return found


def pinned(data: str, file: str, processors: list[int]) -> dict[str, Any]:
    """Import one file on these processors alone."""
    os.sched_setaffinity(0, processors)
    return vestige(data, file)


def access_log(bench: Bench, lines: int) -> Path:
    """A log of a web server, in its combined format."""
    file = bench.place("access") / "access.log"
    with file.open("w") as out:
        for n in range(lines):
            second, minute, hour = n // 20 % 60, n // 1200 % 60, n // 72_000 % 24
            out.write(LINE.format(n=n, host=n % 250, user=n % 997, hour=hour, minute=minute, second=second))
    return file
