"""The row ``bundle``: packing a bundle of 100,000 records, what memory that takes, and verifying it.

Verification is held against a loop that makes only the hash calls of verifying each entry by itself, over bytes read
and unpacked before its clock starts: each file's digest, each leaf, each node of each path, each commitment. A node
that neighbours share is hashed once by the verifier, so a second figure counts it once. Packing is held to
memory: how much the process's peak rises from before the first byte to after the last. What verifying takes is measured
in a process of its own, since a peak never falls.
"""

from __future__ import annotations

import resource
import time
import zipfile
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from bench.append_speed import TENANT, append, batches, open_ledger
from bench.parts import Measure, rate, ratios

from vestige.bundles import Packer, Selection, Trust, keys_of_text, verify
from vestige.db import Database

if TYPE_CHECKING:
    from bench.parts import Bench

RECORDS = 100_000
ROUNDS = 3


def measure(bench: Bench) -> list[Measure]:
    """The row."""
    (file,) = bench.files(bench.events)
    records = min(bench.events, RECORDS)
    bench.say(f"bundle: {records:,} records of a log of {bench.events:,} entries")
    place = bench.place("bundle")
    found = bench.part("bench.bundle_speed:compare", folder=str(place), file=str(file), events=bench.events)
    read = bench.part("bench.bundle_speed:verifying", path=found["path"], keys=found["keys"], records=records)
    return [
        ratios("bundle verification / bare hash calls", found["bare"], found["verify"], least=0.2),
        ratios("bundle verification / bare hash calls, shared nodes once", found["shared"], found["verify"]),
        rate("bundle verification", [records / seconds for seconds in found["verify"]], "records/s"),
        rate("bundle packing, survey included", [records / seconds for seconds in found["pack"]], "records/s"),
        Measure("peak added by packing", found["added"], "MiB", most=64, note=f"{found['size'] >> 20} MiB of zip"),
        Measure("peak of the process that packed", found["peak"], "MiB"),
        Measure("peak added by verifying", read["added"], "MiB", note=f"of {read['peak']:.0f} MiB in all"),
    ]


def compare(folder: str, file: str, events: int) -> dict[str, object]:
    """Make a ledger and bundles of it, then verify one and hash it in turns."""
    pack, checked, bare, shared = [], [], [], []
    path = Path(folder) / "x.zip"
    records = min(events, RECORDS)
    with Database.open(f"sqlite:///{Path(folder) / 'ledger.sqlite'}") as db:
        ledger = open_ledger(db, Path(folder))
        for batch in batches(Path(file), events):
            append(ledger, batch)
        ledger.checkpoint(TENANT)
        trust = Trust(keys_of_text("\n".join(key.vkey for key in ledger.keys(TENANT))))
        before = _peak()
        for _ in range(ROUNDS):
            start = time.perf_counter()
            packer = Packer(ledger, TENANT, Selection(range(1, records + 1), {"query": ""}, {}))
            with path.open("wb") as out:
                out.writelines(packer.stream())
            pack.append(time.perf_counter() - start)
        added = _peak() - before
        for _ in range(ROUNDS):
            bare.append(_hashes(path))
            shared.append(_hashes(path, once=True))
            start = time.perf_counter()
            report = verify(path, trust)
            checked.append(time.perf_counter() - start)
            if report.exit != 0 or report.records["present"] != records:
                raise RuntimeError(str(report.to_json())[:500])
        ledger.close()
    keys = [str(key) for key in trust.keys]
    return {"pack": pack, "verify": checked, "bare": bare, "shared": shared, "added": added, "peak": before + added,
            "size": path.stat().st_size, "path": str(path), "keys": keys}  # fmt: skip


def verifying(path: str, keys: list[str], records: int) -> dict[str, float]:
    """Verify one bundle; how much that raises the peak of a process that has done nothing else."""
    before = _peak()
    report = verify(Path(path), Trust(keys_of_text("\n".join(keys))))
    if report.exit != 0 or report.records["present"] != records:
        raise RuntimeError(str(report.to_json())[:500])
    return {"added": _peak() - before, "peak": _peak()}


def _peak() -> float:
    """The process's greatest size so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _hashes(path: Path, *, once: bool = False) -> float:
    """Seconds the hash calls alone take; ``once``: of a node that an entry shares with the one before, one call."""
    hashed, clock = sha256, time.perf_counter
    seconds = 0.0
    node, leaf, opening, before = bytes(65), bytes(300), bytes(83), 0
    with zipfile.ZipFile(path) as opened:
        for name in opened.namelist():
            data = opened.read(name)
            steps = data.count(b"=\n") if name.endswith(".tlog-proof") else 0
            if steps and once:
                seq = int(name.rpartition("/")[2].partition(".")[0])
                steps, before = max(min(steps, (seq ^ before).bit_length()), 1), seq
            start = clock()
            hashed(data).digest()
            if steps:
                hashed(leaf).digest()
                hashed(opening).digest()
                for _ in range(steps):
                    hashed(node).digest()
            seconds += clock() - start
    return seconds
