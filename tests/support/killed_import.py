"""Run as a program: imports one file, saying on a pipe where it is, so that a test can kill it there.

With a number behind the pipe's, a batch holds so many records.

Lines written to the pipe: the name of a phase whenever a step of it begins or ends (``blob``, ``transaction``,
``projection``, ``checkpoint``), and ``ack SEQ`` after each acknowledged append. The hooks stand around the real steps;
nothing is replaced.
"""

from __future__ import annotations

import functools
import os
import shutil
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vestige.app import ImportOptions, Installation, load_settings
from vestige.index.engine import Engine
from vestige.ledger import Ledger, blobs
from vestige.ledger.signer import Signer
from vestige.ledger.sqlite import SqliteStore
from vestige.model.principal import Principal
from vestige.sources.reading import records

if TYPE_CHECKING:
    from collections.abc import Callable

PAUSE = 0.003
"""Seconds a phase waits after saying its name: the killer needs a moment to strike inside it."""


def main(data: str, file: str, pipe: int, batch: int) -> None:
    lock = threading.Lock()

    def say(word: str) -> None:
        with lock:
            os.write(pipe, f"{word}\n".encode())

    def around(owner: Any, name: str, phase: str) -> None:
        inner: Callable[..., Any] = getattr(owner, name)

        @functools.wraps(inner)
        def outer(*args: Any, **kwargs: Any) -> Any:
            say(phase)
            time.sleep(PAUSE)
            result = inner(*args, **kwargs)
            say(phase)
            time.sleep(PAUSE)
            return result

        setattr(owner, name, outer)

    around(shutil, "copyfileobj", "blob")
    around(blobs, "sync_directory", "blob")
    for name in ("insert", "insert_tiles", "put_head"):
        around(SqliteStore, name, "transaction")
    around(Engine, "insert", "projection")
    around(Signer, "_store", "checkpoint")
    around(Signer, "_sign", "checkpoint")

    if batch:
        setattr(records, "BATCH_RECORDS", batch)  # noqa: B010 - a name it imports
    transact = Ledger.transact

    def acknowledged(self: Ledger, *args: Any, **kwargs: Any) -> Any:
        committed = transact(self, *args, **kwargs)
        say(f"ack {committed.size}")
        return committed

    Ledger.transact = acknowledged  # type: ignore[method-assign]
    settings = load_settings({}, data=Path(data))
    with Installation.open(settings) as installation:
        rooms = installation.rooms_of_slug(None)
        rooms.intake.import_paths(
            [Path(file)], ImportOptions(Principal("test")), progress=lambda _: None, stop=threading.Event()
        )
    say("done")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int("".join(sys.argv[4:]) or 0))
