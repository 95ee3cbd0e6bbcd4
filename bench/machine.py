"""What a measurement was made on: a ratio means little, and a rate nothing, without it."""

from __future__ import annotations

import os
import platform
import sqlite3
import statistics
import time
from importlib.metadata import version
from pathlib import Path

_PACKAGES = ("chdb-core", "clickhouse-connect", "pyarrow", "orjson", "psycopg", "sqlalchemy")
_SYNCS = 20


def describe(folder: Path) -> dict[str, str]:
    """The machine, its software, and how long the disk under ``folder`` takes to make 4 KiB durable."""
    return {
        "cpu": _cpu(),
        "cores": str(os.cpu_count()),
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.1f} GiB",
        "kernel": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        **{name: version(name) for name in _PACKAGES},
        "sync of 4 KiB": f"{_sync(folder) * 1000:.2f} ms",
    }


def load() -> str:
    """The load averages of the last 1, 5 and 15 minutes."""
    return " ".join(f"{value:.2f}" for value in os.getloadavg())


def resident() -> dict[str, float]:
    """This process's memory in MiB: ``peak`` and ``now``, and the parts ``anonymous`` and ``files`` of now."""
    names = {"VmHWM": "peak", "VmRSS": "now", "RssAnon": "anonymous", "RssFile": "files"}
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    fields = dict(line.split(":", 1) for line in lines)
    return {ours: int(fields[theirs].split()[0]) / 1024 for theirs, ours in names.items()}


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def _sync(folder: Path) -> float:
    """Median seconds of a write of 4 KiB with fsync."""
    place = folder / "sync"
    taken = []
    with place.open("wb", buffering=0) as file:
        for _ in range(_SYNCS):
            file.write(bytes(4096))
            start = time.perf_counter()
            os.fsync(file.fileno())
            taken.append(time.perf_counter() - start)
    place.unlink()
    return statistics.median(taken)
