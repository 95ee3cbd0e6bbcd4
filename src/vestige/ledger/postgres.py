"""The PostgreSQL driver: psycopg's own connection, binary COPY in, binary results out, the head row as the lock.

COPY's binary format is documented under "COPY, File Formats"; rows are packed here column by column, because one
buffer costs less than a call per row. Fields: a 16-bit count, then each value after its 32-bit length, -1 for null.
"""

from __future__ import annotations

import struct
from itertools import chain, repeat
from typing import TYPE_CHECKING, cast

import sqlalchemy as sa
from psycopg.pq import TransactionStatus

from vestige.ledger.models import Head
from vestige.ledger.store import in_slices, no_log
from vestige.proof.merkle import HASH_SIZE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import psycopg

    from vestige.ledger.store import Chunk
    from vestige.proof.tiles import CompletedTile

_HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_TRAILER = b"\xff\xff"
_ENTRY = struct.Struct(">hiiiqi")
_PAYLOAD = struct.Struct(">hiiiqi")
_LENGTH = struct.Struct(">i")
_NULL = b"\xff\xff\xff\xff"
_KEYS = 10_000
_HEAD = "SELECT size, root, frontier, edge, last_id, closed FROM ledger_head WHERE log = %s"

_FIND = """
WITH RECURSIVE span (lo, hi) AS (
  SELECT 0::bigint, size FROM ledger_head WHERE log = %(log)s
  UNION ALL
  SELECT CASE WHEN e.id <= %(id)s THEN m.middle ELSE lo END, CASE WHEN e.id <= %(id)s THEN hi ELSE m.middle END
  FROM span, LATERAL (SELECT (lo + hi) / 2 AS middle) m, LATERAL (
    SELECT id FROM ledger_entries WHERE log = %(log)s AND seq >= m.middle ORDER BY seq LIMIT 1) e
  WHERE hi - lo > 1)
SELECT n.seq FROM span JOIN ledger_entries n ON n.log = %(log)s AND n.seq = lo
WHERE hi - lo <= 1 AND n.id = %(id)s"""


def _native(connection: sa.Connection) -> psycopg.Connection[tuple[object, ...]]:
    return cast("psycopg.Connection[tuple[object, ...]]", connection.connection.driver_connection)


def _entry_bytes(log: int, chunk: Chunk) -> Iterator[bytes]:
    """The rows' pieces, in order; made column by column, so that no step of Python is taken per row."""
    count = len(chunk.ids)
    kind, source = chunk.kind.encode(), chunk.source.encode()
    seqs = range(chunk.first_seq, chunk.first_seq + count)
    keyed = map(_ENTRY.pack, repeat(7), repeat(4), repeat(log), repeat(8), seqs, map(len, chunk.ids))
    same = _LENGTH.pack(len(kind)) + kind + _LENGTH.pack(len(source)) + source
    lengths = map(_LENGTH.pack, map(len, chunk.leaves))
    ids, hash_length = map(str.encode, chunk.ids), _LENGTH.pack(HASH_SIZE)
    return chain.from_iterable(
        zip(keyed, ids, repeat(same), lengths, chunk.leaves, repeat(hash_length), chunk.leaf_hashes, strict=False)
    )


def _payload_bytes(log: int, chunk: Chunk) -> Iterator[bytes]:
    """The rows' pieces, as above; chunks with blobs in them are rare and go value by value."""
    seqs = range(chunk.first_seq, chunk.first_seq + len(chunk.ids))
    keyed = map(_PAYLOAD.pack, repeat(5), repeat(4), repeat(log), repeat(8), seqs, map(len, chunk.salts))
    if chunk.blobs is None:
        payloads = [payload for payload in chunk.payloads if payload is not None]
        lengths = map(_LENGTH.pack, map(len, payloads))
        return chain.from_iterable(zip(keyed, chunk.salts, lengths, payloads, repeat(_NULL), strict=False))
    blobs = (_field(None if blob is None else blob.encode()) for blob in chunk.blobs)
    return chain.from_iterable(zip(keyed, chunk.salts, map(_field, chunk.payloads), blobs, strict=False))


def _field(value: bytes | None) -> bytes:
    return _NULL if value is None else _LENGTH.pack(len(value)) + value


