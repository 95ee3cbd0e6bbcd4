"""Row 5: ``ledger verify``, against a loop that makes only the hash calls it has to make.

The loop hashes every leaf, every interior node of the tree, every payload and every commitment, over the same stored
bytes, which were read before its clock starts. It compares nothing, parses nothing and reads nothing. Both run in one
thread of one process, in turns.
"""

from __future__ import annotations

import time
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from bench.append_speed import TENANT, append, batches, open_ledger
from bench.parts import Measure, rate, ratios

from vestige.db import Database
from vestige.ledger.leaves import PAYLOAD_DOMAIN

if TYPE_CHECKING:
    from bench.parts import Bench

    from vestige.ledger import Ledger

ROUNDS = 3
CHUNK = 1 << 16


def measure(bench: Bench) -> list[Measure]:
    """The row."""
    (file,) = bench.files(bench.events)
    bench.say(f"verify: a ledger of {bench.events:,} entries")
    place = bench.place("verify")
    found = bench.part("bench.verify_speed:compare", folder=str(place), file=str(file), events=bench.events)
    entries = found["entries"]
    bench.say(f"verify: {', '.join(f'{entries / seconds:,.0f}' for seconds in found['verify'])} entries/s")
    return [
        ratios("verify / bare hash calls", found["bare"], found["verify"], least=0.2),
        Measure(
            "verify",
            max(entries / seconds for seconds in found["verify"]),
            "entries/s/core",
            least=100_000,
            samples=[entries / seconds for seconds in found["verify"]],
            note="best of the rounds",
        ),
        rate("verify, by processor time", [entries / s for s in found["processor"]], "entries/s/core"),
        rate("bare hash calls", [entries / seconds for seconds in found["bare"]], "entries/s/core"),
    ]


def compare(folder: str, file: str, events: int) -> dict[str, object]:
    """Make a ledger, then verify it and hash it in turns."""
    verify, processor, bare = [], [], []
    with Database.open(f"sqlite:///{Path(folder) / 'ledger.sqlite'}") as db:
        ledger = open_ledger(db, Path(folder))
        for batch in batches(Path(file), events):
            append(ledger, batch)
        ledger.checkpoint(TENANT)
        size = ledger.head(TENANT)
        for _ in range(ROUNDS):
            bare.append(_hashes(ledger, size))
            start, spent = time.perf_counter(), time.process_time()
            report = ledger.verify(TENANT)
            verify.append(time.perf_counter() - start)
            processor.append(time.process_time() - spent)
            if not report.ok or report.size != size:
                raise RuntimeError(report.reason)
        ledger.close()
    return {"entries": size, "verify": verify, "processor": processor, "bare": bare}


def _hashes(ledger: Ledger, size: int) -> float:
    """Seconds the hash calls alone take."""
    hashed, clock = sha256, time.perf_counter
    seconds = 0.0
    tops: list[bytes] = []
    for lo in range(0, size, CHUNK):
        rows = ledger.read(TENANT, lo, min(lo + CHUNK, size))
        leaves = [row.leaf for row in rows]
        opened = [(row.salt, row.payload) for row in rows if row.salt is not None and row.payload is not None]
        start = clock()
        level = [hashed(b"\x00" + leaf).digest() for leaf in leaves]
        tops.append(_climb(level))
        digests = [(salt, hashed(payload).digest()) for salt, payload in opened]
        for salt, digest in digests:
            hashed(PAYLOAD_DOMAIN + salt + digest).hexdigest()
        seconds += clock() - start
    start = clock()
    _climb(tops)
    return seconds + clock() - start


def _climb(level: list[bytes]) -> bytes:
    """The root over some nodes; an odd one out goes up as it is."""
    hashed = sha256
    while len(level) > 1:
        above = [hashed(b"\x01" + a + b).digest() for a, b in zip(level[::2], level[1::2], strict=False)]
        level = above + level[len(above) * 2 :]
    return level[0]
