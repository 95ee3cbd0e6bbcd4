"""Run as a program, to be killed: fills or rebuilds a log, saying before each step of the engine which one it is.

``python -m support.killed_index FOLDER write|rebuild`` says what it finds (:func:`found`), replays what an earlier run
left torn, goes on from the watermark to :data:`BLOCKS` blocks of :data:`SIZE` entries, then (``rebuild``) builds the
log again in larger blocks and swaps it in, and says again what there is.
"""

from __future__ import annotations

import functools
import json
import sys
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from support.engine import block, made_up, opened
from support.recompute import Contents, contents, read_events, recompute
from vestige.index.engine import Engine

if TYPE_CHECKING:
    from vestige.index import Block, Index

LOG = 1
BLOCKS = 4
SIZE = 60


def cut(lo: int, hi: int) -> Block:
    """The block of entries ``lo`` to ``hi``: the same events whoever asks."""
    rows = [row for start in range(lo, hi, 20) for row in made_up(7, start, 20)]
    return block(LOG, lo, rows, hi=hi)


def fill(index: Index) -> None:
    for lo, hi in index.torn(LOG):
        index.write(cut(lo, hi))
    for lo in range(index.watermark(LOG), BLOCKS * SIZE, SIZE):
        index.write(cut(lo, lo + SIZE))


def rebuild(index: Index) -> None:
    with index.rebuild(LOG) as target:
        for lo in range(0, BLOCKS * SIZE, SIZE * 2):
            target.write(cut(lo, lo + SIZE * 2))
        target.swap()


def found(index: Index) -> dict[str, Any]:
    """Which derived tables are not what the events say, and how far the log has come."""
    expected, actual = recompute(read_events(index, LOG)), contents(index, LOG)
    wrong = [field.name for field in fields(Contents) if getattr(expected, field.name) != getattr(actual, field.name)]
    return {
        "wrong": wrong,
        "end": index.watermark(LOG),
        "torn": index.torn(LOG),
        "generation": index.generation(LOG),
        "digests": {name: digest.digest for name, digest in index.digests(LOG).items()},
    }


def announce(name: str) -> None:
    """Say, before each call of an engine's method, what it is about to do."""
    inner = getattr(Engine, name)

    @functools.wraps(inner)
    def outer(self: Engine, statement: str, *args: Any) -> Any:
        print(f"{name} {statement.partition(' SETTINGS')[0][:120]}", flush=True)
        return inner(self, statement, *args)

    setattr(Engine, name, outer)


def main(folder: str, act: str) -> None:
    announce("insert")
    announce("command")
    with opened(Path(folder)) as index:
        print(f"found {json.dumps(found(index))}", flush=True)
        fill(index)
        if act == "rebuild":
            rebuild(index)
        print(f"found {json.dumps(found(index))}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
