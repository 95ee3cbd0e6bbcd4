"""How quick a case of many pins is: pinned, asked for, checked, written out; run by itself, on events made for it.

``python bench/case_speed.py [EVENTS] [PINS]``: prints seconds, and milliseconds of queries (the median of five, warm).
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

from vestige.app import ImportOptions, Installation, Settings, Window
from vestige.model.principal import Principal

if TYPE_CHECKING:
    from collections.abc import Callable

BY = Principal("bench")


def timed(what: str, act: Callable[[], object], times: int = 5) -> None:
    act()
    took = []
    for _ in range(times):
        began = time.perf_counter()
        act()
        took.append(time.perf_counter() - began)
    print(f"{what:<58} {statistics.median(took) * 1000:9.1f} ms")


def once(what: str, act: Callable[[], object]) -> None:
    began = time.perf_counter()
    act()
    print(f"{what:<58} {time.perf_counter() - began:9.2f} s")


def main(events: int, pins: int) -> None:
    with (
        tempfile.TemporaryDirectory(prefix="vestige-bench-") as folder,
        Installation.open(Settings(data=Path(folder) / "data")) as installation,
    ):
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
        chosen = "attributes.n:0"
        once(f"pin {pins:,} of {events:,}", lambda: rooms.cases.select(case, BY, chosen, None, None, ""))
        once("first query of the case, which writes its set", lambda: rooms.timeline.page(f"case:{case}"))
        timed("a page of it", lambda: rooms.timeline.page(f"case:{case}"))
        timed("a page of it and an actor", lambda: rooms.timeline.page(f"case:{case} actor:u7"))
        timed("a page of what is not in it", lambda: rooms.timeline.page(f"-case:{case}", Window()))
        timed("count of it", lambda: rooms.timeline.count(f"case:{case}"))
        timed("density of it", lambda: rooms.timeline.density(f"case:{case}"))
        timed("show, with 2,000 pins checked", lambda: rooms.cases.show(case), 3)
        once("check of all pins", lambda: rooms.cases.check(case))
        once("copy as CSV", lambda: sum(map(len, rooms.cases.export(case, BY, "csv")[1])))
        once("tables made again from the ledger", rooms.cases.cases.rebuild)
        small = rooms.cases.cases.create(BY, {"name": "few"}).id
        rooms.cases.select(small, BY, "message:read actor:u7", None, None, "")
        timed("a page of a case of few pins", lambda: rooms.timeline.page(f"case:{small}"))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000, int(sys.argv[2]) if len(sys.argv) > 2 else 100_000)
