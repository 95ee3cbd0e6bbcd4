"""A real PostgreSQL for the tests: the server a URL names, or Debian's own binaries on a temporary directory.

PostgreSQL refuses to run as root; there it is started as the ``postgres`` user through ``setpriv``, which also ends it
if the test process is killed. It listens on a Unix socket only. Durability settings are the server's defaults, because
the product refuses to run without them.
"""

from __future__ import annotations

import functools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo
from sqlalchemy import text
from sqlalchemy.engine import make_url

from vestige.db import Database

OLDEST = 15
_START_SECONDS = 60


class MissingPostgresError(Exception):
    """There is no PostgreSQL to test against. That is a failure, not a reason to skip."""


class Postgres:
    """A running server, where every test gets a database of its own."""

    def __init__(self, conninfo: str, process: subprocess.Popen[bytes] | None, folder: Path | None) -> None:
        self._conninfo = conninfo
        self._process = process
        self._folder = folder
        self._made: list[str] = []
        self._command: list[str | Path] = []
        self._network: tuple[str, int] | None = None

    @classmethod
    def start(cls, network: tuple[str, str] | None = None) -> Postgres:
        """Start one.

        Args:
            network: an address it is to be reached at too, and the range of those whom it trusts there. It is then one
                of its own, whatever the environment names.
        """
        given = os.environ.get("VESTIGE_TEST_DATABASE_URL")
        if given and network is None:
            url = make_url(given).set(drivername="postgresql")
            return cls(url.render_as_string(hide_password=False), None, None)
        binaries = _binaries()
        folder, as_owner = _place()
        data = folder / "data"
        subprocess.run(
            [
                *as_owner,
                binaries / "initdb",
                "-D",
                data,
                "-U",
                "postgres",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--no-locale",
                "-N",
            ],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd="/",
        )
        port = free_port(network[0]) if network else 5432  # of the socket's name only, where there is no network
        server = cls(make_conninfo(host=str(folder), port=port, user="postgres", dbname="postgres"), None, folder)
        listening = [f"listen_addresses={network[0] if network else ''}", "-c", f"port={port}"]
        if network is not None:
            server._network = network[0], port
            with (data / "pg_hba.conf").open("a") as rules:
                rules.write(f"host all all {network[1]} trust\n")
        server._command = [*as_owner, binaries / "postgres", "-D", data, "-k", folder, "-c", *listening]
        server._begin()
        return server

    def _begin(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log, cwd="/")
        self._await()

    @property
    def is_ours(self) -> bool:
        """Whether it was started here, so that it may be ended."""
        return self._process is not None

    @property
    def port(self) -> int:
        """What its socket is named by, and where it listens, if it does."""
        return int(str(psycopg.conninfo.conninfo_to_dict(self._conninfo)["port"]))

    @property
    def pid(self) -> int:
        """The server's first process."""
        assert self._process is not None
        return self._process.pid

    def crash(self) -> None:
        """End it at once, as a power cut would, and start it again: it recovers from its log."""
        self.end()
        self._begin()

    def cut(self, name: str) -> None:
        """End every connection to a database."""
        self.run(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")

    def _await(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                psycopg.connect(self._conninfo).close()
            except psycopg.OperationalError:
                if self._process is None or self._process.poll() is not None or time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
            else:
                return

    def run(self, sql: str) -> None:
        """Execute a statement as the superuser, outside any transaction."""
        with psycopg.connect(self._conninfo, autocommit=True) as connection:
            connection.execute(sql.encode())

    def create(self) -> str:
        """A new database; its name."""
        name = f"vestige_test_{uuid.uuid4().hex}"
        self.run(f"CREATE DATABASE {name}")
        self._made.append(name)
        return name

    def wipe(self, name: str) -> None:
        """Empty every table that migrations made and drop all others: far cheaper than a new database per test."""
        with self.connect(name) as connection:
            rows = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
            kept = set(migrated_tables())
            tables = {str(row[0]) for row in rows} - {"alembic_version"}
            for other in tables - kept:
                connection.execute(f"DROP TABLE {other} CASCADE".encode())
            for table in sorted(tables & kept):
                connection.execute(f"DELETE FROM {table}".encode())

    def drop(self, name: str) -> None:
        self.run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        self._made.remove(name)

    def url(self, name: str, user: str = "") -> str:
        """The database's URL as the product takes it."""
        fields = psycopg.conninfo.conninfo_to_dict(self._conninfo)
        url = make_url("postgresql://").set(
            username=user or str(fields.get("user", "")),
            password=None if user else (str(fields["password"]) if "password" in fields else None),
            database=name,
        )
        host, port = str(fields.get("host", "")), fields.get("port")
        if host.startswith("/"):
            url = url.set(query={"host": host} | ({"port": str(port)} if port else {}))
        else:
            url = url.set(host=host, port=int(port) if port else None)
        return url.render_as_string(hide_password=False)

    def end(self) -> None:
        """End it at once and leave it so; :meth:`stop` removes what it kept."""
        assert self._process is not None
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait(60)

    def standby(self) -> Postgres:
        """Another that follows this one, without which nothing is committed here any more."""
        folder, as_owner = _place()
        data = folder / "data"
        copy = [_binaries() / "pg_basebackup", "-d", self._conninfo, "-D", data, "-R", "-c", "fast"]
        subprocess.run([*as_owner, *map(str, copy)], check=True, stdout=subprocess.DEVNULL, cwd="/")
        port = self.port
        server = Postgres(make_conninfo(host=str(folder), port=port, user="postgres", dbname="postgres"), None, folder)
        alone = ["-c", "listen_addresses=", "-c", f"port={port}", "-c", "wal_retrieve_retry_interval=100ms"]
        server._command = [*as_owner, _binaries() / "postgres", "-D", data, "-k", folder, *alone]
        server._begin()
        self.run("ALTER SYSTEM SET synchronous_standby_names = '*'")
        self.run("SELECT pg_reload_conf()")
        return server

    def promote(self) -> None:
        """Let one that followed take writes, and wait for nobody."""
        self.run("ALTER SYSTEM RESET synchronous_standby_names")
        self.run("SELECT pg_promote()")

    def network_url(self, name: str) -> str:
        """The same over the network it was started for."""
        assert self._network is not None
        host, port = self._network
        return f"postgresql://postgres@{host}:{port}/{name}"

    def connect(self, name: str) -> psycopg.Connection[tuple[object, ...]]:
        """A connection of the superuser, autocommitting, with triggers switched off: a tamperer's."""
        connection = psycopg.connect(make_conninfo(self._conninfo, dbname=name), autocommit=True)
        connection.execute("SET session_replication_role = replica")
        return connection

    @property
    def folder(self) -> Path:
        """Everything the server keeps; only of one that was started here."""
        assert self._folder is not None
        return self._folder

    def stop(self) -> None:
        """Leave nothing behind: no database, no process, no file."""
        if self._process is None:
            for name in list(self._made):
                self.drop(name)
            return
        self._process.send_signal(signal.SIGQUIT)  # nothing of it is to be kept
        self._process.wait(30)
        if self._folder is not None:
            shutil.rmtree(self._folder)


@functools.cache
def migrated_tables() -> tuple[str, ...]:
    """The names of all tables that migrations make."""
    with tempfile.TemporaryDirectory() as folder, Database.open(f"sqlite:///{folder}/names.sqlite") as db:
        db.migrate()
        with db.read() as connection:
            return tuple(connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'")).scalars())


def _place() -> tuple[Path, list[str]]:
    """A folder for a server, and what to put before a command so that it runs as whom the folder belongs to."""
    folder = Path(tempfile.mkdtemp(prefix="vestige-pg-"))
    if os.geteuid() != 0:
        return folder, []
    owner = pwd.getpwnam("postgres")
    os.chown(folder, owner.pw_uid, owner.pw_gid)
    ids = [f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups"]
    return folder, ["setpriv", *ids, "--pdeathsig", "INT", "--"]


def free_port(address: str) -> int:
    """A port of an address that nobody listens at."""
    with socket.socket() as free:
        free.bind((address, 0))
        return int(free.getsockname()[1])


def _binaries() -> Path:
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: -_version(p.parent.name)):
        if _version(folder.parent.name) >= OLDEST and (folder / "initdb").is_file():
            return folder
    raise MissingPostgresError(
        f"no PostgreSQL {OLDEST} or newer: install the package `postgresql` (apt-get install postgresql), "
        "or name a server in VESTIGE_TEST_DATABASE_URL"
    )


def _version(name: str) -> int:
    return int(name) if name.isdigit() else 0
