"""Row 2: appending to the ledger alone, against a bare insert of the very bytes that came of it.

Batch by batch of 10,000 records, in one process: ``Ledger.prepare`` and ``Ledger.transact`` are timed, the batch's rows
are read back, and the same rows go into two plain tables of a database of their own, timed too: on SQLite by two
``executemany`` of ready tuples under the same pragmas, on PostgreSQL by two binary ``COPY`` of ready buffers, into
tables with the same primary key; one commit for both tables, as durable as the ledger's. So the bare side writes the
same leaves, hashes, salts and payloads, and makes none of them: no salt is drawn, nothing is hashed, no tile, head
or lock is kept.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from bench.parts import Measure, rate, ratios

from vestige.db import Database
from vestige.ledger import DirectoryBlobs, EvidenceBatch, KeyEncryptionKey, Ledger
from vestige.ledger.sqlite import SqliteStore

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    import psycopg
    from bench.parts import Bench

BATCH = 10_000
GROUP = 5
"""Batches a sample is made of: single commits are too uneven to compare."""
TENANT = "01KAP00000000000000000TENA"
SOURCE = "01KAP00000000000000000SRCE"
ACQUISITION = "01KAP00000000000000000ACQN"


def measure(bench: Bench) -> list[Measure]:
    """The row."""
    (file,) = bench.files(bench.events)
    out = []
    for engine, rival in (("sqlite", "executemany"), ("postgresql", "COPY")):
        place = bench.place(f"append-{engine}")
        made = [bench.server.create(), bench.server.create()] if engine == "postgresql" else []
        urls = [bench.server.url(name) for name in made]
        urls = urls or [f"sqlite:///{place / 'ledger.sqlite'}", f"sqlite:///{place / 'bare.sqlite'}"]
        try:
            found = bench.part(
                "bench.append_speed:compare", urls=urls, folder=str(place), file=str(file), events=bench.events
            )
        finally:
            for name in made:
                bench.server.drop(name)
        ours, bare, prepare = found["ledger"], found["bare"], sum(found["prepare"]) / sum(found["ledger"])
        bench.say(
            f"append to {engine}: {bench.events / sum(ours):,.0f} entries/s, bare {bench.events / sum(bare):,.0f}"
        )
        sizes = found["sizes"]
        out += [
            ratios(f"append / bare {rival}, {engine}", bare, ours, least=0.5),
            rate(
                f"append, {engine}",
                [size / seconds for size, seconds in zip(sizes, ours, strict=True)],
                "entries/s",
                f"{prepare:.0%} before the lock",
            ),
            rate(f"bare {rival}", [size / seconds for size, seconds in zip(sizes, bare, strict=True)], "entries/s"),
        ]
    return out


class Rival(Protocol):
    """Plain tables that take the rows a ledger made."""

    def take(self, lo: int, hi: int) -> float:
        """Copy the entries of a range; seconds it took from ready rows to durable ones."""

    def count(self) -> int:
        """How many entries are there."""


def compare(urls: list[str], folder: str, file: str, events: int) -> dict[str, list[float]]:
    """Seconds of each sample, of the ledger (and of its part before the lock) and of the bare tables."""
    out: dict[str, list[float]] = {"ledger": [], "prepare": [], "bare": [], "sizes": []}
    with Database.open(urls[0]) as db, Database.open(urls[1]) as other:
        ledger = open_ledger(db, Path(folder))
        rival: Rival = SqliteRival(db, other) if db.dialect == "sqlite" else PostgresRival(db, other)
        rival.count()
        for number, batch in enumerate(batches(Path(file), events)):
            if number % GROUP == 0:
                for column in out.values():
                    column.append(0.0)
            prepared, appended, head = append(ledger, batch)
            out["prepare"][-1] += prepared
            out["ledger"][-1] += prepared + appended
            out["bare"][-1] += rival.take(head - len(batch.payloads), head)
            out["sizes"][-1] += len(batch.payloads)
        if rival.count() != events or ledger.head(TENANT) != events + 1:
            message = f"{rival.count()} bare rows, {ledger.head(TENANT)} entries, of {events}"
            raise RuntimeError(message)
        ledger.close()
    return out


def open_ledger(db: Database, folder: Path) -> Ledger:
    """A new ledger in a new database."""
    db.migrate()
    ledger = Ledger.open(db, DirectoryBlobs(folder / "blobs"), folder / "signer", KeyEncryptionKey(bytes(32)))
    ledger.create_log(TENANT, "bench.example")
    return ledger


def batches(file: Path, events: int) -> Iterator[EvidenceBatch]:
    """A file's records as an import hands them to the ledger."""
    with file.open("rb") as stream:
        offset = 0
        for lo in range(0, events, BATCH):
            lines = list(islice(stream, min(BATCH, events - lo)))
            offsets = []
            for line in lines:
                offsets.append(offset)
                offset += len(line)
            payloads = [line[:-1] for line in lines]
            numbers = list(range(lo, lo + len(lines)))
            yield EvidenceBatch(SOURCE, ACQUISITION, "application/json", payloads, offsets, numbers)


