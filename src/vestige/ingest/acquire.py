"""Taking in: the ``acquisition`` and ``normalisation`` entries that stand before the first record of anything.

What the acquisition says (name, sizes, digests, by whom, tool version) and how its records are read (parser, version,
parameters) are evidence themselves. File names speak of people as well: they stand in the payload and not in the leaf,
which is published. The payload of an acquisition is never erased; only those of its records can be.
"""

from __future__ import annotations

import platform
from dataclasses import dataclass
from typing import TYPE_CHECKING

import vestige
from vestige.ingest import store
from vestige.ingest.contexts import normalisation_payload
from vestige.ledger import Draft, Kind
from vestige.model.ids import new_ulid
from vestige.model.instant import now, to_text
from vestige.proof.canonical import Encodable, canonical

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vestige.ledger import Ledger, Transaction
    from vestige.model.principal import Principal
    from vestige.sources import Context, Format

TOOL = f"vestige {vestige.__version__}"


@dataclass(frozen=True, slots=True)
class Acquired:
    """An acquisition that records can be appended under."""

    source: str
    acquisition: str


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What was established of a file, or of one member of an archive, by reading it once from end to end."""

    name: str
    """As found; ``archive.zip!inner`` for a member of an archive."""
    size: int
    """Bytes after decompression: what records' offsets count."""
    sha256: str
    blake3: str
    stored_size: int
    """Bytes kept in the blob: the file as found, compressed or not; of a continued log only its new part."""
    stored_sha256: str
    modified: int | None
    damage: str
    """Why reading ended early, if it did."""
    continues: str
    """The acquisition whose content this one begins with, if one does."""
    blob: str
    """Where the file is kept; empty if it is not."""
    unkept: str = ""
    """Why it is not."""
    redacted: Mapping[str, Encodable] | None = None
    """What was taken out before anything was kept; sizes and digests are then of what is left."""

    def to_payload(self, by: Principal) -> bytes:
        """The payload of the acquisition entry."""
        body: dict[str, Encodable] = {
            "blake3": self.blake3,
            "by": by.name,
            "host": platform.node(),
            "name": self.name,
            "sha256": self.sha256,
            "size": self.size,
            "tool": TOOL,
            "type": "file",
        }
        if self.blob:
            body["blob"] = {"name": self.blob, "sha256": self.stored_sha256, "size": self.stored_size}
        else:
            body["unkept"] = self.unkept
        if self.redacted is not None:
            body["redacted"] = dict(self.redacted)
        if self.continues:
            body["continues"] = self.continues
        if self.modified is not None:
            body["modified"] = to_text(self.modified)
        if self.damage:
            body["damage"] = self.damage
        return canonical(body)


def stream_payload(name: str, by: Principal) -> bytes:
    """The payload of an acquisition entry for a stream that has no end yet."""
    return canonical({"by": by.name, "host": platform.node(), "name": name, "tool": TOOL, "type": "stream"})


def followed_payload(name: str, by: Principal, start: int, continues: str) -> bytes:
    """The payload of an acquisition entry for a file that is followed: records are kept, the file itself is not.

    Args:
        name: the file's.
        by: who follows it.
        start: the byte from where on its records belong to this acquisition.
        continues: the acquisition that has what stands before, if one does.
    """
    body: dict[str, Encodable] = {
        "by": by.name,
        "host": platform.node(),
        "name": name,
        "start": start,
        "tool": TOOL,
        "type": "followed",
    }
    if continues:
        body["continues"] = continues
    return canonical(body)


def source_of(transaction: Transaction, log: int, name: str) -> str:
    """The id of the source of that name, made in this transaction if it is new."""
    found = store.source_id(transaction.connection, log, name)
    if found is None:
        found = new_ulid(now() // 1_000_000)
        store.add_source(transaction.connection, log, found, name)
    return found


def begin(ledger: Ledger, tenant: str, source: str, payload: bytes) -> Acquired:
    """Append an acquisition entry for a source given by name."""
    log = ledger.log(tenant).first
    made: list[str] = []

    def act(transaction: Transaction) -> list[Draft]:
        made[:] = [source_of(transaction, log, source)]
        return [Draft(Kind.ACQUISITION, payload, source=made[0])]

    committed = ledger.transact(tenant, act)
    return Acquired(made[0], committed.items[0].ids[0])


def normalisation(acquired: Acquired, form: Format, context: Context) -> Draft:
    """The entry that says how an acquisition's records are read. It goes before, or with, the first of them."""
    return Draft(
        Kind.NORMALISATION,
        normalisation_payload(form, context),
        source=acquired.source,
        refs=(acquired.acquisition,),
    )


def amendment(acquired: Acquired, correction: Mapping[str, Encodable]) -> Draft:
    """The entry that corrects what an acquisition entry said."""
    return Draft(Kind.AMENDMENT, canonical(dict(correction)), source=acquired.source, refs=(acquired.acquisition,))
