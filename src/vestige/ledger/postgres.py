"""The PostgreSQL driver: psycopg's own connection, binary COPY in, binary results out, the head row as the lock.

COPY's binary format is documented under "COPY, File Formats"; rows are packed here column by column, because one
buffer costs less than a call per row. Fields: a 16-bit count, then each value after its 32-bit length, -1 for null.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, cast

from vestige.ledger.models import Head
from vestige.ledger.store import in_slices, no_log

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import psycopg
    import sqlalchemy as sa

    from vestige.ledger.store import Chunk
    from vestige.proof.tiles import CompletedTile

_HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_TRAILER = b"\xff\xff"
_KEYED = struct.Struct(">hiiiq")
_LENGTH = struct.Struct(">i")
_NULL = b"\xff\xff\xff\xff"
_KEYS = 10_000
_HEAD = "SELECT size, root, frontier, edge, last_id FROM ledger_head WHERE log = %s"


def _native(connection: sa.Connection) -> psycopg.Connection[tuple[object, ...]]:
    return cast("psycopg.Connection[tuple[object, ...]]", connection.connection.driver_connection)


def _entry_bytes(log: int, chunk: Chunk) -> list[bytes]:
    keyed, length = _KEYED.pack, _LENGTH.pack
    kind, source = chunk.kind.encode(), chunk.source.encode()
    same = length(len(kind)) + kind + length(len(source)) + source
    return [
        b"%b%b%b%b%b%b%b%b"
        % (keyed(7, 4, log, 8, seq), length(len(i)), i.encode(), same, length(len(leaf)), leaf, length(len(h)), h)
        for seq, (i, leaf, h) in enumerate(
            zip(chunk.ids, chunk.leaves, chunk.leaf_hashes, strict=True), chunk.first_seq
        )
    ]


def _payload_bytes(log: int, chunk: Chunk) -> list[bytes]:
    keyed, length = _KEYED.pack, _LENGTH.pack
    if chunk.blobs is None:
        return [
            b"%b%b%b%b%b%b"
            % (keyed(5, 4, log, 8, seq), length(len(salt)), salt, length(len(payload or b"")), payload or b"", _NULL)
            for seq, (salt, payload) in enumerate(zip(chunk.salts, chunk.payloads, strict=True), chunk.first_seq)
        ]
    return [
        b"".join((keyed(5, 4, log, 8, seq), _field(salt), _field(payload), _field(None if b is None else b.encode())))
        for seq, (salt, payload, b) in enumerate(
            zip(chunk.salts, chunk.payloads, chunk.blobs, strict=True), chunk.first_seq
        )
    ]


def _field(value: bytes | None) -> bytes:
    return _NULL if value is None else _LENGTH.pack(len(value)) + value


class PostgresStore:
    """Fulfils :class:`vestige.ledger.store.Store`. The head's lock is the lock of its row."""

    def lock_head(self, connection: sa.Connection, log: int) -> Head:
        """The head, with its row locked until the transaction ends."""
        return self._head(connection, log, f"{_HEAD} FOR UPDATE")

    def head(self, connection: sa.Connection, log: int) -> Head:
        """The head as this transaction sees it."""
        return self._head(connection, log, _HEAD)

    def _head(self, connection: sa.Connection, log: int, sql: str) -> Head:
        row = self._all(connection, sql, (log,))
        if not row:
            raise no_log(log)
        return Head._make(cast("tuple[int, bytes, bytes, bytes, str]", row[0]))

    def put_head(self, connection: sa.Connection, log: int, head: Head) -> None:
        """Replace the head."""
        _native(connection).execute(
            "UPDATE ledger_head SET size = %s, root = %s, frontier = %s, edge = %s, last_id = %s WHERE log = %s",
            (*head, log),
        )

    def insert(self, connection: sa.Connection, log: int, chunks: Sequence[Chunk]) -> None:
        """Add entries and their payloads."""
        with _native(connection).cursor() as cursor:
            with cursor.copy(
                "COPY ledger_entries (log, seq, id, kind, src, leaf, leaf_hash) FROM STDIN (FORMAT BINARY)"
            ) as copy:
                copy.write(b"".join((_HEADER, *(row for c in chunks for row in _entry_bytes(log, c)), _TRAILER)))
            with cursor.copy("COPY ledger_payloads (log, seq, salt, payload, blob) FROM STDIN (FORMAT BINARY)") as copy:
                copy.write(b"".join((_HEADER, *(row for c in chunks for row in _payload_bytes(log, c)), _TRAILER)))

    def insert_tiles(self, connection: sa.Connection, log: int, tiles: Sequence[CompletedTile]) -> None:
        """Add full tiles."""
        with (
            _native(connection).cursor() as cursor,
            cursor.copy("COPY ledger_tiles (log, level, idx, hashes) FROM STDIN (FORMAT BINARY)") as copy,
        ):
            row = struct.Struct(">hiiiiiqi")
            parts = [row.pack(4, 4, log, 4, tile.level, 8, tile.index, len(tile.data)) + tile.data for tile in tiles]
            copy.write(b"".join((_HEADER, *parts, _TRAILER)))

    def tile(self, connection: sa.Connection, log: int, level: int, index: int) -> bytes | None:
        """A full tile's bytes, or None if it is not stored."""
        rows = self.tiles(connection, log, level, index, index + 1)
        return rows[0][1] if rows else None

    def tiles(self, connection: sa.Connection, log: int, level: int, lo: int, hi: int) -> list[tuple[int, bytes]]:
        """Index and bytes of the full tiles of a level."""
        return cast(
            "list[tuple[int, bytes]]",
            self._all(
                connection,
                "SELECT idx, hashes FROM ledger_tiles WHERE log = %s AND level = %s AND idx >= %s AND idx < %s"
                " ORDER BY idx",
                (log, level, lo, hi),
            ),
        )

    def entries(
        self, connection: sa.Connection, log: int, lo: int, hi: int
    ) -> list[tuple[int, str, str, str, bytes, bytes]]:
        """Entries, as plain tuples in the order of ``EntryRow``."""
        return cast(
            "list[tuple[int, str, str, str, bytes, bytes]]",
            self._span(connection, "seq, id, kind, src, leaf, leaf_hash FROM ledger_entries", log, lo, hi),
        )

    def payloads(
        self, connection: sa.Connection, log: int, lo: int, hi: int
    ) -> list[tuple[int, bytes, bytes | None, str | None]]:
        """Payloads, as plain tuples in the order of ``PayloadRow``."""
        return cast(
            "list[tuple[int, bytes, bytes | None, str | None]]",
            self._span(connection, "seq, salt, payload, blob FROM ledger_payloads", log, lo, hi),
        )

    def leaf_hashes(self, connection: sa.Connection, log: int, lo: int, hi: int) -> list[bytes]:
        """The stored leaf hashes."""
        rows = cast("list[tuple[bytes]]", self._span(connection, "leaf_hash FROM ledger_entries", log, lo, hi))
        return [value for (value,) in rows]

    def leaves(self, connection: sa.Connection, log: int, lo: int, hi: int) -> list[bytes]:
        """The stored leaves."""
        rows = cast("list[tuple[bytes]]", self._span(connection, "leaf FROM ledger_entries", log, lo, hi))
        return [value for (value,) in rows]

    def controls(
        self, connection: sa.Connection, log: int, kinds: Sequence[str], lo: int, hi: int, limit: int
    ) -> list[int]:
        """The first ``limit`` seqs of entries of these kinds."""
        rows = self._all(
            connection,
            "SELECT seq FROM ledger_entries WHERE log = %s AND kind = ANY(%s) AND kind <> 'evidence'"
            " AND seq >= %s AND seq < %s ORDER BY seq LIMIT %s",
            (log, list(kinds), lo, hi, limit),
        )
        return [seq for (seq,) in cast("list[tuple[int]]", rows)]

    def find(self, connection: sa.Connection, log: int, entry_id: str) -> int | None:
        """The seq of the entry with this id."""
        rows = self._all(connection, "SELECT seq FROM ledger_entries WHERE log = %s AND id = %s", (log, entry_id))
        return cast("int", rows[0][0]) if rows else None

    def extent(self, connection: sa.Connection, log: int) -> tuple[int, int, int]:
        """How many entries, how many payloads, and the highest seq of either (-1 if there is none)."""
        rows = self._all(
            connection,
            "SELECT e.n, p.n, greatest(e.last, p.last, -1) FROM"
            " (SELECT count(*) n, max(seq) AS last FROM ledger_entries WHERE log = %(log)s) e,"
            " (SELECT count(*) n, max(seq) AS last FROM ledger_payloads WHERE log = %(log)s) p",
            {"log": log},
        )
        return cast("tuple[int, int, int]", rows[0])

    def dedup(self, connection: sa.Connection, log: int, keys: Sequence[bytes]) -> dict[bytes, tuple[bytes, int]]:
        """Of these dedup keys, those that are known: payload mac and seq."""
        found: dict[bytes, tuple[bytes, int]] = {}
        for part in in_slices(keys, _KEYS):
            rows = self._all(
                connection, "SELECT key, mac, seq FROM ledger_dedup WHERE log = %s AND key = ANY(%s)", (log, list(part))
            )
            found |= {key: (mac, seq) for key, mac, seq in cast("list[tuple[bytes, bytes, int]]", rows)}
        return found

    def insert_dedup(self, connection: sa.Connection, log: int, rows: Mapping[bytes, tuple[bytes, int]]) -> None:
        """Add dedup keys with payload mac and seq."""
        with _native(connection).cursor() as cursor:
            cursor.executemany(
                "INSERT INTO ledger_dedup (log, key, mac, seq) VALUES (%s, %s, %s, %s)",
                [(log, key, mac, seq) for key, (mac, seq) in rows.items()],
            )

    def _span(self, connection: sa.Connection, what: str, log: int, lo: int, hi: int) -> list[tuple[object, ...]]:
        return self._all(
            connection,
            f"SELECT {what} WHERE log = %s AND seq >= %s AND seq < %s ORDER BY seq",
            (log, lo, hi),
        )

    @staticmethod
    def _all(
        connection: sa.Connection, sql: str, parameters: Sequence[object] | dict[str, object]
    ) -> list[tuple[object, ...]]:
        with _native(connection).cursor(binary=True) as cursor:
            return cursor.execute(sql, parameters).fetchall()
