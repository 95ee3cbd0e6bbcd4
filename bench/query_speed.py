"""Row 3: questions to a large index: how long until a person sees the answer, and how much of that is the engine's.

Two stores are made of the generator's events, the second ten times the first, and asked the same questions in a process
of their own: *cold*, each question once in a fresh process after the engine's caches, and the system's pages where that
is allowed, were dropped; *warm*, each question so often with another parameter each time. What is asked is what the
product asks (``Rooms.timeline``, ``Rooms.chain``), and one of the questions also over HTTP.
"""

from __future__ import annotations

import gc
import random
import shutil
import statistics
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
from bench.machine import resident
from bench.parts import Measure

from support.program import serving
from vestige.app import Installation, Reach, Settings, Window
from vestige.index.engine import Engine
from vestige.model.instant import to_text

if TYPE_CHECKING:
    from bench.parts import Bench

    from vestige.app import Rooms

WARM = 30
MIB = 1 << 20
MUST = {
    "density of everything, 1500 buckets": 100,
    "density of everything by source": None,
    "first page": 50,
    "page in the middle": None,
    "facets": 200,
    "facets of one actor": None,
    "token search, newest 100": 200,
    "pivot on a key, newest 100": 50,
    "chain, depth 3": 300,
}
GROWING = ("first page", "page in the middle", "pivot on a key, newest 100", "chain, depth 3")
"""What may take at most twice as long of ten times as many events."""

Question = Callable[["Rooms", "Sample", random.Random], object]


