"""Records that their sender numbers: by which key each is known again, and what its leaf says of its number.

A key begins with a keyed digest of the log that numbers and goes on with the number, so that keys of one log lie side
by side in rising order: looking up and adding a run of them touches few pages, however many there are. It ends in a
keyed digest of all the record says, so that numbers that start over collide with nothing.
What tells of one file only (damage) is known by its place in that very file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vestige.ledger import Sender

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vestige.ledger import Ledger
    from vestige.sources import Identity

_LOG, _NUMBER, _CONTENT = 8, 8, 16
"""Bytes of each part of a key."""
_REMEMBERED = 4096
"""Logs whose digests are kept at hand: a file names as many as whoever made it likes."""
_EPOCH = 16
"""Hexadecimal digits by which a leaf names the log: leaves are published, and names of computers may be people's."""


class Senders:
    """Names the records of one tenant's numbered logs."""

    def __init__(self, ledger: Ledger, tenant: str) -> None:
        self._ledger = ledger
        self._tenant = tenant
        self._epochs: dict[bytes, str] = {}
        self._logs: dict[tuple[str, bytes], bytes] = {}

    def named(
        self, source: str, member: bytes, identities: Sequence[Identity | None], offsets: Sequence[int]
    ) -> tuple[list[bytes], list[Sender | None]]:
        """For each record its deduplication key, and its sender's number.

        Args:
            source: the id of the source that the records are of.
            member: the keyed digest of the file they were found in.
            identities: of each record.
            offsets: of each, in the file.
        """
        keys: list[bytes] = []
        senders: list[Sender | None] = []
        for one, offset in zip(identities, offsets, strict=True):
            if one is None:
                keys.append(self._key(self._log(source, b"member", member), offset, b""))
                senders.append(None)
                continue
            keys.append(self._key(self._log(source, b"log", one.sender), one.number or 0, one.content))
            senders.append(None if one.number is None else Sender(one.number, self._epoch(one.sender)))
        return keys, senders

    def _key(self, log: bytes, number: int, content: bytes) -> bytes:
        digest = self._ledger.dedup_key(self._tenant, b"record", log, content)
        return log[:_LOG] + number.to_bytes(_NUMBER, "big") + digest[:_CONTENT]

    def _log(self, source: str, kind: bytes, name: bytes) -> bytes:
        known = self._logs.get((source, name))
        if known is None:
            if len(self._logs) >= _REMEMBERED:
                self._logs.clear()
            known = self._ledger.dedup_key(self._tenant, b"numbered", kind, source.encode(), name)
            self._logs[source, name] = known
        return known

    def _epoch(self, name: bytes) -> str:
        known = self._epochs.get(name)
        if known is None:
            if len(self._epochs) >= _REMEMBERED:
                self._epochs.clear()
            known = self._epochs[name] = self._ledger.dedup_key(self._tenant, b"sender", name).hex()[:_EPOCH]
        return known
