"""The contract of the two drivers: how entries, payloads, tiles, the head and dedup rows are read and written.

:mod:`vestige.ledger.sqlite` and :mod:`vestige.ledger.postgres` fulfil it, each in its engine's native way; they share
this contract and one conformance suite, not code. Tables that are touched once per log, key or checkpoint have no
driver: :mod:`vestige.ledger.tables` speaks to both.

All methods work on the connection of a transaction that the caller holds, so one snapshot, or one commit, spans
several of them. ``log`` is the log's number. Ranges are half open and answered in order of seq; rows that are not
there are not answered, so a gap shows as fewer rows than asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

from vestige.model.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    import sqlalchemy as sa

    from vestige.ledger.models import Head
    from vestige.proof.tiles import CompletedTile


T = TypeVar("T")


class Chunk(NamedTuple):
    """Consecutive entries of one kind and source, as columns: what one draft or batch becomes."""

    first_seq: int
    kind: str
    source: str
    ids: Sequence[str]
    leaves: Sequence[bytes]
    leaf_hashes: Sequence[bytes]
    salts: Sequence[bytes]
    payloads: Sequence[bytes | None]
    blobs: Sequence[str | None] | None


class Store(Protocol):
    """See the module's docstring."""

    def in_transaction(self, connection: sa.Connection) -> bool:
        """Whether the connection is still in its transaction, and that can still be committed."""

    def lock_head(self, connection: sa.Connection, log: int) -> Head:
        """The head, held against every other writer of this log until the transaction ends."""

    def head(self, connection: sa.Connection, log: int) -> Head:
        """The head as this transaction sees it."""

    def put_head(self, connection: sa.Connection, log: int, head: Head) -> None:
        """Replace the head, all but whether it is closed; the caller holds it locked."""

    def insert(self, connection: sa.Connection, log: int, chunks: Sequence[Chunk]) -> None:
        """Add entries and their payloads."""

    def insert_tiles(self, connection: sa.Connection, log: int, tiles: Sequence[CompletedTile]) -> None:
        """Add full tiles."""

    def tile(self, connection: sa.Connection, log: int, level: int, index: int) -> bytes | None:
        """A full tile's bytes, or None if it is not stored."""

    def tiles(self, connection: sa.Connection, log: int, level: int, lo: int, hi: int) -> list[tuple[int, bytes]]:
        """Index and bytes of the full tiles of a level."""

    def entries(
        self, connection: sa.Connection, log: int, lo: int, hi: int
    ) -> list[tuple[int, str, str, str, bytes, bytes]]:
        """Entries: seq, id, kind, source, leaf, leaf hash."""

    def payloads(
        self, connection: sa.Connection, log: int, lo: int, hi: int
    ) -> list[tuple[int, bytes, bytes | None, str | None]]:
        """Payloads: seq, salt, and the bytes or the name of the blob that holds them."""

    def entries_at(
        self, connection: sa.Connection, log: int, seqs: Sequence[int]
    ) -> list[tuple[int, str, str, str, bytes, bytes]]:
        """The same of some entries that lie anywhere, in order; of those that are there."""

    def payloads_at(
        self, connection: sa.Connection, log: int, seqs: Sequence[int]
    ) -> list[tuple[int, bytes, bytes | None, str | None]]:
        """Their payloads, in order."""

    def erasable(
        self, connection: sa.Connection, log: int, kinds: Sequence[str], lo: int, hi: int
    ) -> list[tuple[int, str | None]]:
        """Entries of these kinds whose payloads are still there: seq, and the blob's name if one holds it."""

    def sealed(self, connection: sa.Connection, log: int, lo: int, hi: int) -> list[int]:
        """The numbers of the keys that payloads of a range lie under; none where they lie in clear."""

    def erase(self, connection: sa.Connection, log: int, lo: int, hi: int) -> int:
        """Delete the payloads and salts of a range, how many there were; an erasure must name it by now."""

    def put_payload(
        self, connection: sa.Connection, log: int, seq: int, salt: bytes, payload: bytes | None, blob: str | None
    ) -> None:
        """Add the payload of an entry that has none."""

    def leaf_hashes(self, connection: sa.Connection, log: int, lo: int, hi: int) -> list[bytes]:
        """The stored leaf hashes."""

    def leaves(self, connection: sa.Connection, log: int, lo: int, hi: int) -> list[bytes]:
        """The stored leaves."""

    def controls(
        self, connection: sa.Connection, log: int, kinds: Sequence[str], lo: int, hi: int, limit: int
    ) -> list[int]:
        """The first ``limit`` seqs of entries of these kinds; ``evidence`` is not among them."""

    def find(self, connection: sa.Connection, log: int, entry_id: str) -> int | None:
        """The seq of the entry with this id."""

    def known(self, connection: sa.Connection, log: int, ids: Collection[str]) -> set[str]:
        """Of these ids, those that are an entry's."""

    def last(self, connection: sa.Connection, log: int) -> int:
        """The highest seq of any entry or payload; -1 if there is none."""

    def following(self, connection: sa.Connection, log: int, lo: int) -> int | None:
        """The least seq of any entry or payload from ``lo`` on; None if there is none."""

    def dedup(self, connection: sa.Connection, log: int, keys: Sequence[bytes]) -> dict[bytes, tuple[bytes, int]]:
        """Of these dedup keys, those that are known: payload mac and seq."""

    def insert_dedup(self, connection: sa.Connection, log: int, rows: Mapping[bytes, tuple[bytes, int]]) -> None:
        """Add dedup keys with payload mac and seq."""


def no_log(log: int) -> StorageError:
    """The error for a log whose head row is gone."""
    return StorageError(
        "the log has no head",
        expected=f"a row for log {log} in ledger_head",
        got="none",
        hint="run `vestige ledger verify`; restore the database from a backup",
    )


def in_slices(keys: Sequence[T], width: int) -> Iterable[Sequence[T]]:
    """Long lists in pieces that a statement can take as parameters."""
    return (keys[i : i + width] for i in range(0, len(keys), width))
