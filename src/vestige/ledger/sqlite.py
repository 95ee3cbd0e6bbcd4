"""The SQLite driver: the module's own ``sqlite3`` connection, ``executemany`` over columns, integer positions.

A row's key is ``log << 40 | seq`` (see the first migration): appends go to the right edge of the log's key range, and
nothing on the way of evidence touches a B-tree by a random key.
"""

from __future__ import annotations

from itertools import chain, islice, repeat
from typing import TYPE_CHECKING, Any, cast

from vestige.ledger.models import Head
from vestige.ledger.sealing import NUMBER_BYTES
from vestige.ledger.store import in_slices, no_log

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterator, Mapping, Sequence

    import sqlalchemy as sa

    from vestige.ledger.sealing import Sealing
    from vestige.ledger.store import Chunk
    from vestige.proof.tiles import CompletedTile

SEQ_BITS = 40
_SEQ_MASK = (1 << SEQ_BITS) - 1
_PARAMETERS = 500
ROWS_A_STATEMENT = 100

_ENTRY = "INSERT INTO ledger_entries (pos, id, kind, src, leaf, leaf_hash) VALUES (?, ?, ?, ?, ?, ?)"
_PAYLOAD = "INSERT INTO ledger_payloads (pos, salt, payload) VALUES (?, ?, ?)"
_BLOB = "INSERT INTO ledger_payloads (pos, salt, payload, blob) VALUES (?, ?, ?, ?)"


def _native(connection: sa.Connection) -> sqlite3.Connection:
    return cast("sqlite3.Connection", connection.connection.driver_connection)


def _entry_rows(base: int, chunk: Chunk) -> Iterator[tuple[int, str, str, str, bytes, bytes]]:
    first = base + chunk.first_seq
    return zip(
        range(first, first + len(chunk.ids)),
        chunk.ids,
        repeat(chunk.kind),
        repeat(chunk.source),
        chunk.leaves,
        chunk.leaf_hashes,
        strict=False,
    )


def _payload_rows(base: int, chunk: Chunk) -> Iterator[tuple[int, bytes, bytes | None]]:
    first = base + chunk.first_seq
    return zip(range(first, first + len(chunk.ids)), chunk.salts, chunk.payloads, strict=False)


def _blob_rows(base: int, chunk: Chunk) -> Iterator[tuple[int, bytes, bytes | None, str | None]]:
    first = base + chunk.first_seq
    blobs = chunk.blobs or ()
    return zip(range(first, first + len(chunk.ids)), chunk.salts, chunk.payloads, blobs, strict=False)


def _insert_rows(native: sqlite3.Connection, single: str, rows: Iterator[tuple[object, ...]]) -> None:
    """Insert rows, a hundred to a statement.

    The interpreter's lock is given up and won back at every statement; beside a thread that parses, winning it back
    costs more than the insert itself. Six hundred parameters stay below SQLite's oldest bound of 999.
    """
    values = single[single.index("VALUES") + len("VALUES") :]
    many = single + f",{values}" * (ROWS_A_STATEMENT - 1)
    while len(batch := list(islice(rows, ROWS_A_STATEMENT))) == ROWS_A_STATEMENT:
        native.execute(many, list(chain.from_iterable(batch)))
    native.executemany(single, batch)


