"""kill -9, for real: a process that writes is killed at chosen steps, and what the next one finds is compared."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from support.killed_index import BLOCKS, SIZE, cut
from support.prepared import Prepared

if TYPE_CHECKING:
    from vestige.index import Index

TESTS = Path(__file__).resolve().parents[2]
ENVIRONMENT = os.environ | {"PYTHONPATH": os.pathsep.join([str(TESTS), str(TESTS.parent / "src")])}
END = BLOCKS * SIZE


def run(folder: Path, act: str, kill_at: str = "", nth: int = 1, delay: float = 0.0) -> list[dict[str, Any]]:
    """Run the program, to its end or until it announces a step for the ``nth`` time; what it found along the way."""
    found, seen = [], 0
    process = Prepared(
        [sys.executable, "-m", "support.killed_index", str(folder), act],
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    with process:
        for line in process.stdout:
            if line.startswith(b"found "):
                found.append(json.loads(line.removeprefix(b"found ")))
            seen += bool(kill_at) and line.decode().startswith(kill_at)
            if kill_at and seen == nth:
                time.sleep(delay)
                process.send_signal(signal.SIGKILL)
                break
    assert process.returncode == (-signal.SIGKILL if kill_at else 0)
    return found


def test_nothing_is_lost_or_counted_twice_whenever_it_is_killed(index: Index, log: int, tmp_path: Path) -> None:
    for lo in range(0, END, SIZE):
        index.write(cut(lo, lo + SIZE)._replace(log=log))
    whole = {name: digest.digest for name, digest in index.digests(log).items()}

    # A block is nine inserts: the record that it begins, then eight tables.
    chance = random.Random(5)
    torn = 0
    for nth in (5, 14):
        torn += bool(run(tmp_path, "write", "insert", nth, chance.random() * 0.01)[0]["torn"])
    before, after = run(tmp_path, "write")
    torn += bool(before["torn"])
    assert torn == 2
    assert after == {"wrong": [], "end": END, "torn": [], "generation": 1, "digests": whole}

    # Before the swap: the log stays as it was.
    run(tmp_path, "rebuild", "insert vestige.next_relations", 2)
    # In the middle of the swap, then again while the next start finishes it, then in peace.
    (kept,) = run(tmp_path, "rebuild", "command ALTER TABLE vestige.entities REPLACE", 1, 0.005)
    assert kept == after
    assert run(tmp_path, "write", "command ALTER TABLE vestige.blocks REPLACE") == []
    swapped, _ = run(tmp_path, "write")
    assert swapped == after | {"generation": 3}
