"""The PostgreSQL driver: psycopg's own connection, binary arrays in, binary results out, the head row as the lock.

What is appended goes in as one INSERT a table, its columns packed as arrays (:mod:`vestige.ledger.arrays`): row-level
security, which holds the tables of entries, payloads and tiles to the tenant of the transaction, allows no COPY.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, TypeVar, cast

import sqlalchemy as sa
from psycopg.pq import TransactionStatus

from vestige.ledger.arrays import Bigints, Blobs, MaybeBlobs, MaybeTexts, Texts, Words
from vestige.ledger.models import Head
from vestige.ledger.sealing import NUMBER_BYTES
from vestige.ledger.store import in_slices, no_log

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    import psycopg

    from vestige.ledger.sealing import Sealing
    from vestige.ledger.store import Chunk
    from vestige.proof.tiles import CompletedTile

_T = TypeVar("_T")
_MOST_BYTES = 64 << 20
"""Bytes of leaves and payloads of one statement; a value of PostgreSQL's ends at a gigabyte."""
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

_KNOWN = "SELECT w.id FROM unnest(%(ids)s::text[]) AS w (id), LATERAL (" + _FIND.replace("%(id)s", "w.id") + ") AS n"  # noqa: S608 - our own


# Arrays in the select list are taken apart row by row; after FROM, all their rows would be written down first.
_INSERT_ENTRIES = """
INSERT INTO ledger_entries (log, seq, id, kind, src, leaf, leaf_hash)
SELECT %s, unnest(%s), unnest(%s), unnest(%s), unnest(%s), unnest(%s), unnest(%s)"""
_INSERT_ALIKE = """
INSERT INTO ledger_entries (log, seq, id, kind, src, leaf, leaf_hash)
SELECT %s, unnest(%s), unnest(%s), %s, %s, unnest(%s), unnest(%s)"""
_INSERT_PAYLOADS = """
INSERT INTO ledger_payloads (log, seq, salt, payload) SELECT %s, unnest(%s), unnest(%s), unnest(%s)"""
_INSERT_BLOBS = """
INSERT INTO ledger_payloads (log, seq, salt, payload, blob)
SELECT %s, unnest(%s), unnest(%s), unnest(%s), unnest(%s)"""
_INSERT_TILES = """
INSERT INTO ledger_tiles (log, level, idx, hashes) SELECT %s, unnest(%s), unnest(%s), unnest(%s)"""


def _native(connection: sa.Connection) -> psycopg.Connection[tuple[object, ...]]:
    return cast("psycopg.Connection[tuple[object, ...]]", connection.connection.driver_connection)


def _joined(columns: Sequence[Sequence[_T]]) -> Sequence[_T]:
    """One column of several chunks."""
    return columns[0] if len(columns) == 1 else list(chain.from_iterable(columns))


def _statements(chunks: Sequence[Chunk]) -> Iterator[list[Chunk]]:
    """The chunks, cut so that none of the lists holds much more than ``_MOST_BYTES``."""
    listed: list[Chunk] = []
    size = 0
    for chunk in chunks:
        for part in _cut(chunk):
            listed.append(part)
            size += _weight(part)
            if size >= _MOST_BYTES:
                yield listed
                listed, size = [], 0
    if listed:
        yield listed


def _weight(chunk: Chunk) -> int:
    return sum(map(len, chunk.leaves)) + sum(map(len, filter(None, chunk.payloads)))