class SqliteStore:
    """Fulfils :class:`vestige.ledger.store.Store`. The head's lock is the database's write lock."""

    def __init__(self, sealing: Sealing | None = None) -> None:
        self._sealing = sealing

    def in_transaction(self, connection: sa.Connection) -> bool:
        """Whether the connection is still in its transaction, and that can still be committed."""
        return _native(connection).in_transaction

    def lock_head(self, connection: sa.Connection, log: int) -> Head:
        """The head; BEGIN IMMEDIATE has shut out every other writer."""
        return self.head(connection, log)

    def head(self, connection: sa.Connection, log: int) -> Head:
        """The head as this transaction sees it."""
        row = (
            _native(connection)
            .execute("SELECT size, root, frontier, edge, last_id, closed FROM ledger_head WHERE log = ?", (log,))
            .fetchone()
        )
        if row is None:
            raise no_log(log)
        return Head._make(row)

    def put_head(self, connection: sa.Connection, log: int, head: Head) -> None:
        """Replace the head."""
        _native(connection).execute(
            "UPDATE ledger_head SET size = ?, root = ?, frontier = ?, edge = ?, last_id = ? WHERE log = ?",
            (*head[:5], log),
        )

    def insert(self, connection: sa.Connection, log: int, chunks: Sequence[Chunk]) -> None:
        """Add entries and their payloads."""
        native = _native(connection)
        base = log << SEQ_BITS
        _insert_rows(native, _ENTRY, chain.from_iterable(_entry_rows(base, chunk) for chunk in chunks))
        inline = [chunk for chunk in chunks if chunk.blobs is None]
        _insert_rows(native, _PAYLOAD, chain.from_iterable(_payload_rows(base, chunk) for chunk in inline))
        if len(inline) < len(chunks):
            others = (chunk for chunk in chunks if chunk.blobs is not None)
            native.executemany(_BLOB, chain.from_iterable(_blob_rows(base, chunk) for chunk in others))

    def insert_tiles(self, connection: sa.Connection, log: int, tiles: Sequence[CompletedTile]) -> None:
        """Add full tiles."""
        _native(connection).executemany(
            "INSERT INTO ledger_tiles (log, level, idx, hashes) VALUES (?, ?, ?, ?)",
            [(log, tile.level, tile.index, tile.data) for tile in tiles],
        )

    def tile(self, connection: sa.Connection, log: int, level: int, index: int) -> bytes | None:
        """A full tile's bytes, or None if it is not stored."""
        row = (
            _native(connection)
            .execute("SELECT hashes FROM ledger_tiles WHERE log = ? AND level = ? AND idx = ?", (log, level, index))
            .fetchone()
        )
        return None if row is None else row[0]

    def tiles(self, connection: sa.Connection, log: int, level: int, lo: int, hi: int) -> list[tuple[int, bytes]]:
        """Index and bytes of the full tiles of a level."""
        return (
            _native(connection)
            .execute(
                "SELECT idx, hashes FROM ledger_tiles WHERE log = ? AND level = ? AND idx >= ? AND idx < ?"
                " ORDER BY idx",
                (log, level, lo, hi),
            )
            .fetchall()
        )

    def entries(
        self, connection: sa.Connection, log: int, lo: int, hi: int
    ) -> list[tuple[int, str, str, str, bytes, bytes]]:
        """Entries: seq, id, kind, source, leaf, leaf hash."""
        return (
            _native(connection)
            .execute(
                "SELECT seq, id, kind, src, leaf, leaf_hash FROM ledger_entries"
                " WHERE pos >= ? AND pos < ? ORDER BY pos",
                _span(log, lo, hi),
            )
            .fetchall()
        )

    def payloads(
        self, connection: sa.Connection, log: int, lo: int, hi: int
    ) -> list[tuple[int, bytes, bytes | None, str | None]]:
        """Payloads: seq, salt, and the bytes or the name of the blob that holds them."""
        rows = (
            _native(connection)
            .execute(
                "SELECT seq, salt, payload, blob FROM ledger_payloads WHERE pos >= ? AND pos < ? ORDER BY pos",
                _span(log, lo, hi),
            )
            .fetchall()
        )
        return self._sealing.opened(rows) if self._sealing is not None and self._sealing.keys.used else rows

    def entries_at(
        self, connection: sa.Connection, log: int, seqs: Sequence[int]
    ) -> list[tuple[int, str, str, str, bytes, bytes]]:
        """The same of some entries that lie anywhere, in order; of those that are there."""
        return _at(connection, "seq, id, kind, src, leaf, leaf_hash FROM ledger_entries", log, seqs)

    def payloads_at(
        self, connection: sa.Connection, log: int, seqs: Sequence[int]
    ) -> list[tuple[int, bytes, bytes | None, str | None]]:
        """Their payloads, in order."""
        rows = _at(connection, "seq, salt, payload, blob FROM ledger_payloads", log, seqs)
        return self._sealing.opened(rows) if self._sealing is not None and self._sealing.keys.used else rows

    def sealed(self, connection: sa.Connection, log: int, lo: int, hi: int) -> list[int]:
        """The numbers of the keys that payloads of a range lie under; none where they lie in clear."""
        rows = _native(connection).execute(
            "SELECT salt FROM ledger_payloads WHERE pos >= ? AND pos < ? AND length(salt) = ?",
            (*_span(log, lo, hi), NUMBER_BYTES),
        )
        return [int.from_bytes(number, "big") for (number,) in rows]

    def erasable(
        self, connection: sa.Connection, log: int, kinds: Sequence[str], lo: int, hi: int
    ) -> list[tuple[int, str | None]]:
        """Entries of these kinds whose payloads are still there: seq, and the blob's name if one holds it."""
        marks = ", ".join("?" * len(kinds))
        return (
            _native(connection)
            .execute(
                "SELECT p.seq, p.blob FROM ledger_payloads p JOIN ledger_entries e ON e.pos = p.pos"  # noqa: S608 - marks only
                f" WHERE p.pos >= ? AND p.pos < ? AND e.kind IN ({marks}) ORDER BY p.pos",
                (*_span(log, lo, hi), *kinds),
            )
            .fetchall()
        )

    def erase(self, connection: sa.Connection, log: int, lo: int, hi: int) -> int:
        """Delete the payloads and salts of a range; how many there were."""
        return (
            _native(connection)
            .execute("DELETE FROM ledger_payloads WHERE pos >= ? AND pos < ?", _span(log, lo, hi))
            .rowcount
        )

    def put_payload(
        self, connection: sa.Connection, log: int, seq: int, salt: bytes, payload: bytes | None, blob: str | None
    ) -> None:
        """Add the payload of an entry that has none."""
        _native(connection).execute(
            "INSERT INTO ledger_payloads (pos, salt, payload, blob) VALUES (?, ?, ?, ?)",
            ((log << SEQ_BITS) + seq, salt, payload, blob),
        )

    def leaf_hashes(self, connection: sa.Connection, log: int, lo: int, hi: int) -> list[bytes]:
        """The stored leaf hashes."""
        rows = _native(connection).execute(
            "SELECT leaf_hash FROM ledger_entries WHERE pos >= ? AND pos < ? ORDER BY pos", _span(log, lo, hi)
        )
        return [value for (value,) in rows]

    def leaves(self, connection: sa.Connection, log: int, lo: int, hi: int) -> list[bytes]:
        """The stored leaves."""
        rows = _native(connection).execute(
            "SELECT leaf FROM ledger_entries WHERE pos >= ? AND pos < ? ORDER BY pos", _span(log, lo, hi)
        )
        return [value for (value,) in rows]

    def controls(
        self, connection: sa.Connection, log: int, kinds: Sequence[str], lo: int, hi: int, limit: int
    ) -> list[int]:
        """The first ``limit`` seqs of entries of these kinds."""
        native = _native(connection)
        found: list[int] = []
        # One range of the partial index per kind; `kind <> 'evidence'` lets the planner use it.
        for kind in kinds:
            rows = native.execute(
                "SELECT seq FROM ledger_entries WHERE kind = ? AND kind <> 'evidence'"
                " AND pos >= ? AND pos < ? ORDER BY pos LIMIT ?",
                (kind, *_span(log, lo, hi), limit),
            )
            found += [seq for (seq,) in rows]
        found.sort()
        return found[:limit]

    def find(self, connection: sa.Connection, log: int, entry_id: str) -> int | None:
        """The seq of the entry with this id, by bisection: ids rise with seq."""
        return self._find(connection, log, entry_id, self.head(connection, log).size)

    def known(self, connection: sa.Connection, log: int, ids: Collection[str]) -> set[str]:
        """Of these ids, those that are an entry's."""
        size = self.head(connection, log).size
        return {identity for identity in ids if self._find(connection, log, identity, size) is not None}

    @staticmethod
    def _find(connection: sa.Connection, log: int, entry_id: str, size: int) -> int | None:
        native = _native(connection)
        base = log << SEQ_BITS
        lo, hi = base, base + size
        while lo < hi:
            middle = (lo + hi) // 2
            row = native.execute(
                "SELECT pos, id FROM ledger_entries WHERE pos >= ? AND pos < ? ORDER BY pos LIMIT 1", (middle, hi)
            ).fetchone()
            if row is None or row[1] > entry_id:
                hi = middle
            elif row[1] == entry_id:
                return int(row[0]) & _SEQ_MASK
            else:
                lo = row[0] + 1
        return None

    def last(self, connection: sa.Connection, log: int) -> int:
        """The highest seq of any entry or payload; -1 if there is none."""
        found = self._outermost(connection, "max(pos)", _span(log, 0, 1 << SEQ_BITS))
        return max(found, default=-1)

    def following(self, connection: sa.Connection, log: int, lo: int) -> int | None:
        """The least seq of any entry or payload from ``lo`` on; None if there is none."""
        found = self._outermost(connection, "min(pos)", _span(log, lo, 1 << SEQ_BITS))
        return min(found, default=None)

    @staticmethod
    def _outermost(connection: sa.Connection, what: str, span: tuple[int, int]) -> list[int]:
        native = _native(connection)
        found = []
        for table in ("ledger_entries", "ledger_payloads"):
            sql = f"SELECT {what} FROM {table} WHERE pos >= ? AND pos < ?"  # noqa: S608 - literals of this class
            (pos,) = native.execute(sql, span).fetchone()
            if pos is not None:
                found.append(pos & _SEQ_MASK)
        return found

    def dedup(self, connection: sa.Connection, log: int, keys: Sequence[bytes]) -> dict[bytes, tuple[bytes, int]]:
        """Of these dedup keys, those that are known: payload mac and seq."""
        native = _native(connection)
        found: dict[bytes, tuple[bytes, int]] = {}
        for part in in_slices(keys, _PARAMETERS):
            marks = ",".join("?" * len(part))
            rows = native.execute(
                f"SELECT key, mac, seq FROM ledger_dedup WHERE log = ? AND key IN ({marks})",  # noqa: S608 - marks only
                (log, *part),
            )
            found |= {key: (mac, seq) for key, mac, seq in rows}
        return found

    def insert_dedup(self, connection: sa.Connection, log: int, rows: Mapping[bytes, tuple[bytes, int]]) -> None:
        """Add dedup keys with payload mac and seq."""
        _native(connection).executemany(
            "INSERT INTO ledger_dedup (log, key, mac, seq) VALUES (?, ?, ?, ?)",
            [(log, key, mac, seq) for key, (mac, seq) in rows.items()],
        )


def _at(connection: sa.Connection, what: str, log: int, seqs: Sequence[int]) -> list[Any]:
    """Rows of some entries of a log, by seq; ``what`` is ours."""
    base, found = log << SEQ_BITS, list[Any]()
    for part in in_slices(sorted(seqs), _PARAMETERS):
        marks = ",".join("?" * len(part))
        sql = f"SELECT {what} WHERE pos IN ({marks}) ORDER BY pos"
        found += _native(connection).execute(sql, [base + seq for seq in part]).fetchall()
    return found


def _span(log: int, lo: int, hi: int) -> tuple[int, int]:
    base = log << SEQ_BITS
    return base + lo, base + min(hi, 1 << SEQ_BITS)
