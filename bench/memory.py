"""Row 4: what a process holds: at most during an import, and at rest with a store open.

The import runs in one process from opening the store to closing it; ``VmHWM`` of that process is the peak. Another
process opens the store, reads a page of the timeline, and says ``VmRSS`` two seconds later. Both count everything: the
interpreter, the libraries' pages, the index engine inside the process.
"""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bench import import_speed
from bench.machine import resident
from bench.parts import Measure

from vestige.app import Installation, Settings

if TYPE_CHECKING:
    from bench.parts import Bench

REST_SECONDS = 2.0
MIB = 1 << 20


def measure(bench: Bench) -> list[Measure]:
    """The row."""
    (file,) = bench.files(bench.events)
    data = bench.place("memory")
    bench.say(f"memory: one import of {bench.events:,} events")
    peak = bench.part("bench.memory:importing", data=str(data), file=str(file))
    rest = bench.part("bench.memory:resting", data=str(data))
    size = sum(one.stat().st_size for one in data.rglob("*") if one.is_file())
    shutil.rmtree(data)
    at = f"with {bench.events:,} events"
    split = f"{at}; {rest['anonymous']:.0f} MiB its own, {rest['files']:.0f} MiB pages of files"
    return [
        Measure("memory, peak of an import", peak["peak"], "MiB", most=2048, note=at),
        Measure("memory, idle after one page", rest["now"], "MiB", most=1024, note=split),
        Measure("import of the whole in one go", peak["events"] / peak["seconds"], "events/s"),
        Measure(
            "disk, everything",
            size / bench.events,
            "bytes/event",
            note=f"of {file.stat().st_size / bench.events:.0f} bytes each",
        ),
    ]


def importing(data: str, file: str) -> dict[str, object]:
    """Import a file; how fast, and the process's peak."""
    return import_speed.vestige(data, file) | resident()


def resting(data: str) -> dict[str, float]:
    """Open a store, read one page, rest."""
    with Installation.open(Settings(data=Path(data))) as installation:
        page = installation.rooms_of_slug(None).timeline.page()
        if not page.events:
            message = "the timeline is empty"
            raise RuntimeError(message)
        time.sleep(REST_SECONDS)
        return resident()
