"""Generated folders, and a reader of them that knows nothing of how they were written."""

from __future__ import annotations

import calendar
import gzip
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

import orjson
import pytest

from vestige.demo import generate

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from vestige.demo import Truth

TIMES = ("published", "eventTime", "occurred_at", "timestamp")
SYSLOG = re.compile(rb"([A-Z][a-z]{2}) ([ \d]\d) (\d\d):(\d\d):(\d\d) ([a-z]+-\d) \S+: .+")


@dataclass
class Told:
    """A generated folder and the truth about it."""

    folder: Path
    truth: Truth
    _cache: dict[str, list[bytes]] = field(default_factory=dict)
    _times: dict[str, list[int | None]] = field(default_factory=dict)

    def records(self, path: str) -> list[bytes]:
        """The records of one file."""
        if path not in self._cache:
            raw = (self.folder / path).read_bytes()
            if path.endswith(".gz"):
                document = orjson.loads(gzip.decompress(raw))
                assert list(document) == ["Records"]
                self._cache[path] = [orjson.dumps(record) for record in document["Records"]]
            else:
                assert raw.endswith(b"\n")
                self._cache[path] = raw[:-1].split(b"\n")
        return self._cache[path]

    def forget(self) -> None:
        """Let go of what was read, which for a large story is a lot."""
        self._cache.clear()
        self._times.clear()

    def times(self, path: str) -> list[int | None]:
        """The times (ns) the records of one file state; None where one cannot be read."""
        if path not in self._times:
            self._times[path] = [self._time(path, payload) for payload in self.records(path)]
        return self._times[path]

    def _time(self, path: str, payload: bytes) -> int | None:
        kind = next(file.format for file in self.truth.files if file.path == path)
        if kind == "syslog":
            match = SYSLOG.fullmatch(payload)
            if not match:
                return None
            stamp = f"2026 {match[1].decode()} {int(match[2])} " + ":".join(match[n].decode() for n in (3, 4, 5))
            return calendar.timegm(datetime.strptime(stamp, "%Y %b %d %H:%M:%S").timetuple()) * 10**9  # noqa: DTZ007
        try:
            document = orjson.loads(payload)
        except orjson.JSONDecodeError:
            return None
        text = next(
            document[name] for name in ("published", "eventTime", "occurred_at", "timestamp") if name in document
        )
        whole, _, fraction = text.rstrip("Z").partition(".")
        seconds = calendar.timegm(datetime.fromisoformat(whole).timetuple())
        return seconds * 10**9 + int(f"{fraction:0<9}")


@pytest.fixture(scope="session")
def tell(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, int], Told]:
    """Generate a scenario in a size, once per test run."""
    made: dict[tuple[str, int], Told] = {}

    def one(scenario: str, events: int) -> Told:
        if (scenario, events) not in made:
            folder = tmp_path_factory.mktemp(f"{scenario}-{events}")
            truth = generate(folder, scenario=scenario, events=events, seed=events)
            made[scenario, events] = Told(folder, truth)
        return made[scenario, events]

    return one
