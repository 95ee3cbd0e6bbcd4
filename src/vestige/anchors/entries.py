"""Anchors as entries of the log they are about: what is written, and what is read back.

The payload of an ``anchor`` entry is canonical JSON:

==========  ===========================================================================================
``type``    ``rfc3161``, ``cosignature`` or ``git``
``size``    of the checkpoint it is over
``root``    of that tree, in hex; ``ledger verify`` holds both against the checkpoint that is stored
``at``      when, by the authority's or the witness's clock; of git, by ours
``by``      the authority's URL, the witness's verifier key, or the remote
``data``    base64: the authority's whole answer (TimeStampResp, DER), a signature line, or a commit
``super``   only where it is over the super-log: the tlog-proof of this checkpoint there
==========  ===========================================================================================

A time stamp is over the bytes of the signed checkpoint as this log stored it, so it proves the signature's age besides
the tree's. Both kinds prove themselves: nothing that trusts them trusts this entry.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Final, NamedTuple

from vestige.ledger import Draft, Kind
from vestige.model.errors import IntegrityError, ProofError
from vestige.model.instant import to_text
from vestige.proof import canonical, parse_canonical
from vestige.proof.cosignature import with_signatures
from vestige.proof.note import decode_base64, parse_note

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from vestige.ledger import Ledger, PublishedCheckpoint, StoredEntry
    from vestige.proof import Signature
    from vestige.proof.canonical import Encodable

RFC3161: Final = "rfc3161"
COSIGNATURE: Final = "cosignature"
GIT: Final = "git"
_FIELDS: Final = frozenset({"type", "size", "root", "at", "by", "data"})


class Anchor(NamedTuple):
    """Somebody else's word on a checkpoint."""

    type: str
    size: int
    root: str
    """In hex."""
    at: str
    """RFC 3339, by that somebody's clock."""
    by: str
    data: bytes
    superior: str = ""
    """The tlog-proof of the checkpoint in the super-log, where that is what they saw."""
    entry: str = ""
    """The id of the entry that holds it."""
    seq: int = -1
    """The seq of that entry."""

    def draft(self) -> Draft:
        """The entry to append."""
        said: dict[str, Encodable] = {
            "at": self.at, "by": self.by, "data": base64.b64encode(self.data).decode(), "root": self.root,
            "size": self.size, "type": self.type,
        }  # fmt: skip
        return Draft(Kind.ANCHOR, canonical(said | ({"super": self.superior} if self.superior else {})))

    def to_json(self) -> dict[str, str | int]:
        """What lists show: everything but the data itself."""
        over = "super-log" if self.superior else "checkpoint"
        return {
            "id": self.entry, "type": self.type, "size": self.size, "root": self.root, "at": self.at, "by": self.by,
            "over": over,
        }  # fmt: skip

    def signature(self) -> Signature:
        """The signature of a cosignature.

        Raises:
            ProofError: it is no signature line.
        """
        return parse_note(b"a\n\n" + self.data).signatures[0]


def anchor(kind: str, checkpoint: PublishedCheckpoint, by: str, at: int, data: bytes, superior: str = "") -> Anchor:
    """An anchor of a checkpoint; ``at`` in nanoseconds."""
    return Anchor(kind, checkpoint.size, checkpoint.root.hex(), to_text(at), by, data, superior)


def anchors(ledger: Ledger, tenant: str, epoch: int | None = None, lo: int = 0) -> Iterator[Anchor]:
    """The anchors of a tenant's log, the oldest first.

    Args:
        ledger: where.
        tenant: whose.
        epoch: of which epoch's log; ``None``: the current one.
        lo: from which seq on. An anchor stands above the checkpoint it is over, so a size will do.

    Raises:
        IntegrityError: an entry was altered.
    """
    log = ledger.log(tenant, epoch)
    following = next((one for one in ledger.log(tenant).epochs if one.epoch > log.epoch), None)
    end = ledger.head(tenant) if following is None else following.base
    for entry in ledger.entries_of(tenant, [Kind.ANCHOR], log.base + lo, end):
        found = _read(ledger, entry)
        if found is not None:
            yield found


def cosigned(note: bytes, found: Iterable[Anchor]) -> bytes:
    """A checkpoint with the cosignatures that are over it behind the log's own signatures."""
    text = parse_note(note).text.split("\n")
    size = int(text[1])
    lines = [one for one in found if one.type == COSIGNATURE and not one.superior and one.size == size]
    return with_signatures(note, [one.signature() for one in lines])


def _read(ledger: Ledger, entry: StoredEntry) -> Anchor | None:
    """The anchor an entry holds; ``None`` for one of a form that is not known here, which proves nothing to us."""
    payload = ledger.opened(entry)
    try:
        said = parse_canonical(payload)
        if not _FIELDS <= said.keys() <= _FIELDS | {"super"} or said["type"] not in {RFC3161, COSIGNATURE, GIT}:
            return None
        data = decode_base64(str(said["data"]), "an anchor's data")
        size = said["size"] if isinstance(said["size"], int) else -1
        texts = (str(said[name]) for name in ("root", "at", "by"))
        root, at, by = texts
        return Anchor(str(said["type"]), size, root, at, by, data, str(said.get("super", "")), entry.id, entry.seq)
    except ProofError as error:
        raise IntegrityError(
            f"the anchor entry {entry.id} is not one that was written here", expected=error.expected, got=error.got
        ) from None
