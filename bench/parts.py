"""What the rows share: how long they are, what they answer, and how a part of one runs in a process of its own.

A *row* is a module with ``measure(bench) -> list[Measure]``. A *part* is a function of such a module that takes and
answers plain JSON values; :meth:`Bench.part` runs it in a fresh interpreter, because the in-process index serves one
directory per process, and because one part must not inherit another's memory.
"""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import sys
from dataclasses import dataclass, field
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from support.postgres import Postgres
from vestige.demo import json_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parents[1]
SEED = 2026
CORPUS = "VESTIGE_TEST_CORPUS"
"""Where real logs lie; the row ``parse`` reads one of them if they are there."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure. ``least`` and ``most`` are what must hold, ``aim`` is what is hoped for."""

    name: str
    value: float
    unit: str
    least: float | None = None
    most: float | None = None
    aim: float | None = None
    samples: Sequence[float] = ()
    note: str = ""

    @property
    def verdict(self) -> str:
        """``met``, ``missed``, or nothing where nothing was promised."""
        if self.least is None and self.most is None:
            return ""
        met = (self.least is None or self.value >= self.least) and (self.most is None or self.value <= self.most)
        return "met" if met else "missed"


@dataclass(slots=True)
class Bench:
    """One run: how much of what, and where."""

    events: int
    folder: Path
    quick: bool
    big: int = 0
    """GiB of the large log of the row ``parse``; 0 reads none."""
    large: int = 0
    """Events of the larger store of the row ``query``."""
    _server: Postgres | None = field(default=None, repr=False)
    _named: int = 0

    @property
    def segment(self) -> int:
        """Events of one sample: rivals take turns on samples, so that a busy minute of the machine hits both."""
        return max(1, self.events // 2 if self.events < 400_000 else 200_000)

    def say(self, text: str) -> None:
        """Tell how far the run is."""
        print(f"bench: {text}", file=sys.stderr, flush=True)

    def place(self, name: str) -> Path:
        """A new folder."""
        self._named += 1
        place = self.folder / f"{name}-{self._named}"
        place.mkdir()
        return place

    def files(self, each: int) -> list[Path]:
        """The generator's events as files of ``each`` events, all of them together as many as the run has."""
        kept = self.folder / f"events-{each}"
        if not kept.is_dir():
            self.say(f"generating {self.events} events in files of {each}")
            kept.mkdir()
            lines = json_lines(SEED, self.events)
            for number in range(self.events // each):
                with (kept / f"{number:03}.jsonl").open("wb") as file:
                    file.writelines(line + b"\n" for line in islice(lines, each))
        return sorted(kept.iterdir())

    def one_file(self, events: int) -> Path:
        """The generator's events as one file."""
        self.say(f"generating {events:,} events")
        made = self.place("large") / "events.jsonl"
        with made.open("wb") as file:
            file.writelines(line + b"\n" for line in json_lines(SEED, events))
        return made

    @property
    def server(self) -> Postgres:
        """A PostgreSQL, started at first use."""
        if self._server is None:
            self.say("starting PostgreSQL")
            # Ended half-way through, the start would leave a folder, or a server, that nobody knows of.
            asked: list[int] = []
            before = signal.signal(signal.SIGTERM, lambda number, _: asked.append(number))
            self._server = Postgres.start()
            signal.signal(signal.SIGTERM, before)
            if asked:
                sys.exit(128 + asked[0])
        return self._server

    def part(self, function: str, **arguments: object) -> dict[str, Any]:
        """Run ``module:function`` with JSON arguments in a process of its own; its answer.

        Raises:
            CalledProcessError: the part failed; its own words are on stderr.
            TimeoutExpired: it did not come to an end.
        """
        module, name = function.split(":")
        done = subprocess.run(
            [sys.executable, "-m", "bench.parts", module, name, json.dumps(arguments)],
            cwd=ROOT,
            env=_environment(),
            stdout=subprocess.PIPE,
            check=True,
            timeout=600 + max(self.events, self.large) / 200 + self.big * 3600,
        )
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    @property
    def started(self) -> bool:
        """Whether a PostgreSQL was needed."""
        return self._server is not None

    def server_version(self) -> str:
        """What the PostgreSQL calls itself."""
        with self.server.connect("postgres") as connection:
            return str(connection.execute("SHOW server_version").fetchall()[0][0])

    def close(self) -> None:
        """Leave no server behind."""
        if self._server is not None:
            self._server.stop()


def ratios(
    name: str, over: Sequence[float], under: Sequence[float], *, least: float | None = None, aim: float | None = None
) -> Measure:
    """The median of paired ratios ``over / under``."""
    samples = [a / b for a, b in zip(over, under, strict=True)]
    return Measure(name, statistics.median(samples), "ratio", least=least, aim=aim, samples=samples)


def rate(name: str, samples: Sequence[float], unit: str = "events/s", note: str = "") -> Measure:
    """The median of some rates."""
    return Measure(name, statistics.median(samples), unit, samples=samples, note=note)


def _environment() -> dict[str, str]:
    # The product's own settings must not leak in; the parts find the same modules this process did.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("VESTIGE_") or name == CORPUS}
    return kept | {"PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"}


def _main() -> None:
    module, name, arguments = sys.argv[1:]
    answer = getattr(import_module(module), name)(**json.loads(arguments))
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    _main()
