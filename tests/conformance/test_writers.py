"""Many writers on one log: 64 clients in 4 processes. Dense, no fork, and the log verifies.

The full size is 1,000 entries a client (``make campaign-writers``, ``--entries 1000``); `make test` appends 200 each.
Every client appends one entry at a time, so that the whole load is group commit within a process and the head's lock
between processes; each process publishes checkpoints as it goes, so that signers meet too.
"""

from __future__ import annotations

import multiprocessing
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from support.homes import KEK, SERVER, TENANT, Home
from vestige.db import Database
from vestige.ledger import DirectoryBlobs, Draft, KeyEncryptionKey, Kind, Ledger

if TYPE_CHECKING:
    from multiprocessing.queues import Queue

    import pytest

PROCESSES = 4
CLIENTS = 16
"""A process."""

SAMPLE = 200
"""Entries a client, unless ``--entries`` says otherwise."""


def write(url: str, folder: str, process: int, entries: int, answers: Queue[object]) -> None:
    """One process: 16 threads, each appending its entries one by one."""
    acknowledged: list[tuple[int, bytes]] = []
    try:
        with Database.open(url) as db:
            ledger = Ledger.open(
                db, DirectoryBlobs(Path(folder) / "blobs"), Path(folder) / "signer", KeyEncryptionKey(KEK)
            )

            def client(number: int) -> None:
                for i in range(entries):
                    payload = b"%d/%d/%d" % (process, number, i)
                    draft = Draft(Kind.EVIDENCE, payload, media_type="text/plain", source=f"client-{number}")
                    item = ledger.transact(TENANT, lambda _, draft=draft: [draft]).items[0]  # type: ignore[misc]
                    acknowledged.append((item.positions[0], payload))

            threads = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
            for thread in threads:
                thread.start()
            while any(thread.is_alive() for thread in threads):
                ledger.publish_due()
                time.sleep(0.05)
            ledger.close()
        answers.put(acknowledged)
    except BaseException as error:
        answers.put(repr(error))
        raise


def test_many_writers_make_one_log(home: Home, pytestconfig: pytest.Config) -> None:
    entries = pytestconfig.getoption("entries", default=None) or SAMPLE
    ledger = home.ledger()
    ledger.create_log(TENANT, SERVER)
    context = multiprocessing.get_context("spawn")
    answers: Queue[object] = context.Queue()
    began = time.perf_counter()
    workers = [
        context.Process(target=write, args=(home.url, str(home.folder), number, entries, answers))
        for number in range(PROCESSES)
    ]
    for worker in workers:
        worker.start()
    got = [answers.get(timeout=600) for _ in workers]
    for worker in workers:
        worker.join(60)
    seconds = time.perf_counter() - began
    assert [type(answer) for answer in got] == [list] * PROCESSES, got
    assert [worker.exitcode for worker in workers] == [0] * PROCESSES
    acknowledged: dict[int, bytes] = {}
    for answer in got:
        assert isinstance(answer, list)
        for seq, payload in answer:
            assert seq not in acknowledged
            acknowledged[seq] = payload
    total = PROCESSES * CLIENTS * entries
    print(f"{home.driver}: {total} entries by {PROCESSES * CLIENTS} clients in {seconds:.1f} s")
    assert set(acknowledged) == set(range(1, total + 1))
    stored = {entry.seq: entry.payload for entry in ledger.read(TENANT, 1, total + 1)}
    assert stored == acknowledged
    latest = ledger.latest_checkpoint(TENANT)
    assert latest is not None
    assert latest.size == total + 1
    report = ledger.verify(TENANT)
    assert report.ok, report
