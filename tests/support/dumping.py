"""All that a data directory holds, as bytes to search in: files, the ledger's payloads, every column of the index."""

from __future__ import annotations

import gzip
import sqlite3
from typing import TYPE_CHECKING

from vestige.app import Installation, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vestige.index import Index

_PART = 5_000


def everything(data: Path) -> Iterator[tuple[str, bytes]]:
    """A name and the bytes of each thing in a data directory that nobody uses meanwhile."""
    yield from _files(data)
    yield from _database(data / "vestige.sqlite")
    with Installation.open(Settings(data=data)) as installation:
        rooms = installation.rooms_of_slug(None)
        ledger, tenant = installation.ledger, rooms.tenant.id
        for position in range(ledger.head(tenant)):
            yield f"payload {position}", ledger.payload(tenant, position)
        yield from _index(installation.index)


def _files(data: Path) -> Iterator[tuple[str, bytes]]:
    """Every file as it lies there, and unpacked where it is packed."""
    for path in sorted(data.rglob("*")):
        if not path.is_file() or path.is_symlink():
            continue
        content = path.read_bytes()
        name = str(path.relative_to(data))
        yield name, content
        if content[:2] == b"\x1f\x8b":
            yield f"{name}, unpacked", gzip.decompress(content)


def _database(path: Path) -> Iterator[tuple[str, bytes]]:
    """Every column of every table."""
    with sqlite3.connect(path) as database:
        database.text_factory = bytes
        names = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (name,) in names:
            for row in database.execute(f'SELECT * FROM "{name.decode()}"'):
                values = [value.encode() if isinstance(value, str) else value for value in row]
                yield f"table {name.decode()}", b"\0".join(value for value in values if isinstance(value, bytes))


def _index(index: Index) -> Iterator[tuple[str, bytes]]:
    """Every column of every table of the index."""
    found = index.query(
        "SELECT name, total_rows FROM system.tables WHERE database = {database:String} AND engine LIKE '%MergeTree%'",
        {"database": index.database},
    )
    for name, rows in found.rows:
        for begin in range(0, int(rows or 0), _PART):
            part = index.query(f"SELECT * FROM {index.database}.{name} LIMIT {_PART} OFFSET {begin}")
            yield f"index {name}", b"\0".join(repr(row).encode() for row in part.rows)
