"""A place for one ledger to live in a test: database, blobs, signer, keys, and a tamperer's way past all of them."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Protocol

from vestige.db import Database
from vestige.ledger import DirectoryBlobs, KeyEncryptionKey, Ledger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from support.postgres import Postgres

TENANT = "01KAP00000000000000000TENA"
SERVER = "vestige.example"
KEK = b"0123456789abcdef0123456789abcdef"


class Raw(Protocol):
    """What a tamperer has: SQL, with no trigger in the way."""

    def execute(self, sql: str, parameters: tuple[Any, ...] = (), /) -> Any: ...


class Chance:
    """Bytes that look random and are the same in every run."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._drawn = 0

    def __call__(self, count: int) -> bytes:
        out = b""
        while len(out) < count:
            out += sha256(f"{self._seed} {self._drawn}".encode()).digest()
            self._drawn += 1
        return out[:count]


class Clock:
    """A clock that moves a fixed step whenever it is read."""

    def __init__(self, start: int, step: int) -> None:
        self.now = start
        self.step = step

    def __call__(self) -> int:
        self.now += self.step
        return self.now


@dataclass
class Home:
    """One ledger's place."""

    driver: str
    folder: Path
    url: str
    server: Postgres | None = None
    database: str = ""
    _opened: list[Database] = field(default_factory=list)

    @property
    def signer(self) -> Path:
        return self.folder / "signer"

    @property
    def blobs(self) -> DirectoryBlobs:
        return DirectoryBlobs(self.folder / "blobs")

    def db(self) -> Database:
        database = Database.open(self.url)
        self._opened.append(database)
        return database

    def ledger(self, db: Database | None = None, **injected: Callable[..., Any]) -> Ledger:
        database = db or self.db()
        database.migrate()
        return Ledger.open(database, self.blobs, self.signer, KeyEncryptionKey(KEK), **injected)

    @contextmanager
    def raw(self) -> Iterator[Raw]:
        """SQL past every trigger. Positional parameters are written as ``?``."""
        if self.server is None:
            connection = sqlite3.connect(self.folder / "vestige.sqlite", isolation_level=None, timeout=30)
            try:
                triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
                for name, _ in triggers:
                    connection.execute(f"DROP TRIGGER {name}")
                yield connection
                for _, sql in triggers:
                    connection.execute(sql)
            finally:
                connection.close()
            return
        with self.server.connect(self.database) as native:

            class Marks:
                def execute(self, sql: str, parameters: tuple[Any, ...] = (), /) -> Any:
                    return native.execute(sql.replace("?", "%s").encode(), parameters or None)

            yield Marks()

    def snapshot(self) -> None:
        """Keep the database as it is now, as a backup would."""
        if self.server is None:
            copy_sqlite(self.folder / "vestige.sqlite", self.folder / "old.sqlite")
            return
        with self.raw() as raw:
            for name in self._tables(raw):
                raw.execute(f"DROP TABLE IF EXISTS old_{name}")
                raw.execute(f"CREATE TABLE old_{name} AS SELECT * FROM {name}")

    def put_back(self) -> None:
        """Put the database back to what was kept; whatever had it open is closed first."""
        self.close()
        if self.server is None:
            replace_sqlite(self.folder, self.folder / "old.sqlite")
            return
        with self.raw() as raw:
            for name in self._tables(raw):
                raw.execute(f"DELETE FROM {name}")
                raw.execute(f"INSERT INTO {name} SELECT * FROM old_{name}")

    @staticmethod
    def _tables(raw: Raw) -> list[str]:
        rows = raw.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        return [str(row[0]) for row in rows if not str(row[0]).startswith("old_")]

    def close(self) -> None:
        for database in self._opened:
            database.close()
        self._opened.clear()

    def files(self) -> Iterator[tuple[str, bytes]]:
        """Every byte this ledger keeps: files, and on PostgreSQL all rows as text."""
        for path in sorted(self.folder.rglob("*")):
            if path.is_file():
                yield str(path), path.read_bytes()
        if self.server is not None:
            with self.raw() as raw:
                names = raw.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
                for (name,) in names:
                    rows = raw.execute(f"SELECT t::text FROM {name} t").fetchall()
                    yield name, "\n".join(row[0] for row in rows).encode()


def sqlite_home(folder: Path) -> Home:
    return Home("sqlite", folder, f"sqlite:///{folder / 'vestige.sqlite'}")


def postgres_home(folder: Path, server: Postgres, name: str) -> Home:
    return Home("postgresql", folder, server.url(name), server, name)


def copy_sqlite(source: Path, target: Path) -> None:
    """The database as it is now, log included."""
    with sqlite3.connect(source) as a, sqlite3.connect(target) as b:
        a.backup(b)
    a.close()
    b.close()


def replace_sqlite(folder: Path, old: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        (folder / f"vestige.sqlite{suffix}").unlink(missing_ok=True)
    shutil.copy(old, folder / "vestige.sqlite")


def blob_names(home: Home) -> list[str]:
    """The blobs there are."""
    return [path.name for path in (home.folder / "blobs").glob("[0-9a-f][0-9a-f]/*")]