def _cut(chunk: Chunk) -> Iterator[Chunk]:
    count = len(chunk.ids)
    parts = min(count, -(-_weight(chunk) // _MOST_BYTES))
    if parts <= 1:
        yield chunk
        return
    step = -(-count // parts)
    for lo in range(0, count, step):
        part = slice(lo, lo + step)
        yield chunk._replace(
            first_seq=chunk.first_seq + lo,
            ids=chunk.ids[part],
            leaves=chunk.leaves[part],
            leaf_hashes=chunk.leaf_hashes[part],
            salts=chunk.salts[part],
            payloads=chunk.payloads[part],
            blobs=None if chunk.blobs is None else chunk.blobs[part],
        )


class PostgresStore:
    """Fulfils :class:`vestige.ledger.store.Store`. The head's lock is the lock of its row."""

    def __init__(self, sealing: Sealing | None = None) -> None:
        self._sealing = sealing

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
        for part in _statements(chunks):
            seqs = Bigints([seq for one in part for seq in range(one.first_seq, one.first_seq + len(one.ids))])
            ids, leaves = Texts(_joined([one.ids for one in part])), Blobs(_joined([one.leaves for one in part]))
            hashes = Blobs(_joined([one.leaf_hashes for one in part]))
            native = _native(connection)
            if len(part) == 1:
                native.execute(_INSERT_ALIKE, (log, seqs, ids, part[0].kind, part[0].source, leaves, hashes))
            else:
                kinds = Words([(one.kind, len(one.ids)) for one in part])
                sources = Words([(one.source, len(one.ids)) for one in part])
                native.execute(_INSERT_ENTRIES, (log, seqs, ids, kinds, sources, leaves, hashes))
            salts, payloads = Blobs(_joined([one.salts for one in part])), _joined([one.payloads for one in part])
            present = [payload for payload in payloads if payload is not None]
            if len(present) == len(payloads):
                native.execute(_INSERT_PAYLOADS, (log, seqs, salts, Blobs(present)))
            else:
                names = [one.blobs or [None] * len(one.ids) for one in part]
                values = (log, seqs, salts, MaybeBlobs(payloads), MaybeTexts(_joined(names)))
                native.execute(_INSERT_BLOBS, values)

    def insert_tiles(self, connection: sa.Connection, log: int, tiles: Sequence[CompletedTile]) -> None:
        """Add full tiles."""
        levels, indexes = Bigints([tile.level for tile in tiles]), Bigints([tile.index for tile in tiles])
        _native(connection).execute(_INSERT_TILES, (log, levels, indexes, Blobs([tile.data for tile in tiles])))

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
        rows = cast(
            "list[tuple[int, bytes, bytes | None, str | None]]",
            self._span(connection, "seq, salt, payload, blob FROM ledger_payloads", log, lo, hi),
        )
        return self._sealing.opened(rows) if self._sealing is not None and self._sealing.keys.used else rows

    def entries_at(
        self, connection: sa.Connection, log: int, seqs: Sequence[int]
    ) -> list[tuple[int, str, str, str, bytes, bytes]]:
        """The same of some entries that lie anywhere, in order; of those that are there."""
        return cast(
            "list[tuple[int, str, str, str, bytes, bytes]]",
            self._at(connection, "seq, id, kind, src, leaf, leaf_hash FROM ledger_entries", log, seqs),
        )

    def payloads_at(
        self, connection: sa.Connection, log: int, seqs: Sequence[int]
    ) -> list[tuple[int, bytes, bytes | None, str | None]]:
        """Their payloads, in order."""
        rows = cast(
            "list[tuple[int, bytes, bytes | None, str | None]]",
            self._at(connection, "seq, salt, payload, blob FROM ledger_payloads", log, seqs),
        )
        return self._sealing.opened(rows) if self._sealing is not None and self._sealing.keys.used else rows

    def sealed(self, connection: sa.Connection, log: int, lo: int, hi: int) -> list[int]:
        """The numbers of the keys that payloads of a range lie under; none where they lie in clear."""
        rows = connection.execute(
            sa.text(
                "SELECT salt FROM ledger_payloads WHERE log = :log AND seq >= :lo AND seq < :hi"
                " AND length(salt) = :number"
            ),
            {"log": log, "lo": lo, "hi": hi, "number": NUMBER_BYTES},
        )
        return [int.from_bytes(number, "big") for (number,) in rows]

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

    def put_payload(
        self, connection: sa.Connection, log: int, seq: int, salt: bytes, payload: bytes | None, blob: str | None
    ) -> None:
        """Add the payload of an entry that has none."""
        connection.execute(
            sa.text(
                "INSERT INTO ledger_payloads (log, seq, salt, payload, blob) "
                "VALUES (:log, :seq, :salt, :payload, :blob)"
            ),
            {"log": log, "seq": seq, "salt": salt, "payload": payload, "blob": blob},
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
        """The seq of the entry with this id, by bisection in the server: ids rise with seq."""
        rows = self._all(connection, _FIND, {"log": log, "id": entry_id})
        return cast("int", rows[0][0]) if rows else None

    def known(self, connection: sa.Connection, log: int, ids: Collection[str]) -> set[str]:
        """Of these ids, those that are an entry's: each by bisection, all in one statement."""
        rows = self._all(connection, _KNOWN, {"log": log, "ids": list(ids)})
        return {identity for (identity,) in cast("list[tuple[str]]", rows)}

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

    def _at(self, connection: sa.Connection, what: str, log: int, seqs: Sequence[int]) -> list[tuple[object, ...]]:
        return self._all(
            connection, f"SELECT {what} WHERE log = %s AND seq = ANY(%s) ORDER BY seq", (log, sorted(seqs))
        )

    @staticmethod
    def _all(
        connection: sa.Connection, sql: str, parameters: Sequence[object] | dict[str, object]
    ) -> list[tuple[object, ...]]:
        with _native(connection).cursor(binary=True) as cursor:
            return cursor.execute(sql, parameters).fetchall()
