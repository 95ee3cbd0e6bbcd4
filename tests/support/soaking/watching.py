"""What is seen of a server under load, once in each window of time: a row of numbers, kept as a line of JSON.

Beside them stand two series of the machine itself, taken at the same time in the same way: how long a fixed loop takes
in a process of its own, and how much of the processors others use. Where those rise, the machine changed.
"""

from __future__ import annotations

import bisect
import contextlib
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import orjson

from support.soaking.load import Request, Sender

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from support.soaking.load import Load

MIB: Final = 1 << 20
TICKS: Final = os.sysconf("SC_CLK_TCK")
LOOP: Final = """
import time
while True:
    begun, total = time.perf_counter(), 0
    for number in range(100_000):
        total += number
    print((time.perf_counter() - begun) * 1000, flush=True)
    time.sleep(0.25)
"""
Row = dict[str, float]


def share(values: list[float], part: float) -> float:
    """The value below which such a part lies."""
    return sorted(values)[min(int(len(values) * part), len(values) - 1)]


def family(root: int) -> list[int]:
    """A process and all that descend from it."""
    parents: dict[int, int] = {}
    for entry in os.listdir("/proc"):  # noqa: PTH208 - names, not paths
        if entry.isdigit():
            with contextlib.suppress(OSError):
                stat = Path(f"/proc/{entry}/stat").read_text(encoding="utf-8", errors="replace")
                parents[int(entry)] = int(stat.rpartition(")")[2].split()[1])
    found = [root]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found


def held(root: int) -> Row:
    """What a process and its descendants hold (proc(5)).

    Of its own pages those that several of them share are divided among them. Pages of files are counted in each, since
    how they are divided changes with what other programs of this machine have the same libraries open.
    """
    row = {"memory, MiB": 0.0, "its own pages, MiB": 0.0, "open files": 0.0, "threads": 0.0}
    for process in family(root):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            place = Path(f"/proc/{process}")
            lines = (place / "smaps_rollup").read_text(encoding="ascii").splitlines()[1:]
            sizes = {line.split(":")[0]: int(line.split()[1]) / 1024 for line in lines}
            row["memory, MiB"] += sizes["Rss"]
            row["its own pages, MiB"] += sizes["Pss_Anon"]
            row["open files"] += len(os.listdir(place / "fd"))  # noqa: PTH208 - names, not paths
            row["threads"] += len(os.listdir(place / "task"))  # noqa: PTH208 - names, not paths
    return row


def processor(processes: list[int]) -> float:
    """Seconds of processor that they have used."""
    used = 0
    for process in processes:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
            used += int(fields[11]) + int(fields[12])
    return used / TICKS


def machine() -> float:
    """Seconds of processor that everybody has used."""
    fields = Path("/proc/stat").read_text(encoding="ascii").splitlines()[0].split()[1:]
    return (sum(map(int, fields[:8])) - int(fields[3]) - int(fields[4])) / TICKS


class Lag:
    """How far the index is behind the ledger, in entries and in time, as `/metrics` tells; asked once a second."""

    def __init__(self, load: Load) -> None:
        self.load = load
        self._sender = Sender(load.url, load.token, load.seen)
        self._heads: list[tuple[float, float]] = [(0.0, time.monotonic())]
        self._rows: list[tuple[float, float]] = []
        self._lock = threading.Lock()

    def ask(self) -> float:
        """The entries it is behind now."""
        body = self._sender.ask(Request("metrics", "GET", "/metrics", b"", {}, 0))
        assert body is not None, self.load.seen.wrong
        told = dict(line.rsplit(" ", 1) for line in body.decode().splitlines() if not line.startswith("#"))
        entries = float(told["vestige_index_lag_entries"])
        self.took(float(told["vestige_ledger_entries"]), entries, time.monotonic())
        return entries

    def took(self, head: float, entries: float, now: float) -> None:
        """The ledger was so long, and the index so many entries behind."""
        self._heads.append((head, now))
        # When the ledger was as long as the index is now; between two answers it is taken to have grown evenly.
        place = bisect.bisect_left(self._heads, (head - entries,))
        since = 0.0
        if entries and place:
            (low, then), (high, later) = self._heads[place - 1], self._heads[place]
            since = now - (then + (later - then) * (head - entries - low) / (high - low))
        del self._heads[: max(place - 1, 0)]
        with self._lock:
            self._rows.append((entries, since))

    @contextlib.contextmanager
    def watched(self, every: float) -> Iterator[None]:
        """Ask so often while the block is in; what it takes is counted as the times of `metrics`, from when due."""
        stop = threading.Event()

        def watch() -> None:
            due = time.monotonic()
            while not stop.wait(max(0.0, due - time.monotonic())):
                self.ask()
                self.load.seen.took("metrics", time.monotonic() - due)
                due += every

        thread = threading.Thread(target=watch, name="lag")
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def close(self) -> None:
        self._sender.close()

    def taken(self) -> Row:
        """The most since it was last asked."""
        with self._lock:
            rows, self._rows = self._rows, []
        if not rows:
            return {}
        return {"index lag, entries": max(row[0] for row in rows), "index lag, s": max(row[1] for row in rows)}


class Control:
    """A fixed loop in a process of its own, four times a second: what the machine itself has become slower by."""

    def __init__(self) -> None:
        self._process = subprocess.Popen([sys.executable, "-c", LOOP], stdout=subprocess.PIPE)
        self.pid = self._process.pid
        assert self._process.stdout is not None
        self._times = [float(self._process.stdout.readline())]
        self._thread = threading.Thread(target=self._read, name="control")
        self._thread.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._times.append(float(line))

    def taken(self) -> Row:
        times, self._times = self._times, []
        return {"control: a fixed loop, ms": share(times, 0.5)} if times else {}

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()
        self._thread.join()


def watched(lag: Lag, server: int, window: float, kept: Path, over: Callable[[], bool]) -> list[Row]:
    """A row for each window of time until what others send is over; each is written down at once."""
    load = lag.load
    rows: list[Row] = []
    control = Control()
    ours = [os.getpid(), control.pid]
    try:
        with lag.watched(min(1.0, window)), kept.open("ab") as file:
            load.seen.taken()
            begun = time.monotonic()
            before = (processor(family(server)), processor(ours), machine(), begun)
            last = False
            while not last:
                last = over()
                number = len(rows) + 1
                time.sleep(max(0.0, begun + number * window - time.monotonic()))
                after = (processor(family(server)), processor(ours), machine(), time.monotonic())
                used, mine, everybody, took = (new - old for new, old in zip(after, before, strict=True))
                before = after
                row = {"hours": (after[3] - begun) / 3600} | held(server) | lag.taken() | control.taken()
                row["shown: processors of the server"] = used / took
                row["control: processors of others"] = (everybody - used - mine) / took
                for kind, times in sorted(load.seen.taken().items()):
                    row |= {f"{kind} p{part}, ms": share(times, part / 100) * 1000 for part in (50, 95)}
                rows.append(row)
                file.write(orjson.dumps(row) + b"\n")
                file.flush()
    finally:
        control.close()
    return rows
