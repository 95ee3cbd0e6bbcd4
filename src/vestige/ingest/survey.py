"""The first reading of a member: its size, its digests, and how much of it the log already has.

A member is known again by its content, not by its name: a rotated, renamed or newly compressed log has the bytes it
had. One that *begins* with an earlier member continues it, and only its tail is new. Two files are compared this way
if they agree in their first KiB, or bear the same name: shorter beginnings are too easily alike by chance.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from blake3 import blake3

from vestige.ingest import store
from vestige.model.errors import InputError
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
    known: Known | None


def stem_of(name: str) -> str:
    """The name a log keeps through rotation and compression: ``auth.log`` for ``/var/log/auth.log.2.gz``."""
    stem = PurePosixPath(name.replace("\\", "/")).name
    while stem.lower().endswith(_ROTATED) and len(stem) > stem.rfind("."):
        shorter = stem[: stem.rfind(".")]
        if not shorter:
            break
        stem = shorter
    return stem or name


def survey(
    member: Member,
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
        log: whose earlier members count.
        source: only members of this source (its id) count, if given; of any otherwise.
        keyed: the tenant's keyed digest of (what it is for, text).
        db: where earlier members are looked up.
        stop: set when the import should end early.
    """
    sha, blake = hashlib.sha256(), blake3()
    head, size, damage = b"", 0, ""
    stem_key = keyed(b"stem", stem_of(member.name).encode("utf-8", "surrogateescape"))
    head_key = stem_key
    candidates: list[store.MemberRow] = []
    prefixes: list[_Prefix] = []
    looked = False
    with member.open() as stream:
        while not stop.is_set():
            try:
                chunk = stream.read(READ)
            except InputError as error:
                damage = str(error)
                break
            if not chunk:
                break
            while not looked and len(chunk) < HEAD:
                more = _more(stream, HEAD - len(chunk))
                if not more:
                    break
                chunk += more
            if not looked:
                looked = True
                if len(chunk) >= HEAD:
                    head_key = keyed(b"head", chunk[:HEAD])
                candidates = _candidates(db, log, [head_key, stem_key], source)
            for prefix in reversed(prefixes):
                if prefix.following is not None:
                    break
                prefix.following = chunk[:1]
            if len(head) < SAMPLE_BYTES:
                head += chunk[: SAMPLE_BYTES - len(head)]
            at = 0
            for row in candidates:
                if size < row.size <= size + len(chunk):
                    cut = row.size - size
                    sha.update(chunk[at:cut])
                    blake.update(chunk[at:cut])
                    prefixes.append(_Prefix(row, sha.digest(), chunk[cut - 1 : cut], chunk[cut : cut + 1] or None))
                    at = cut
            sha.update(chunk[at:])
            blake.update(chunk[at:])
            size += len(chunk)
    known = None
    for prefix in reversed(prefixes):
        row = prefix.row
        if keyed(b"member", prefix.digest) == row.key:
            whole = row.records == 0 or not prefix.torn
            known = Known(row, row.end if whole else row.last, row.records if whole else row.records - 1)
            break
    return Survey(
        size, sha.hexdigest(), blake.hexdigest(), head, damage, keyed(b"member", sha.digest()), head_key, known
    )


def _more(stream: object, count: int) -> bytes:
    try:
        return stream.read(count)  # type: ignore[attr-defined, no-any-return]
    except InputError:
        return b""


def _candidates(
    db: Database, log: int, heads: list[bytes], source: str | None
) -> list[store.MemberRow]:
    with db.read() as connection:
        rows = store.members_with_head(connection, log, heads)
    if source is not None:
        rows = [row for row in rows if row.source == source]
    return sorted((row for row in rows if row.size), key=lambda row: row.size)
