"""A server under four fifths of what it can do, for long: neither its memory nor its answers' times nor the lag grow.

The log is filled first, since the engine's caches and parts grow with a log that is new. Then it is found how much the
server takes in while its index keeps up, with ever more clients; then requests come at four fifths of that rate,
evenly, whatever the answers take. What is seen in each window of time is kept as a line of JSON, whose path is printed,
and of each series its slope with an interval.

`make test` runs some seconds of it, lightly, and looks at the machinery alone: what a busy machine does to a few
seconds is no growth. `make campaign-soak` runs half an hour and fails if a series of the server grows;
`SOAK_MINUTES=1440` is a day.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import orjson
import pytest

from support.program import ended, environment
from support.soaking.load import KINDS, RECORDS_A_REQUEST, ROUND, Load, capacity, caught_up, fill, rested
from support.soaking.telling import LATER, conclusion, growing, slopes, table
from support.soaking.watching import Lag, Row, watched

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.campaign
WINDOWS = 360
"""Of a run, however long it is: so many points tell a slope, and of long windows the 95th percentile is a calm one."""
LEAST_REQUESTS = 2 * len(ROUND)
"""Among so many is at least one of each kind."""


@dataclass(frozen=True)
class Plan:
    """How long, and how hard."""

    minutes: float
    window: float
    """Seconds."""
    fill: int
    """Records that the log has before."""
    step: float
    """Seconds of each step of measuring the capacity."""
    clients: tuple[int, ...]
    share: float
    """Of the capacity."""
    whole: bool
    """Whether it is long enough to tell what grows."""

    @classmethod
    def of(cls, minutes: float | None) -> Plan:
        """A run of so many minutes, or the sample."""
        if minutes is None:
            return cls(0.1, 0.25, 0, 1.0, (2,), 0.2, whole=False)
        return cls(minutes, minutes * 60 / WINDOWS, 2_000_000, 15.0, (1, 2, 4, 8, 16), 0.8, whole=True)


@dataclass(frozen=True)
class Soaked:
    """What came of a run."""

    rows: list[Row]
    kept: Path
    acknowledged: int
    counted: int
    """Events in the index at the end."""
    verified: bool
    wrong: list[str]
    busy: int


@contextlib.contextmanager
def served(data: Path) -> Iterator[tuple[str, str, int]]:
    """`vestige up` as an own program: a fork of what others share would hold their pages.

    Its address, the owner's token and its process. What it says goes to a file: a pipe that nobody reads fills up.
    """
    command = [sys.executable, "-m", "vestige", "up", "--port", "0", "--data", str(data)]
    with (data.parent / "said").open("wb") as said:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said, env=environment())
    assert process.stdout is not None
    try:
        url = process.stdout.readline().decode().strip().removeprefix("listening on ")
        yield url, process.stdout.readline().decode().strip(), process.pid
        ended(process)
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def soaked(folder: Path, kept: Path, plan: Plan) -> Soaked:
    """Measure the capacity, then send its share for as long as planned, and see what is there afterwards."""
    with served(folder / "data") as (url, token, process), contextlib.closing(Lag(Load.to(url, token))) as lag:
        load = lag.load
        fill(load, lag.ask, plan.fill)
        if plan.whole:
            rested(load)
        steps = capacity(load, lag.ask, plan.step, plan.clients)
        # How soon the index is level after a second's sending says nothing on a machine that does much else.
        best = max((one for one in steps if one.bounded or not plan.whole), key=lambda one: one.records, default=None)
        for one in steps:
            print(
                f"\n{one.clients:3} clients: {one.records:7,.0f} records/s, {one.requests:6.1f} requests/s,"
                f" the index {one.behind:.1f} s behind at the end{'' if one.bounded else ': too far'}",
                end="",
            )
        assert best is not None, "the index kept up with no number of clients"
        seconds = plan.minutes * 60
        rate = max(best.requests * plan.share, LEAST_REQUESTS / seconds)
        print(
            f"\nsoak: {plan.share:.0%} of {best.records:,.0f} records/s, which is {rate:.1f} requests/s"
            f" with {rate * RECORDS_A_REQUEST:,.0f} records/s, for {plan.minutes:g} min; series in {kept}",
            flush=True,
        )
        lag.taken()
        with load.steady(rate, seconds) as over:
            rows = watched(lag, process, plan.window, kept, over)
        caught_up(lag.ask)
        with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=600) as client:
            found = client.get("/v1/timeline/density", params={"buckets": 300}).json()
            verified = client.get("/v1/ledger/verify").json()["ok"]
    seen = load.seen
    return Soaked(rows, kept, seen.records, found["total"], verified, seen.wrong, seen.busy)


@pytest.fixture(scope="module")
def plan(request: pytest.FixtureRequest) -> Plan:
    return Plan.of(request.config.getoption("--soak-minutes"))


@pytest.fixture(scope="module")
def run(plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Soaked:
    folder = tmp_path_factory.mktemp("soak")
    kept = folder / "soak.jsonl"
    if plan.whole:
        kept = Path(tempfile.gettempdir()) / f"soak-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}.jsonl"
    return soaked(folder, kept, plan)


def test_nothing_that_was_acknowledged_under_load_is_lost(run: Soaked) -> None:
    assert run.wrong == []
    assert run.acknowledged > 0
    assert run.counted == run.acknowledged
    assert run.verified


def test_the_series_are_whole_and_kept(run: Soaked, plan: Plan) -> None:
    assert len(run.rows) >= int(plan.minutes * 60 / plan.window) - 1
    assert [orjson.loads(line) for line in run.kept.read_bytes().splitlines()] == run.rows
    seen = {name for row in run.rows for name in row}
    wanted = {f"{kind} p{part}, ms" for kind in (*KINDS, "metrics") for part in (50, 95)}
    assert wanted | {"index lag, entries", "index lag, s", "control: a fixed loop, ms"} <= seen
    for row in run.rows:
        assert row["memory, MiB"] > row["its own pages, MiB"] > 50
        assert row["open files"] > 5
        assert row["threads"] > 2
        assert row["shown: processors of the server"] >= 0


def test_nothing_grows(run: Soaked, plan: Plan) -> None:
    found, later = slopes(run.rows), slopes(run.rows, LATER)
    print(f"\n{table(run.rows, found, later)}\n{conclusion(found, later)}")
    assert {"memory, MiB", "open files", "threads"} <= set(found)
    if plan.whole:
        assert growing(found) == []
