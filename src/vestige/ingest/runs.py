"""Evidence on its way to being read: stretches of one acquisition, and our own acts, from memory or from the ledger.

An entry's ``seq`` is its position here: the index counts through all epochs of a tenant's log.
A :class:`Run` is a stretch of evidence of one acquisition with rising seqs, whether it comes from memory right after
its commit or from the ledger; :mod:`vestige.ingest.reading` makes rows of it.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

import orjson

from vestige.ledger import Kind, is_opening
from vestige.model.errors import NotFoundError
from vestige.model.instant import Instant, parse_rfc3339

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vestige.ledger import StoredEntry

PARSE_LIMIT = 8 << 20
"""Bytes above which a record is kept whole but not parsed: no single event of use is larger."""
EXCERPT = 512


class Kept(NamedTuple):
    """What stands for a payload that is not parsed: why, and its first bytes."""

    reason: str
    head: bytes = b""


ERASED = Kept("erased")
ALTERED = Kept("the stored bytes are not those the ledger committed to; `vestige ledger verify` says more")
LOST = Kept("its blob is missing; `vestige ledger verify` says more")


class Run(NamedTuple):
    """Evidence entries of one acquisition with rising seqs."""

    seqs: Sequence[int]
    ids: Sequence[str]
    received: int
    source: str
    acquisition: str
    payloads: Sequence[bytes | Kept]

    @property
    def size(self) -> int:
        """Bytes of payload held."""
        return sum(len(payload) for payload in self.payloads if isinstance(payload, bytes))

    def part(self, begin: int, end: int) -> Run:
        """The records from one place up to another."""
        return self._replace(seqs=self.seqs[begin:end], ids=self.ids[begin:end], payloads=self.payloads[begin:end])


class Control(NamedTuple):
    """One entry of our own kinds: an act, to be shown in category ``vestige``."""

    seq: int
    id: str
    received: int
    kind: str
    refs: tuple[str, ...]
    payload: bytes | Kept


def too_long(payload: bytes) -> Kept | None:
    """What stands for a payload that is too long to be parsed; None if it is not."""
    return _too_long(len(payload), payload) if len(payload) > PARSE_LIMIT else None


def _too_long(length: int, head: bytes) -> Kept:
    return Kept(f"a record of {length} bytes is kept whole but not parsed", head[:EXCERPT])


def runs_of(entries: Sequence[StoredEntry], load: Callable[[StoredEntry, int], bytes]) -> list[Run | Control]:
    """The runs and acts of a stretch read back from the ledger, in order of seq.

    What is read back is held against the leaf's commitment: an altered payload is shown as such, not as evidence.

    Args:
        entries: a dense stretch of a log.
        load: fetches at most so many of the first bytes of an entry's payload.
    """
    out: list[Run | Control] = []
    leaves = [orjson.loads(entry.leaf) for entry in entries]
    rows = zip(entries, leaves, strict=True)
    for (kind, source, acquisition, at), group in groupby(
        rows, key=lambda row: (row[1]["kind"], row[1].get("src", ""), row[1].get("acq", ""), row[1]["at"])
    ):
        received = parse_rfc3339(at)[0]
        members = list(group)
        if kind == Kind.EVIDENCE:
            seqs, ids = [entry.position for entry, _ in members], [entry.id for entry, _ in members]
            payloads = [_payload(entry, leaf["len"], load) for entry, leaf in members]
            out.append(Run(seqs, ids, received, source, acquisition, payloads))
        else:
            out += [
                Control(
                    entry.position, entry.id, received, kind, tuple(leaf["refs"]), _payload(entry, leaf["len"], load)
                )
                for entry, leaf in members
            ]
    return out


def _payload(entry: StoredEntry, length: int, load: Callable[[StoredEntry, int], bytes]) -> bytes | Kept:
    if entry.salt is None:
        return ERASED
    try:
        if length > PARSE_LIMIT:
            return _too_long(length, load(entry, EXCERPT))
        payload = load(entry, length + 1) if entry.payload is None else entry.payload
    except NotFoundError:
        return LOST
    return payload if is_opening(entry.leaf, entry.salt, payload) else ALTERED


def to_micros(instant: int) -> Instant:
    """An instant as a leaf's ``at`` states it: whole microseconds."""
    return Instant(instant // 1000 * 1000)
