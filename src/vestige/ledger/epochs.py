"""How a tenant's log goes on when the signer can no longer sign it: as the next epoch (ledger.md section 1).

A database that was put back to an older state, or a signer whose memory is gone, leaves a log that must not be signed:
one size would get two roots. So the log is closed as it stands and a new one begins, whose first leaf is a ``restore``
entry. Its payload holds codes, names of logs, digests and ranges only, and is never erased:

* ``origin``, ``size``, ``root``: the old log as the database holds it. What no checkpoint covered is so covered by the
  new log's
* ``signer``: why it could not go on, a :class:`~vestige.ledger.signer.Standing`
* ``signed``: ``{"root", "size"}`` last signed for it, where the signer knows
* ``lost``: ranges of seqs that were signed and are not there
* ``unsure``: ranges of seqs that are there, of which it cannot be told whether they are what was signed
* ``lost_logs``: later epochs the signer has signed for and the database does not know

Whoever holds a checkpoint of the old log above ``size`` holds the proof of what is missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from vestige.ledger import tables
from vestige.ledger.keyring import SIGN
from vestige.ledger.models import Kind
from vestige.ledger.signer import Standing
from vestige.ledger.tree import nodes
from vestige.model.errors import ProofError
from vestige.proof.canonical import canonical, parse_canonical
from vestige.proof.checkpoint import open_checkpoint
from vestige.proof.merkle import HASH_SIZE, consistency_path, verify_consistency
from vestige.proof.note import VerifierKey

if TYPE_CHECKING:
    import sqlalchemy as sa

    from vestige.ledger.models import Head, LogInfo
    from vestige.ledger.signer import Turn
    from vestige.ledger.store import Store
    from vestige.proof.canonical import Encodable, Value

Ranges = tuple[tuple[int, int], ...]

_FIELDS = {"lost", "lost_logs", "origin", "root", "signer", "size", "unsure"}
_WITHOUT_MEMORY = {Standing.MISSING, Standing.DAMAGED}


class SignedHead(NamedTuple):
    """A size and root the signer has signed."""

    size: int
    root: bytes


class LostLog(NamedTuple):
    """A later epoch that is gone from the database; ``signed`` is None where the signer's memory of it is damaged."""

    origin: str
    signed: SignedHead | None


@dataclass(frozen=True, slots=True)
class Restore:
    """What a ``restore`` entry says; see the module's words."""

    origin: str
    size: int
    root: bytes
    signer: Standing
    signed: SignedHead | None
    lost: Ranges
    unsure: Ranges
    lost_logs: tuple[LostLog, ...]

    def to_json(self) -> dict[str, Encodable]:
        """The payload's fields."""
        body: dict[str, Encodable] = {
            "lost": [list(pair) for pair in self.lost],
            "lost_logs": [{"origin": log.origin} | _head(log.signed) for log in self.lost_logs],
            "origin": self.origin,
            "root": self.root.hex(),
            "signer": self.signer.value,
            "size": self.size,
            "unsure": [list(pair) for pair in self.unsure],
        }
        return body if self.signed is None else body | {"signed": _head(self.signed)}

    def to_payload(self) -> bytes:
        """The entry's payload."""
        return canonical(self.to_json())

    @classmethod
    def from_payload(cls, payload: bytes) -> Restore:
        """The inverse of :meth:`to_payload`.

        Raises:
            ProofError: not the payload of an entry that begins an epoch.
        """
        fields = parse_canonical(payload)
        if set(fields) - {"signed"} != _FIELDS or fields["signer"] not in set(Standing):
            raise ProofError("no entry that begins an epoch", expected=", ".join(sorted(_FIELDS)), got=str(fields)[:80])
        signed = fields.get("signed")
        logs = fields["lost_logs"]
        return cls(
            origin=str(fields["origin"]),
            size=_read_size(fields["size"]),
            root=_read_root(fields["root"]),
            signer=Standing(str(fields["signer"])),
            signed=None if signed is None else _read_head(signed),
            lost=_read_ranges(fields["lost"]),
            unsure=_read_ranges(fields["unsure"]),
            lost_logs=tuple(_read_log(log) for log in (logs if isinstance(logs, list) else [logs])),
        )

    def faults(self, log: LogInfo, size: int, root: bytes, agreed: int) -> list[str]:
        """What this entry says that is not so.

        Args:
            log: the epoch before.
            size: of that log, as found.
            root: of that log, as computed.
            agreed: its newest checkpoint's size.
        """
        found = []
        if self.origin != log.origin:
            found.append(f"it goes on from {self.origin}, but the epoch before is {log.origin}")
        if self.size != size:
            found.append(f"it says that {log.origin} has size {self.size}; it has {size}")
        elif self.root != root:
            found.append(f"it says that {log.origin} has root {self.root.hex()}; it has {root.hex()}")
        if not self._has_a_reason():
            found.append(f"what it says the signer had signed is no reason for a new epoch ({self.signer})")
        if (self.lost, self.unsure) != losses(self.size, self.signer, self.signed, agreed):
            found.append("the ranges it calls lost are not those that follow from what was signed")
        return found

    def _has_a_reason(self) -> bool:
        if self.signed is None:
            return self.signer in _WITHOUT_MEMORY
        return {
            Standing.AHEAD: self.signed.size > self.size,
            Standing.DIFFERS: self.signed.size <= self.size,
            Standing.SUPERSEDED: self.signed.size <= self.size and bool(self.lost_logs),
        }.get(self.signer, False)


def losses(size: int, standing: Standing, signed: SignedHead | None, agreed: int) -> tuple[Ranges, Ranges]:
    """What is known lost of a log, and of what it cannot be told.

    Args:
        size: of the log as the database holds it.
        standing: why it cannot go on.
        signed: what was last signed, if that is known.
        agreed: the size of the newest checkpoint that the database's entries agree with.
    """
    end = size if signed is None else min(size, signed.size)
    lost = ((size, signed.size),) if signed is not None and signed.size > size else ()
    sure = end if standing is Standing.SUPERSEDED else min(agreed, end)
    return lost, ((sure, end),) if sure < end else ()


def describe(turn: Turn, store: Store, connection: sa.Connection, log: LogInfo, head: Head) -> Restore:
    """How a log stands with its signer, as the entry that begins the next epoch says it."""
    reader = nodes(store, connection, log.number, head, head.size)
    standing, state = turn.standing(head.size, head.root, lambda size: consistency_path(size, head.size, reader))
    signed = None if state is None else SignedHead(state.size, state.root)
    agreed = 0
    checkpoint = tables.latest_checkpoint(connection, log.number)
    if checkpoint is not None and checkpoint.size <= head.size:
        keys = [VerifierKey.parse(key.name) for key in tables.keys(connection, log.number, SIGN)]
        try:
            path = consistency_path(checkpoint.size, head.size, reader)
            verify_consistency(checkpoint.size, head.size, checkpoint.root, head.root, path)
            agreed = open_checkpoint(checkpoint.note.encode(), keys, log.origin).checkpoint.size
        except ProofError:
            agreed = 0  # tampered with: then nothing is known to be what was signed
    lost, unsure = losses(head.size, standing, signed, agreed)
    gone = tuple(
        LostLog(origin, None if later is None else SignedHead(later.size, later.root)) for origin, later in turn.later()
    )
    return Restore(log.origin, head.size, head.root, standing, signed, lost, unsure, gone)


def first_entry(store: Store, connection: sa.Connection, log: LogInfo) -> Restore:
    """What the entry says that a later epoch begins with. Whether it is the one committed to is the verifier's to know.

    Raises:
        ProofError: the log begins with something else.
    """
    kinds = [row[2] for row in store.entries(connection, log.number, 0, 1)]
    held = [row[2] for row in store.payloads(connection, log.number, 0, 1)]
    if kinds != [Kind.RESTORE.value] or not held:
        raise ProofError(
            "a later epoch begins with a restore entry", expected="restore", got=", ".join(kinds) or "none"
        )
    return Restore.from_payload(held[0] or b"")


def _head(signed: SignedHead | None) -> dict[str, Encodable]:
    return {} if signed is None else {"root": signed.root.hex(), "size": signed.size}


def _read_head(value: Value) -> SignedHead:
    if not isinstance(value, dict) or set(value) != {"root", "size"}:
        raise ProofError("no signed head", expected="root and size", got=repr(value)[:80])
    return SignedHead(_read_size(value["size"]), _read_root(value["root"]))


def _read_log(value: Value) -> LostLog:
    if not isinstance(value, dict) or "origin" not in value:
        raise ProofError("no lost log", expected="origin, root and size", got=repr(value)[:80])
    rest = {name: field for name, field in value.items() if name != "origin"}
    return LostLog(str(value["origin"]), _read_head(rest) if rest else None)


def _read_size(value: Value) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ProofError("no size of a log", expected="a whole number", got=repr(value)[:80])
    return value


def _read_root(value: Value) -> bytes:
    try:
        root = bytes.fromhex(str(value))
    except ValueError:
        root = b""
    if len(root) != HASH_SIZE:
        raise ProofError("no root of a log", expected=f"{HASH_SIZE} bytes in hexadecimal", got=repr(value)[:80])
    return root


def _read_ranges(value: Value) -> Ranges:
    out = []
    for pair in value if isinstance(value, list) else [value]:
        match pair:
            case [lo, hi]:
                out.append((_read_size(lo), _read_size(hi)))
            case _:
                raise ProofError("no ranges of seqs", expected="[[lo, hi], …]", got=repr(pair)[:80])
    return tuple(out)
