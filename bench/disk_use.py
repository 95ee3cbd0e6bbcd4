"""What a record takes, on the disk and of a processor: no row of ``make bench``, but what docs/sizing.md reckons with.

``.venv/bin/python bench/disk_use.py PATH...`` imports each path into a store of its own and prints, a path to a line,
bytes a record of the path itself, of the ledger, its write-ahead log, the kept files and the index, and microseconds of
processor time. ``--database URL`` has the ledger on PostgreSQL, in an empty database for each path (``{}`` in the URL
is the path's number), as a role that may make tables; the log is counted there alone, and is the whole server's, so
nothing else may write meanwhile. The index is counted by the parts in force: what was merged stays for minutes more.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from vestige.app import ImportOptions, Installation, Settings
from vestige.model.principal import Principal

if TYPE_CHECKING:
    from collections.abc import Sequence

INDEXED = "SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND database = 'vestige'"


class Taken(NamedTuple):
    """One import: how many, bytes of each store, seconds."""

    records: int
    events: int
    sizes: tuple[int, ...]
    processor: float
    seconds: float


def on_disk(place: Path) -> int:
    """Bytes that a file, or a folder's files, take on the disk."""
    files = [place] if place.is_file() else [one for one in place.rglob("*") if one.is_file()]
    return sum(one.stat().st_blocks * 512 for one in files)


def asked(url: str, sql: str) -> Any:  # noqa: ANN401 - one value of whatever type
    """One value from the server of the ledger."""
    engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    try:
        with engine.connect() as connection:
            return connection.scalar(sa.text(sql))
    finally:
        engine.dispose()


def spent() -> float:
    """Seconds of processor time so far: of this process and of those it started, once they ended."""
    used = [resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def measure(path: Path, data: Path, url: str) -> Taken:
    """Import a file or folder into a new store."""
    with Installation.open(Settings(data=data, database_url=url)) as installation:
        begun = asked(url, "SELECT pg_current_wal_lsn()::text") if url else ""
        processor, clock = spent(), time.perf_counter()
        report = installation.rooms_of_slug(None).intake.import_paths(
            [path], ImportOptions(Principal("bench")), progress=lambda _: None, stop=threading.Event()
        )
        processor, seconds = spent() - processor, time.perf_counter() - clock
        ((index,),) = installation.index.query(INDEXED).rows
    if report.unparsed or report.duplicates:
        print(f"{path}: {report.unparsed} unparsed, {report.duplicates} duplicates", flush=True)
    log = int(asked(url, f"SELECT pg_current_wal_lsn() - '{begun}'::pg_lsn")) if url else 0
    ledger = int(asked(url, "SELECT pg_database_size(current_database())")) if url else 0
    ledger = ledger or sum(on_disk(one) for one in data.glob("vestige.sqlite*"))
    sizes = (on_disk(path), ledger, log, on_disk(data / "blobs"), int(index))
    return Taken(report.records, report.events, sizes, processor, seconds)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure each path, and print it."""
    parser = argparse.ArgumentParser(description="What a record takes, on the disk and of a processor.")
    parser.add_argument("paths", nargs="+", type=Path)
    parser.add_argument("--database", default="", help="PostgreSQL's URL, with {} for the path's number")
    given = parser.parse_args(arguments)
    print(f"load average {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")
    print("records  events    each  ledger     log   files   index  of the processor  by the clock")
    for number, path in enumerate(given.paths):
        folder = Path(tempfile.mkdtemp(prefix="vestige-disk-"))
        try:
            found = measure(path, folder / "data", given.database.format(number))
        finally:
            shutil.rmtree(folder)
        each = "  ".join(f"{size / found.records:>6.0f}" for size in found.sizes)
        used = f"{found.processor / found.records * 1e6:>6.0f} us/record  {found.records / found.seconds:>12.0f}/s"
        print(f"{found.records:>7} {found.events:>7}  {each}  {used}  {path.name}", flush=True)


if __name__ == "__main__":
    main()