def measure(bench: Bench) -> list[Measure]:
    """The row."""
    sizes = (bench.large // 10, bench.large)
    found = {}
    for size in sizes:
        file = bench.one_file(size)
        data = bench.place("questions")
        bench.say(f"questions: importing {size:,} events")
        bench.part("bench.import_speed:vestige", data=str(data), file=str(file))
        file.unlink()
        bench.say(f"questions: cold, of {size:,} events")
        cold = bench.part("bench.query_speed:asking", data=str(data), times=1, cold=True)
        bench.say(f"questions: warm, {WARM} times each, of {size:,} events")
        found[size] = bench.part("bench.query_speed:asking", data=str(data), times=WARM, cold=False) | {"cold": cold}
        found[size] |= bench.part("bench.query_speed:over_http", data=str(data), times=WARM)
        shutil.rmtree(data)
    return [*_times(found[sizes[1]], sizes[1]), *_growth(found[sizes[0]], found[sizes[1]])]


def _times(found: dict[str, Any], size: int) -> list[Measure]:
    measures = []
    for name, most in MUST.items():
        one, cold = found["asked"][name], found["cold"]["asked"][name]
        note = (
            f"p50 {_middle(one['seconds']):.1f}, engine p50 {_middle(one['engine']):.1f}; "
            f"cold {cold['seconds'][0] * 1e3:.0f} (engine {cold['engine'][0] * 1e3:.0f})"
        )
        samples = [seconds * 1e3 for seconds in one["seconds"]]
        measures.append(Measure(f"{name}, p95", _late(samples), "ms", most=most, samples=samples, note=note))
    rest = f"{size:,} events; caches dropped before cold: {found['cold']['dropped']}"
    return [
        *measures,
        Measure(
            "HTTP beside the same question in the process, a page",
            (found["outside"] - found["inside"]) * 1e3,
            "ms",
            most=10,
            note=f"p50 {found['outside'] * 1e3:.1f} and {found['inside'] * 1e3:.1f}",
        ),
        Measure("memory, idle after all questions", found["now"], "MiB", most=1024, note=rest),
    ]


def _growth(small: dict[str, Any], large: dict[str, Any]) -> list[Measure]:
    return [
        Measure(
            f"growth from a tenth, {name}",
            statistics.median(large["asked"][name]["seconds"]) / statistics.median(small["asked"][name]["seconds"]),
            "ratio",
            most=2,
            note="of the medians, warm",
        )
        for name in GROWING
    ]


def _middle(seconds: list[float]) -> float:
    return statistics.median(seconds) * 1e3


def _late(samples: list[float]) -> float:
    return sorted(samples)[min(len(samples) - 1, int(len(samples) * 0.95))]


class Sample:
    """What may be asked for in a store: names, words and times that are there."""

    def __init__(self, rooms: Rooms) -> None:
        timeline = rooms.timeline
        (actors,) = timeline.facets(["actor.id"], limit=1000)
        (sessions,) = timeline.facets(["session"], limit=1000)
        self.actors = [value.term for value in actors.values]
        self.sessions = [value.term for value in sessions.values]
        page = timeline.page(limit=5000)
        self.words = sorted(
            {word for event in page.events for word in event.get("message", "").split() if word.isalpha()}
        )
        self.ids = [event["id"] for event in page.events]
        whole = timeline.density(buckets=1)
        self.start, self.end = whole.start, whole.end


def _page(rooms: Rooms, sample: Sample, chance: random.Random) -> object:
    return rooms.timeline.page("", Window(sample.start, chance.randrange(sample.start, sample.end)), limit=100)


QUESTIONS: dict[str, Question] = {
    "density of everything, 1500 buckets": lambda rooms, _, __: rooms.timeline.density(buckets=1500),
    "density of everything by source": lambda rooms, _, __: rooms.timeline.density(buckets=1500, lane="source"),
    "first page": lambda rooms, _, __: rooms.timeline.page(limit=100),
    "page in the middle": _page,
    "facets": lambda rooms, _, __: rooms.timeline.facets(),
    "facets of one actor": lambda rooms, sample, chance: rooms.timeline.facets(query=chance.choice(sample.actors)),
    "token search, newest 100": lambda rooms, sample, chance: rooms.timeline.page(chance.choice(sample.words)),
    "pivot on a key, newest 100": lambda rooms, sample, chance: rooms.timeline.page(
        chance.choice(chance.choice((sample.actors, sample.sessions)))
    ),
    "chain, depth 3": lambda rooms, sample, chance: rooms.chain(chance.choice(sample.ids), Reach(depth=3)),
}


def asking(data: str, times: int, *, cold: bool) -> dict[str, Any]:
    """Ask everything; seconds of each answer, and those within the engine."""
    with Installation.open(Settings(data=Path(data))) as installation:
        rooms = installation.rooms_of_slug(None)
        rooms.settle()
        sample, clock = Sample(rooms), _Clock()
        gc.freeze()  # as a server does once it listens
        asked = {}
        dropped = ""
        for name, question in QUESTIONS.items():
            chance = random.Random(name)  # noqa: S311 - the same questions each time
            if not cold:
                question(rooms, sample, chance)
            seconds, engine = [], []
            for _ in range(times):
                dropped = _drop(installation) if cold else ""
                clock.spent = 0.0
                begun = time.perf_counter()
                question(rooms, sample, chance)
                seconds.append(time.perf_counter() - begun)
                engine.append(clock.spent)
            asked[name] = {"seconds": seconds, "engine": engine}
        time.sleep(2)
        return {"asked": asked, "dropped": dropped} | resident()


class _Clock:
    """Adds up the time spent in the engine's queries."""

    def __init__(self) -> None:
        self.spent = 0.0
        real, lock = Engine.query, threading.Lock()

        def query(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - whatever the engine takes and gives
            begun = time.perf_counter()
            try:
                return real(*arguments, **options)
            finally:
                with lock:
                    self.spent += time.perf_counter() - begun

        Engine.query = query  # type: ignore[method-assign]


def _drop(installation: Installation) -> str:
    """Drop what caches can be; which they were."""
    for cache in ("MARK", "UNCOMPRESSED", "INDEX MARK", "INDEX UNCOMPRESSED", "QUERY CONDITION"):
        installation.index.engine.command(f"SYSTEM DROP {cache} CACHE")
    try:
        Path("/proc/sys/vm/drop_caches").write_text("3\n")
    except OSError:
        return "the engine's"
    return "the engine's and the system's pages"


def over_http(data: str, times: int) -> dict[str, Any]:
    """Pages over HTTP on this machine, and in a process as warm as the server; each another, as an answer is kept."""
    with Installation.open(Settings(data=Path(data))) as installation:
        rooms = installation.rooms_of_slug(None)
        rooms.settle()
        whole, chance = rooms.timeline.density(buckets=1), random.Random("pages")  # noqa: S311 - the same each time
        ends = [chance.randrange(whole.start, whole.end) for _ in range(2 * (times + 1))]
        gc.freeze()
        inside = [_timed(partial(rooms.timeline.page, "", Window(end=end), limit=100)) for end in ends[::2]][1:]
    with serving(Path(data)) as server:
        headers = {"Authorization": f"Bearer {server.token}"}
        with httpx.Client(base_url=server.url, headers=headers, timeout=60) as client:

            def ask(end: int) -> None:
                client.get("/v1/timeline", params={"limit": 100, "end": to_text(end)}).raise_for_status()

            outside = [_timed(partial(ask, end)) for end in ends[1::2]][1:]
    return {"inside": statistics.median(inside), "outside": statistics.median(outside)}


def _timed(act: Callable[[], object]) -> float:
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun
