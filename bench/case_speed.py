"""The row ``case``: a case of many pins, pinned, asked for, checked and written out.

On events made for it, half of which are pinned. By itself: ``python bench/case_speed.py [EVENTS] [PINS]``.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

if __name__ == "__main__":  # run as a script: modules are found from the root, as bench/run.py finds them
    sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parents[1] / "tests")]

from bench.parts import Measure

from vestige.app import ImportOptions, Installation, Settings, Window
from vestige.model.principal import Principal

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.parts import Bench

BY = Principal("bench")
EVENTS, PINS = 200_000, 100_000
PAGE = "page of a case of 100,000 pins"
MOST = {PAGE: 50.0}
"""Milliseconds that must hold."""


def measure(bench: Bench) -> list[Measure]:
    """The row."""
    events, pins = min(bench.events, EVENTS), min(bench.events // 2, PINS)
    bench.say(f"case: {pins:,} of {events:,} events pinned")
    found = bench.part("bench.case_speed:look", folder=str(bench.place("case")), events=events, pins=pins)
    return [
        Measure(name, statistics.median(samples), unit, most=MOST.get(name), samples=samples)
        for name, unit, samples in found["figures"]
    ]


def look(folder: str, events: int, pins: int) -> dict[str, object]:
    """Make a case and time what is done with it: name, unit and samples of each figure."""
    figures: list[tuple[str, str, list[float]]] = []

    def timed(what: str, act: Callable[[], object], times: int = 5) -> None:
        act()
        figures.append((what, "ms", [_seconds(act) * 1000 for _ in range(times)]))

    def once(what: str, act: Callable[[], object]) -> None:
        figures.append((what, "s", [_seconds(act)]))

    with Installation.open(Settings(data=Path(folder) / "data")) as installation:
        rooms = installation.rooms_of_slug(None)
        lines = (
            {"event_type": "data.read", "occurred_at": f"2026-01-{1 + n % 28:02}T{n % 24:02}:{n % 60:02}:00Z",
             "actor": f"u{n % 1000}", "n": n % max(events // pins, 1), "message": f"read {n}"}
            for n in range(events)
        )  # fmt: skip
        file = Path(folder) / "made.jsonl"
        file.write_text("".join(json.dumps(line) + "\n" for line in lines))
        rooms.intake.import_paths([file], ImportOptions(by=BY), progress=lambda _: None, stop=threading.Event())
        case = rooms.cases.cases.create(BY, {"name": "many"}).id
        once("pin all of a query", lambda: rooms.cases.select(case, BY, "attributes.n:0", None, None, ""))
        once("first query of the case, which writes its set", lambda: rooms.timeline.page(f"case:{case}"))
        timed(PAGE, lambda: rooms.timeline.page(f"case:{case}"))
        timed("page of it and an actor", lambda: rooms.timeline.page(f"case:{case} actor:u8"))
        timed("page of what is not in it", lambda: rooms.timeline.page(f"-case:{case}", Window()))
        timed("count of it", lambda: rooms.timeline.count(f"case:{case}"))
        timed("density of it", lambda: rooms.timeline.density(f"case:{case}"))
        timed("show, with 2,000 pins checked", lambda: rooms.cases.show(case), 3)
        once("check of all pins", lambda: rooms.cases.check(case))
        once("copy as CSV", lambda: sum(map(len, rooms.cases.export(case, BY, "csv")[1])))
        once("report as HTML, 500 events listed", lambda: rooms.reports.make(case, BY, "html"))
        once("report as PDF, 500 events listed", lambda: rooms.reports.make(case, BY, "pdf"))
        once("tables made again from the ledger", rooms.cases.cases.rebuild)
        small = rooms.cases.cases.create(BY, {"name": "few"}).id
        rooms.cases.select(small, BY, "message:read actor:u7", None, None, "")
        timed("page of a case of few pins", lambda: rooms.timeline.page(f"case:{small}"))
    return {"figures": figures}


def _seconds(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def main(events: int, pins: int) -> None:
    with tempfile.TemporaryDirectory(prefix="vestige-bench-") as folder:
        for name, unit, samples in look(folder, events, pins)["figures"]:  # type: ignore[attr-defined]
            print(f"{name:<58} {statistics.median(samples):9.2f} {unit}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else EVENTS, int(sys.argv[2]) if len(sys.argv) > 2 else PINS)
