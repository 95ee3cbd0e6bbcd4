"""A demonstration has its detections before anybody looks, and is not scanned again for what it was scanned for."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from support.world import World, world_in
from vestige.app import fill, look
from vestige.app.demonstration import SCANNED

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator

    from vestige.ingest.report import ImportReport

EVENTS = 1000


class Filled:
    """A demonstration, and what is told while it is scanned."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.report = self.filled()
        self.marks = world.installation.settings.data / SCANNED
        self.told: list[dict[str, object]] = []

    def filled(self) -> ImportReport:
        return fill(self.world.installation, EVENTS, lambda _: None, threading.Event())

    def look(self, report: ImportReport, events: int = EVENTS, stop: threading.Event | None = None) -> Counter[str]:
        self.told.clear()
        return look(self.world.installation, report, events, self.told.append, stop or threading.Event())


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    with world_in(tmp_path_factory.mktemp("demo") / "data") as world:
        yield Filled(world)


def kept(world: World) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = world.client("here").get("/v1/detections").json()["detections"]
    return found


def test_it_is_scanned_once(demo: Filled) -> None:
    # Told to stop, it looks for nothing, and says so by leaving no mark.
    stopped = threading.Event()
    stopped.set()
    assert not demo.look(demo.report, stop=stopped)
    assert not demo.marks.exists()
    assert demo.report.parsed > 0
    found = demo.look(demo.report)
    planted = kept(demo.world)
    assert found.total() == len(planted) > 0
    assert {"mfa-fatigue", "log-tampering"} <= {one["pattern"] for one in planted}
    enabled = sum(one["enabled"] for one in demo.world.client("here").get("/v1/sequences").json()["patterns"])
    assert demo.told == [{"done": done, "of": enabled} for done in range(enabled)]
    # A second start takes nothing in, scans nothing, and knows what the first found.
    again = demo.filled()
    assert again.parsed + again.unparsed == 0
    assert demo.look(again) == found
    assert demo.told == []
    # Of another size, or where it is not known, it is scanned; and nothing is kept twice.
    demo.marks.write_text('{"events": 1000, "patterns": 3}')
    assert demo.look(again) == found
    assert len(demo.told) == enabled
    assert len(demo.look(again, EVENTS + 1)) == len(found)
    assert len(demo.told) == enabled
    assert len(kept(demo.world)) == len(planted)
