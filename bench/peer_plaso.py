"""Beside peers: a super timeline of web access logs by Plaso, and by Vestige.

Plaso is run as its users run it: ``log2timeline`` with the one parser that reads the file, then ``psort`` to JSON
lines; so is Vestige: ``vestige import``, then ``vestige export``. Both as programs, start and end included. What they
leave is not the same: Plaso's storage is a file of events; Vestige's holds the evidence itself, proof of it, and an
index.

Plaso is not among the project's dependencies: ``tools/peers.sh`` puts it into an environment of its own.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

from bench.cores_speed import access_log
from bench.parts import ROOT, Measure, rate, ratios

if TYPE_CHECKING:
    from pathlib import Path

    from bench.parts import Bench

TURNS = 2
PEERS = ROOT / ".venv-peers" / "bin"


def measure(bench: Bench) -> list[Measure]:
    """The row."""
    if not (PEERS / "log2timeline").is_file():
        return [Measure("timeline of access lines / Plaso", 0.0, "ratio", note="not measured: tools/peers.sh first")]
    lines = min(bench.events, 200_000)
    log = access_log(bench, lines)
    ours: list[dict[str, Any]] = []
    theirs: list[dict[str, Any]] = []
    for turn in range(TURNS):
        for act, answers in ((_vestige, ours), (_plaso, theirs))[:: 1 if turn % 2 == 0 else -1]:
            answers.append(act(bench.place("timeline"), log))
        bench.say(f"plaso, turn {turn + 1}/{TURNS}: {ours[-1]['seconds']:.1f} s, Plaso {theirs[-1]['seconds']:.1f} s")
    if {one["events"] for one in (*ours, *theirs)} != {lines}:
        message = f"of {lines} lines, ours gave {ours[0]['events']} and Plaso {theirs[0]['events']}"
        raise subprocess.SubprocessError(message)
    note = "; ".join(f"{name} {size >> 20} MiB" for name, size in ours[0]["sizes"].items())
    return [
        ratios("timeline of access lines / Plaso", [lines / one["seconds"] for one in ours],
               [lines / one["seconds"] for one in theirs]),
        rate("timeline of access lines, Vestige", [lines / one["seconds"] for one in ours], note=note),
        rate("timeline of access lines, Plaso", [lines / one["seconds"] for one in theirs],
             note=f"storage {theirs[0]['size'] >> 20} MiB"),
    ]  # fmt: skip


def _run(*command: str | Path, cwd: Path) -> None:
    done = subprocess.run(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        raise subprocess.SubprocessError(f"{command[0]} ended with {done.returncode}: {done.stdout[-500:]!r}")


def _lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b""))


def _plaso(folder: Path, log: Path) -> dict[str, Any]:
    begun = time.perf_counter()
    _run(PEERS / "log2timeline", "--quiet", "--unattended", "--status_view", "none", "--logfile", folder / "l.log.gz",
         "--parsers", "text/apache_access", "--storage_file", folder / "x.plaso", log, cwd=folder)  # fmt: skip
    _run(PEERS / "psort", "--quiet", "--unattended", "--status_view", "none", "--logfile", folder / "p.log.gz",
         "-o", "json_line", "-w", folder / "out.jsonl", folder / "x.plaso", cwd=folder)  # fmt: skip
    seconds = time.perf_counter() - begun
    told = {"seconds": seconds, "events": _lines(folder / "out.jsonl"), "size": (folder / "x.plaso").stat().st_size}
    shutil.rmtree(folder)
    return told


def _vestige(folder: Path, log: Path) -> dict[str, Any]:
    program = (sys.executable, "-m", "vestige", "--data", folder / "data", "--quiet")
    begun = time.perf_counter()
    _run(*program, "import", log, cwd=folder)
    _run(*program, "export", "--format", "ndjson", "-o", folder / "out.jsonl", cwd=folder)
    seconds = time.perf_counter() - begun
    data = folder / "data"
    sizes = {name: sum(path.stat().st_size for path in (data / name).rglob("*") if path.is_file())
             for name in ("index", "blobs")}  # fmt: skip
    sizes["ledger"] = (data / "vestige.sqlite").stat().st_size
    told = {"seconds": seconds, "events": _lines(folder / "out.jsonl"), "sizes": sizes}
    shutil.rmtree(folder)
    return told