def append(ledger: Ledger, batch: EvidenceBatch) -> tuple[float, float, int]:
    """Append one batch; seconds before the lock, seconds from there to durable, and the log's size after it."""
    start = time.perf_counter()
    prepared = ledger.prepare(batch)
    ready = time.perf_counter()
    committed = ledger.transact(TENANT, lambda _: [prepared])
    return ready - start, time.perf_counter() - ready, committed.size


@dataclass
class SqliteRival:
    """Two tables, two ``executemany``."""

    db: Database
    other: Database

    def __post_init__(self) -> None:
        with self.other.write() as connection:
            for statement in (
                "CREATE TABLE e (pos INTEGER PRIMARY KEY, id TEXT, kind TEXT, src TEXT, leaf BLOB, leaf_hash BLOB)",
                "CREATE TABLE p (pos INTEGER PRIMARY KEY, salt BLOB, payload BLOB)",
            ):
                connection.exec_driver_sql(statement)

    def take(self, lo: int, hi: int) -> float:
        """See the protocol."""
        with self.db.read() as connection:
            entries = SqliteStore().entries(connection, 1, lo, hi)
            payloads = [row[:3] for row in SqliteStore().payloads(connection, 1, lo, hi)]
        start = time.perf_counter()
        with self.other.write() as connection:
            native = cast("sqlite3.Connection", connection.connection.driver_connection)
            native.executemany("INSERT INTO e VALUES (?, ?, ?, ?, ?, ?)", entries)
            native.executemany("INSERT INTO p VALUES (?, ?, ?)", payloads)
        return time.perf_counter() - start

    def count(self) -> int:
        """See the protocol."""
        return _count(self.other)


@dataclass
class PostgresRival:
    """Two tables, two ``COPY``."""

    db: Database
    other: Database

    def __post_init__(self) -> None:
        with self.other.write() as connection:
            for statement in (
                (
                    "CREATE TABLE e (log integer, seq bigint, id text, kind text, src text, leaf bytea, hash bytea,"
                    " PRIMARY KEY (log, seq))"
                ),
                "CREATE TABLE p (log integer, seq bigint, salt bytea, payload bytea, PRIMARY KEY (log, seq))",
            ):
                connection.exec_driver_sql(statement)

    def take(self, lo: int, hi: int) -> float:
        """See the protocol."""
        with self.db.read() as connection:
            native = _psycopg(connection)
            entries = _copied(native, "SELECT log, seq, id, kind, src, leaf, leaf_hash FROM ledger_entries", lo, hi)
            payloads = _copied(native, "SELECT log, seq, salt, payload FROM ledger_payloads", lo, hi)
        start = time.perf_counter()
        with self.other.write() as connection, _psycopg(connection).cursor() as cursor:
            for table, rows in (("e", entries), ("p", payloads)):
                with cursor.copy(f"COPY {table} FROM STDIN (FORMAT BINARY)".encode()) as copy:
                    copy.write(rows)
        return time.perf_counter() - start

    def count(self) -> int:
        """See the protocol."""
        return _count(self.other)


def _count(db: Database) -> int:
    with db.read() as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM e").scalar_one())


def _psycopg(connection: Any) -> psycopg.Connection[tuple[object, ...]]:  # noqa: ANN401 - SQLAlchemy leaves it open
    return cast("psycopg.Connection[tuple[object, ...]]", connection.connection.driver_connection)


def _copied(native: psycopg.Connection[tuple[object, ...]], select: str, lo: int, hi: int) -> bytes:
    """Rows as the server itself writes them in COPY's binary format."""
    sql = f"COPY ({select} WHERE log = 1 AND seq >= {lo} AND seq < {hi} ORDER BY seq) TO STDOUT (FORMAT BINARY)"
    with native.cursor() as cursor, cursor.copy(sql.encode()) as copy:
        return b"".join(bytes(part) for part in copy)
