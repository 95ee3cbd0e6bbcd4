"""The row ``capture``: what a hook of a coding agent costs, each call with its start, in a repository of 20,000 files.

By itself: `python -m bench.capture_speed [--files N] [--calls N]`. A home and a repository are made and removed.
Calls go through the command that stands in the settings, as an agent makes them, one after another; the bare start of
the interpreter takes turns with them, so that a busy minute hits both. Half of the calls find a file changed. The
processor time, of the call and of the capture program for it, is what does not depend on who else is at work.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

# Run as a module from the root; what a person and their repository are, tests know too.
sys.path.insert(1, str(Path(__file__).resolve().parents[1] / "tests"))

from bench.parts import Measure

from support.capturing import Person, git, payload, person

if TYPE_CHECKING:
    from bench.parts import Bench

MOST_MS = 60.0
FILES, CALLS = 20_000, 200


class Found(NamedTuple):
    """Milliseconds of calls by event, and of the interpreter's bare start; what they took of the processor."""

    calls: dict[str, list[float]]
    bare: list[float]
    call_ms: float
    program_ms: float
    start_ms: float
    kept: int
    missed: int

    @property
    def all(self) -> list[float]:
        """Every call's."""
        return [value for values in self.calls.values() for value in values]


def measure(bench: Bench) -> list[Measure]:
    """The row."""
    files, calls = (2_000, 60) if bench.quick else (FILES, CALLS)
    bench.say(f"capture: {calls} calls in a repository of {files:,} files")
    found = look(files, calls)
    if found.kept != len(found.all):
        raise subprocess.SubprocessError(f"{found.kept} of {len(found.all)} calls were kept")
    note = f"{files:,} files, start included; {found.missed} without what was there before"
    return [
        Measure("one call of the hook, p95", _p95(found.all), "ms", most=MOST_MS, samples=found.all, note=note),
        Measure("one call of the hook, p50", statistics.median(found.all), "ms"),
        Measure("the interpreter's start alone, p95", _p95(found.bare), "ms", samples=found.bare),
        Measure("processor time of one call", found.call_ms, "ms"),
        Measure("processor time of the capture program for it", found.program_ms, "ms"),
    ]


def _p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=100)[94]


def repository(ann: Person, files: int) -> Path:
    """One with so many files, a hundred a folder."""
    folder = ann.repository(remote="https://example.org/team/shop.git")
    for number in range(files):
        path = folder / f"part{number // 2000}" / f"room{number // 100}" / f"file{number}.py"
        if number % 100 == 0:
            path.parent.mkdir(parents=True)
        path.write_text(f"value = {number}\n" * 20)
    git(folder, "add", "-A", env=ann.env)
    git(folder, "commit", "-qm", "files", env=ann.env)
    return folder


def timed(command: list[str], given: bytes, folder: Path, env: dict[str, str]) -> float:
    """Milliseconds."""
    begun = time.perf_counter()
    subprocess.run(command, input=given, cwd=folder, env=env, check=True)
    return (time.perf_counter() - begun) * 1000


def spent(pid: int) -> float:
    """Seconds of the processor that a process has taken."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def ended() -> float:
    """The same of all our children that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def told(name: str, values: list[float]) -> None:
    cut = statistics.quantiles(values, n=100)
    print(f"{name:<34} min {min(values):6.1f}  p50 {cut[49]:6.1f}  p95 {cut[94]:6.1f}  max {max(values):6.1f} ms")


def look(files: int, calls: int) -> Found:
    """Call the hook so often in a repository of so many files."""
    with tempfile.TemporaryDirectory(prefix="vestige-bench-") as place, person(Path(place) / "ann") as ann:
        folder = repository(ann, files)
        ann.vestige(folder, "agent", "init")
        ann.warm(folder)
        found: dict[str, list[float]] = {"PreToolUse": [], "PostToolUse": []}
        bare: list[float] = []
        commands = {event: ["/bin/sh", "-c", ann.command(folder, event)] for event in found}
        own, program, start = ended(), spent(ann.pid()), 0.0
        for number in range(calls // 2):
            fields = {"tool_name": "Bash", "tool_use_id": f"toolu_{number}", "tool_input": {"command": "make"}}
            found["PreToolUse"].append(
                timed(commands["PreToolUse"], payload(folder, "PreToolUse", **fields), folder, ann.env)
            )
            before = ended()
            bare.append(timed([sys.executable, "-IS", "-c", "pass"], b"", folder, ann.env))
            start += ended() - before
            (folder / "part0" / "room0" / f"file{number % 100}.py").write_text(f"changed = {number}\n")
            said = payload(folder, "PostToolUse", **fields, tool_response={"stdout": "ok\n" * 200})
            found["PostToolUse"].append(timed(commands["PostToolUse"], said, folder, ann.env))
        call_ms = 1000 * (ended() - own - start) / (2 * len(bare))
        program_ms = 1000 * (spent(ann.pid()) - program) / (2 * len(bare))
        kept = [record for record in ann.spooled() if "tool_use_id" in record]
        missed = sum("missed" in record["vestige_capture"]["snapshot"] for record in kept)
        return Found(found, bare, call_ms, program_ms, 1000 * start / len(bare), len(kept), missed)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=FILES)
    parser.add_argument("--calls", type=int, default=CALLS)
    given = parser.parse_args()
    found = look(given.files, given.calls)
    print(f"{given.files} files, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
    told("the interpreter's start alone", found.bare)
    for event, values in found.calls.items():
        told(f"{event} with its start", values)
    told("all calls", found.all)
    print(
        f"processor time of one call: {found.call_ms:.1f} ms, of the capture program for it {found.program_ms:.1f} ms; "
        f"of the interpreter's start alone {found.start_ms:.1f} ms"
    )
    print(f"{found.kept} of {len(found.all)} calls kept, {found.missed} without what was there before")
    print(json.dumps({"p95_ms": round(_p95(found.all), 1), "promised_ms": MOST_MS}))
    return 0 if found.kept == len(found.all) else 1


if __name__ == "__main__":
    sys.exit(main())
