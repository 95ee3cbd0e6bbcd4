"""The one file that knows which engine holds the index: an in-process ClickHouse (chDB) or a ClickHouse server.

``chdb:///absolute/path`` opens the in-process engine on a directory; ``clickhouse://user:password@host:8123/database``
(``clickhouses://`` for TLS) speaks to a server. Everything above sends the same SQL to either.

Invariants:

* a client is used by one thread at a time: they are lent from a pool, never shared;
* an insert that the engine could not store raises. In process it therefore travels as Arrow bytes in anonymous memory
  the engine reads as a file: chDB's streaming insert answers a full disk with success, and clickhouse-connect's
  in-process insert goes through a temporary file, which would leave payloads in ``TMPDIR`` when killed;
* a child made by ``fork`` cannot use its parent's engine, whose threads do not exist there: it is refused;
* the in-process engine serves one path per process: another path is refused while the first is open.

Every failure is an :class:`~vestige.model.errors.IndexStoreError`.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import re
import tempfile
import threading
import weakref
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote, urlsplit

import orjson
import pyarrow as pa

from vestige.index.asker import ASKER
from vestige.model.errors import IndexStoreError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

SERVERS = frozenset({"clickhouse", "clickhouses"})
DATABASE = "vestige"
"""The database of the in-process engine, and of a server whose DSN names none."""

_SESSION = {
    "async_insert": "0",
    "insert_deduplicate": "1",
    "optimize_on_insert": "0",
    "max_insert_threads": "1",
    "max_execution_time": "60",
    # A whole log is dropped or replaced on purpose, however large.
    "max_partition_size_to_drop": "0",
}
_IN_PROCESS = {
    # A bound on the engine's memory makes it read with one thread alone unless each may have a gigabyte of it.
    "max_threads_min_free_memory_per_thread": str(128 << 20),
    # What a chain or a page reads lies apart, in few rows: worth two threads long before the engine's own measure.
    "merge_tree_min_rows_for_concurrent_read": "8192",
    "merge_tree_min_bytes_for_concurrent_read": str(2 << 20),
}
"""Beside them, where the engine is in this process and has the memory that ``MemoryLimits`` gives it."""
_DAMAGE = frozenset({40, 226, 228, 246, 271})
"""The engine's codes for that: CHECKSUM_DOESNT_MATCH, NO_FILE_IN_DATA_PART, BAD_SIZE_OF_FILE_IN_DATA_PART,
CORRUPTED_DATA, CANNOT_DECOMPRESS."""
_CODE = re.compile(r"\bCode: (\d+)\b")
_ESCAPED = re.compile(r"[\\'`\x00-\x1f\x7f]")
_IDENTIFIER = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
_MIB = 1 << 20
_SHOWN = 400
_OPEN: weakref.WeakSet[Engine] = weakref.WeakSet()


class DamagedIndexError(IndexStoreError):
    """The engine read what it did not write: what lies on the disk was changed by something else, or not all of it."""


class Result(NamedTuple):
    """The answer of a query: column names, and rows as tuples of plain Python values in that order."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]


def is_shared(url: str) -> bool:
    """Whether a DSN names an engine that other processes reach, too."""
    return urlsplit(url).scheme in SERVERS


def folder_of(url: str, data_dir: Path) -> Path | None:
    """Where an engine in this process lies; ``None`` where a DSN names a server, or nothing known."""
    parts = urlsplit(url)
    if url and parts.scheme != "chdb":
        return None
    # An absolute path stands behind three slashes: its own may be a fourth, and two at its beginning are not one.
    return Path("/" + unquote(parts.path).lstrip("/")) if url else (data_dir / "index").absolute()