class PostgresStore:
    """Fulfils :class:`vestige.ledger.store.Store`. The head's lock is the lock of its row."""

    def in_transaction(self, connection: sa.Connection) -> bool:
        """Whether the connection is still in its transaction, and that can still be committed."""
        return _native(connection).info.transaction_status is TransactionStatus.INTRANS

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
        return Head._make(cast("tuple[int, bytes, bytes, bytes, str, int]", row[0]))

    def put_head(self, connection: sa.Connection, log: int, head: Head) -> None:
        """Replace the head."""
        _native(connection).execute(
            "UPDATE ledger_head SET size = %s, root = %s, frontier = %s, edge = %s, last_id = %s WHERE log = %s",
            (*head[:5], log),
        )

    def insert(self, connection: sa.Connection, log: int, chunks: Sequence[Chunk]) -> None:
        """Add entries and their payloads."""
        with _native(connection).cursor() as cursor:
            with cursor.copy(
                "COPY ledger_entries (log, seq, id, kind, src, leaf, leaf_hash) FROM STDIN (FORMAT BINARY)"
            ) as copy:
                copy.write(
                    b"".join((_HEADER, *chain.from_iterable(_entry_bytes(log, chunk) for chunk in chunks), _TRAILER))
                )
            with cursor.copy("COPY ledger_payloads (log, seq, salt, payload, blob) FROM STDIN (FORMAT BINARY)") as copy:
                copy.write(
                    b"".join((_HEADER, *chain.from_iterable(_payload_bytes(log, chunk) for chunk in chunks), _TRAILER))
                )

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
        """Entries: seq, id, kind, source, leaf, leaf hash."""
        return cast(
            "list[tuple[int, str, str, str, bytes, bytes]]",
            self._span(connection, "seq, id, kind, src, leaf, leaf_hash FROM ledger_entries", log, lo, hi),
        )

    def payloads(
        self, connection: sa.Connection, log: int, lo: int, hi: int
    ) -> list[tuple[int, bytes, bytes | None, str | None]]:
        """Payloads: seq, salt, and the bytes or the name of the blob that holds them."""
        return cast(
            "list[tuple[int, bytes, bytes | None, str | None]]",
            self._span(connection, "seq, salt, payload, blob FROM ledger_payloads", log, lo, hi),
        )

    def erasable(
        self, connection: sa.Connection, log: int, kinds: Sequence[str], lo: int, hi: int
    ) -> list[tuple[int, str | None]]:
        """Entries of these kinds whose payloads are still there: seq, and the blob's name if one holds it."""
        rows = connection.execute(
            sa.text(
                "SELECT p.seq, p.blob FROM ledger_payloads p JOIN ledger_entries e USING (log, seq) WHERE p.log = :log"
                " AND p.seq >= :lo AND p.seq < :hi AND e.kind = ANY(:kinds) ORDER BY p.seq"
            ),
            {"log": log, "lo": lo, "hi": hi, "kinds": list(kinds)},
        )
        return [(seq, blob) for seq, blob in rows]

    def erase(self, connection: sa.Connection, log: int, lo: int, hi: int) -> int:
        """Delete the payloads and salts of a range; how many there were."""
        done = connection.execute(
            sa.text("DELETE FROM ledger_payloads WHERE log = :log AND seq >= :lo AND seq < :hi"),
            {"log": log, "lo": lo, "hi": hi},
        )
        return done.rowcount

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
        """The seq of the entry with this id, by bisection in the server: ids rise with seq."""
        rows = self._all(connection, _FIND, {"log": log, "id": entry_id})
        return cast("int", rows[0][0]) if rows else None

    def last(self, connection: sa.Connection, log: int) -> int:
        """The highest seq of any entry or payload; -1 if there is none."""
        rows = self._all(
            connection,
            "SELECT greatest((SELECT max(seq) FROM ledger_entries WHERE log = %(log)s),"
            " (SELECT max(seq) FROM ledger_payloads WHERE log = %(log)s), -1)",
            {"log": log},
        )
        return cast("int", rows[0][0])

    def following(self, connection: sa.Connection, log: int, lo: int) -> int | None:
        """The least seq of any entry or payload from ``lo`` on; None if there is none."""
        rows = self._all(
            connection,
            "SELECT least((SELECT min(seq) FROM ledger_entries WHERE log = %(log)s AND seq >= %(lo)s),"
            " (SELECT min(seq) FROM ledger_payloads WHERE log = %(log)s AND seq >= %(lo)s))",
            {"log": log, "lo": lo},
        )
        return cast("int | None", rows[0][0])

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
