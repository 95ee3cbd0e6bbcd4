"""The first reading of a member: its size, its digests, and how much of it the log already has.

A member is known again by its content, not by its name: a rotated, renamed or newly compressed log has the bytes it
had. One that *begins* with an earlier member continues it, and only its tail is new. Two files are compared this way
if they agree in their first KiB, or bear the same name: shorter beginnings are too easily alike by chance.
"""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from blake3 import blake3

from vestige.ingest import store
from vestige.model.errors import InputError
from vestige.model.vocabulary import file_source
from vestige.sources.contract import SAMPLE_BYTES

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from vestige.db import Database
    from vestige.sources import Member

READ = 1 << 20
HEAD = 1024
_ROTATED = (".gz", ".bz2", ".xz", ".zip", ".1", ".2", ".3", ".4", ".5", ".6", ".7", ".8", ".9", ".0", ".old")


class Known(NamedTuple):
    """An earlier member this one begins with, and where reading goes on."""

    row: store.MemberRow
    start: int
    number: int


@dataclass(slots=True)
class _Prefix:
    """An earlier member's length inside this one, the digest up to there, and the bytes around the cut."""

    row: store.MemberRow
    digest: bytes
    before: bytes
    following: bytes | None

    @property
    def torn(self) -> bool:
        """Whether the earlier member ended in the middle of a line that this one has whole."""
        return self.before != b"\n" and (self.following or b"\n") not in {b"\n", b"\r"}


class Survey(NamedTuple):
    """What one reading from end to end established."""

    size: int
    sha256: str
    blake3: str
    head: bytes
    """The first bytes, for recognising the format."""
    damage: str
    key: bytes
    head_key: bytes
    keys: list[bytes]
    """All that a member of this content may be known by (:func:`keys_of`); ``key`` is the one to know this one by."""
    found: list[Known]
    """The earlier members this one is or begins with, the best first."""
    longer: list[store.MemberRow]
    """Members that begin alike and are longer, the shortest first: this one may be a copy from before they grew."""
    known: Known | None = None
    """What reading goes on from: the first of ``found`` that a format of the same kind took in."""


def keys_of(keyed: Callable[[bytes, bytes], bytes], digest: bytes) -> list[bytes]:
    """What a content is known by: the usual key, and those of a rendered and an unrendered format.

    The latter two are of members whose content a format of the other kind had taken in before.
    """
    return [keyed(use, digest) for use in (b"member", b"member rendered", b"member unrendered")]


def stem_of(name: str) -> str:
    """The name a log keeps through rotation and compression: ``auth.log`` for ``/var/log/auth.log.2.gz``."""
    stem = PurePosixPath(name.replace("\\", "/")).name
    while stem.lower().endswith(_ROTATED) and len(stem) > stem.rfind("."):
        shorter = stem[: stem.rfind(".")]
        if not shorter:
            break
        stem = shorter
    stem = stem or name
    return file_source(stem)


def survey(
    member: Member,
    label: str,
    *,
    log: int,
    source: str | None,
    keyed: Callable[[bytes, bytes], bytes],
    db: Database,
    stop: threading.Event,
) -> Survey:
    """Read a member once, whole.

    Args:
        member: what to read.
        label: the name it goes by.
        log: whose earlier members count.
        source: only members of this source (its id) count, if given; of any otherwise.
        keyed: the tenant's keyed digest of (what it is for, text).
        db: where earlier members are looked up.
        stop: set when the import should end early.
    """
    stem_key = keyed(b"stem", stem_of(label).encode("utf-8", "surrogateescape"))
    damage = ""
    with member.open() as stream:
        chunk, damage = _fill(stream)
        head_key = keyed(b"head", chunk[:HEAD]) if len(chunk) >= HEAD else stem_key
        with db.read() as connection:
            rows = store.members_with_head(connection, log, [head_key, stem_key])
        reading = _Reading([row for row in rows if row.size and source in {None, row.source}])
        while chunk and not stop.is_set():
            reading.take(chunk)
            chunk = b""
            if not damage:
                try:
                    chunk = stream.read(READ)
                except InputError as error:
                    damage = str(error)
    keys = keys_of(keyed, reading.sha.digest())
    with db.read() as connection:
        same = [row for row in store.members_with_key(connection, log, keys) if source in {None, row.source}]
    found = [Known(row, row.end, row.records) for row in same]
    return Survey(
        reading.size,
        reading.sha.hexdigest(),
        reading.blake.hexdigest(),
        reading.head,
        damage,
        keys[0],
        head_key,
        keys,
        [*found, *reading.begun(keyed, {row.key for row in same})],
        reading.longer(head_key),
    )


def head_of(stream: BinaryIO, size: int) -> bytes:
    """Up to that many bytes of a stream's beginning; of one that fails, those before."""
    head = b""
    with contextlib.suppress(InputError):
        while len(head) < size and (more := stream.read(size - len(head))):
            head += more
    return head


def _fill(stream: BinaryIO) -> tuple[bytes, str]:
    """The first chunk, long enough to know the member's beginning by, and why it could not be longer."""
    chunk = b""
    try:
        while len(chunk) < HEAD and (more := stream.read(READ)):
            chunk += more
    except InputError as error:
        return chunk, str(error)
    return chunk, ""


class _Reading:
    """Digests of the whole, and of each beginning that has the length of an earlier member."""

    def __init__(self, candidates: list[store.MemberRow]) -> None:
        self.size = 0
        self.sha = hashlib.sha256()
        self.blake = blake3()
        self.head = b""
        self._candidates = sorted(candidates, key=lambda row: row.size)
        self._prefixes: list[_Prefix] = []

    def take(self, chunk: bytes) -> None:
        """Read on."""
        for prefix in reversed(self._prefixes):
            if prefix.following is not None:
                break
            prefix.following = chunk[:1]
        if len(self.head) < SAMPLE_BYTES:
            self.head += chunk[: SAMPLE_BYTES - len(self.head)]
        at = 0
        for row in self._candidates:
            cut = row.size - self.size
            if 0 < cut <= len(chunk):
                self._hash(chunk[at:cut])
                at = cut
                after = chunk[cut : cut + 1] or None
                self._prefixes.append(_Prefix(row, self.sha.digest(), chunk[cut - 1 : cut], after))
        self._hash(chunk[at:])
        self.size += len(chunk)

    def _hash(self, data: bytes) -> None:
        self.sha.update(data)
        self.blake.update(data)

    def begun(self, keyed: Callable[[bytes, bytes], bytes], same: set[bytes]) -> list[Known]:
        """The earlier members this one begins with, the longest first, without those that are the ``same``."""
        found = []
        for prefix in reversed(self._prefixes):
            row = prefix.row
            if row.key not in same and row.key in keys_of(keyed, prefix.digest):
                # Only a member that was taken in to its end can have ended inside a line.
                whole = row.records == 0 or row.end < row.size or not prefix.torn
                found.append(Known(row, row.end if whole else row.last, row.records if whole else row.records - 1))
        return found

    def longer(self, head_key: bytes) -> list[store.MemberRow]:
        """Longer members that begin alike, the shortest first."""
        return [row for row in self._candidates if row.size > self.size and row.head == head_key]