def place_of(url: str) -> str:
    """What tells one such place from another, without who asks: sixteen hexadecimal digits."""
    parts = urlsplit(url)
    place = f"{(parts.hostname or '').lower()}:{parts.port or ''}/{parts.path.strip('/') or DATABASE}"
    return hashlib.sha256(place.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class MemoryLimits:
    """Bounds of the in-process engine, in MiB. A server has its own."""

    total: int = 800
    mark_cache: int = 64
    index_cache: int = 64
    text_cache: int = 32

    @property
    def query(self) -> int:
        """What one statement may take of the total."""
        return self.total * 3 // 4


@dataclass(slots=True)
class _Client:
    """One handle for questions and, in process, one for inserts."""

    reader: Any
    inserter: Any | None

    def close(self) -> None:
        self.reader.close()
        if self.inserter is not None:
            self.inserter.close()


class Engine:
    """An open index engine. Safe to call from any thread of the process that opened it."""

    def __init__(self, make: Callable[[], _Client], database: str, where: str, *, embedded: bool) -> None:
        self.database = database
        self.where = where
        """The directory, or ``host:port/database``."""
        self.embedded = embedded
        self._make = make
        self._idle: list[_Client] = []
        self._lock = threading.Lock()
        self._closed = False
        self._pid = os.getpid()
        self.suspicions = 0
        """How often an answer was refused because of damage."""

    @classmethod
    def open(cls, url: str, data_dir: Path, limits: MemoryLimits | None = None) -> Engine:
        """Open the engine a DSN names, and make its database if there is none.

        Args:
            url: ``chdb:///path`` or ``clickhouse://…``; empty means ``<data_dir>/index`` in process.
            data_dir: where the in-process engine's configuration file is kept.
            limits: memory bounds.

        Raises:
            SettingsError: the DSN names neither engine.
            IndexStoreError: the engine cannot be opened or reached.
        """
        limits = limits or MemoryLimits()
        parts, folder = urlsplit(url), folder_of(url, data_dir)
        if folder is not None:
            make, database, where = _in_process(folder, data_dir, limits), DATABASE, str(folder)
        elif parts.scheme in SERVERS:
            make, database, where = _server(url)
        else:
            raise SettingsError(
                "the index URL names no engine",
                expected="chdb:///directory or clickhouse://user:password@host:8123/database",
                got=f"{parts.scheme or 'no scheme'}://…",
                field="VESTIGE_INDEX_URL",
            )
        engine = cls(make, database, where, embedded=folder is not None)
        _OPEN.add(engine)
        engine.command(f"CREATE DATABASE IF NOT EXISTS {database}")
        return engine

    def query(
        self, sql: str, params: Mapping[str, Any] | None = None, settings: Mapping[str, Any] | None = None
    ) -> Result:
        """Ask. Values go through ``{name:Type}`` placeholders bound by the engine, never into the text.

        What is asked for somebody who may go (:data:`~vestige.index.asker.ASKER`) is ended when they do, on a server.
        In this process it goes on to its end: an answer read after statements had been ended there was garbled.
        """
        asker = ASKER.get()
        end = None if self.embedded else self._end
        with nullcontext("") if asker is None else asker.asking(end) as mark, self._borrow() as client:
            known = {"log_comment": mark} if mark and end is not None else {}
            answer = client.reader.query(sql, parameters=_bound(params or {}), settings=dict(settings or {}) | known)
            return Result(answer.column_names, answer.result_rows)

    def _end(self, mark: str) -> None:
        """End the statement that has a mark."""
        self.command("KILL QUERY WHERE Settings['log_comment'] = {mark:String} ASYNC", {"mark": mark})

    def command(self, sql: str, params: Mapping[str, Any] | None = None) -> None:
        """Run a statement that answers nothing."""
        with self._borrow() as client:
            client.reader.command(sql, parameters=dict(params or {}))

    def check(self, place: str, partition: str = "") -> list[str]:
        """Read every file of a table, or of one of its partitions, and compare it with its checksum; what differs.

        Args:
            place: the table's qualified name.
            partition: a partition's id; all of them if empty.
        """
        only = f" PARTITION ID '{int(partition)}'" if partition else ""
        said = f"CHECK TABLE {place}{only} SETTINGS check_query_single_value_result = 0, max_execution_time = 0"
        with self._borrow() as client:
            answer = orjson.loads(client.reader.raw_query(said, fmt="JSONCompact"))
        return [
            f"{place} {part}: {' '.join(str(why).split())[:_SHOWN]}" for part, well, why in answer["data"] if not well
        ]

    def insert(self, table: str, rows: pa.Table, token: str) -> None:
        """Insert a block once: the same token on the same table is dropped by the engine as already stored.

        Args:
            table: qualified name.
            rows: columns named as the table's; a column left out takes its default.
            token: letters, digits and ``._-`` only, since it becomes part of the statement.
        """
        if not token or not _IDENTIFIER.issuperset(token.replace("-", "").replace(".", "")):
            raise IndexStoreError("a block's token has characters outside letters, digits, '.', '_', '-'")
        names = ", ".join(rows.column_names)
        sink = pa.BufferOutputStream()
        rows = rows.cast(_without_nulls(rows.schema))
        with pa.ipc.new_stream(sink, rows.schema) as writer:
            writer.write_table(rows)
        body = sink.getvalue()
        with self._borrow() as client:
            if client.inserter is None:
                client.reader.raw_insert(
                    table,
                    column_names=rows.column_names,
                    insert_block=body.to_pybytes(),
                    fmt="ArrowStream",
                    settings={"insert_deduplication_token": token},
                )
                return
            with _as_file(body) as path:
                client.inserter.query(
                    f"INSERT INTO {table} ({names}) FROM INFILE '{path}' "
                    f"SETTINGS insert_deduplication_token='{token}' FORMAT ArrowStream"
                )

    def close(self) -> None:
        """Close every handle. Calls under way end first; later ones are refused."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for client in idle:
            client.close()

    @contextmanager
    def _borrow(self) -> Iterator[_Client]:
        if os.getpid() != self._pid:
            raise IndexStoreError(
                "the index was opened by another process",
                expected="a process started by spawn, which opens its own",
                got="a forked child",
            )
        with self._lock:
            if self._closed:
                raise IndexStoreError("the index is closed")
            client = self._idle.pop() if self._idle else None
        errors = _engine_errors()
        sound = False
        try:
            if client is None:
                client = self._make()
            yield client
            sound = True
        except errors as error:
            sound = type(error).__name__ == "DatabaseError"
            refusal = _refusal(error, self.where)
            self.suspicions += isinstance(refusal, DamagedIndexError)
            raise refusal from error
        finally:
            with self._lock:
                keep = sound and not self._closed
                if keep and client is not None:
                    self._idle.append(client)
            if not keep and client is not None:
                client.close()


@atexit.register
def _close_all() -> None:
    # The in-process engine's background threads must end before the interpreter takes its memory apart.
    for engine in list(_OPEN):
        engine.close()


@contextmanager
def _as_file(body: pa.Buffer) -> Iterator[str]:
    """Bytes under a path of this process that is gone with it: anonymous memory, or a file without a name."""
    if hasattr(os, "memfd_create"):
        handle = os.fdopen(os.memfd_create("vestige-insert"), "w+b", buffering=0)
    else:  # pragma: no cover - Linux has it
        handle = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - closed below
    with handle:
        view = memoryview(body)
        while view:
            view = view[handle.write(view) :]
        handle.seek(0)
        yield f"/dev/fd/{handle.fileno()}"


class _Written:
    """A list as the engine reads it: what the client has no rule for it binds as its text, unread."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __str__(self) -> str:
        return self._text


def _bound(params: Mapping[str, Any]) -> dict[str, Any]:
    """Values as the client takes them. It writes lists a character at a time, which of long ones is half the time.

    A text with a character that has to be escaped is left to it.
    """
    return {name: _list(value) if type(value) is list else value for name, value in params.items()}


def _list(values: list[Any]) -> object:
    kinds = set(map(type, values))
    if kinds == {int}:
        return _Written(f"[{','.join(map(str, values))}]")
    if kinds == {str} and not _ESCAPED.search("".join(values)):
        return _Written("['" + "','".join(values) + "']")
    return values


def _without_nulls(schema: pa.Schema) -> pa.Schema:
    """The schema with every field declared free of nulls: else the engine reads each into a nullable column first."""
    return pa.schema([field.with_nullable(False) for field in schema])


def _engine_errors() -> tuple[type[Exception], ...]:
    failures = import_module("clickhouse_connect.driver.exceptions")
    return (failures.ClickHouseError, RuntimeError, OSError)


def _refusal(error: Exception, where: str) -> IndexStoreError:
    text = " ".join(str(error).split())
    damaged = not _DAMAGE.isdisjoint(map(int, _CODE.findall(text)))
    return (DamagedIndexError if damaged else IndexStoreError)(
        "the index engine refused or failed",
        got=text[:_SHOWN],
        hint=f"the index is at {where}; the ledger is not affected, and `vestige index rebuild` restores the index",
    )


def _in_process(path: Path, data_dir: Path, limits: MemoryLimits) -> Callable[[], _Client]:
    path = path.absolute()
    config = data_dir / "index-engine.xml"
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        config.write_text(_server_config(limits), encoding="utf-8")
    except OSError as error:
        raise _refusal(error, str(path)) from error
    # Imported on opening, not at start: half a gigabyte of library that `vestige --help` has no use for.
    connect = import_module("clickhouse_connect").get_client
    chdb = import_module("chdb")
    session = _SESSION | _IN_PROCESS | {"max_memory_usage": str(limits.query * _MIB)}

    def make() -> _Client:
        options = {"config-file": str(config)}
        reader = connect(interface="chdb", path=str(path), chdb_options=options, settings=session)
        inserter = chdb.connect(str(path.resolve()))
        for name, value in session.items():
            inserter.query(f"SET {name} = {value}")
        return _Client(reader, inserter)

    return make


def _server(url: str) -> tuple[Callable[[], _Client], str, str]:
    parts = urlsplit(url)
    database = parts.path.strip("/") or DATABASE
    if not _IDENTIFIER.issuperset(database):
        raise SettingsError(
            "the index URL's database has a name that needs quoting",
            expected="letters, digits and underscores",
            got=database[:60],
            field="VESTIGE_INDEX_URL",
        )
    secure = parts.scheme == "clickhouses"
    connect = import_module("clickhouse_connect").get_client

    def make() -> _Client:
        reader = connect(
            host=parts.hostname or "localhost",
            port=parts.port or (8443 if secure else 8123),
            secure=secure,
            username=unquote(parts.username or "default"),
            password=unquote(parts.password or ""),
            settings=_SESSION,
            # A session of its own would make the server refuse two statements of one client at once.
            autogenerate_session_id=False,
        )
        return _Client(reader, None)

    return make, database, f"{parts.hostname}:{parts.port or ''}/{database}"


def _server_config(limits: MemoryLimits) -> str:
    values = {
        "max_server_memory_usage": limits.total,
        "mark_cache_size": limits.mark_cache,
        "index_mark_cache_size": limits.mark_cache // 2,
        "primary_index_cache_size": limits.index_cache,
        "query_condition_cache_size": 8,
        "uncompressed_cache_size": 0,
        "text_index_tokens_cache_size": limits.text_cache // 2,
        "text_index_header_cache_size": limits.text_cache,
        "text_index_postings_cache_size": limits.text_cache * 2,
    }
    lines = "".join(f"<{name}>{value * _MIB}</{name}>" for name, value in values.items())
    return f"<clickhouse>{lines}</clickhouse>\n"
