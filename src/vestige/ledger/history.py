"""What the control entries say, replayed in order: keys, holds, erasures, and what senders numbered.

Payload formats of our own kinds that a verifier must understand (canonical JSON; ranges are ``[lo, hi)`` pairs):

* ``key``: ``{"from_size", "vkey"}`` as a log's first; ``{"from_size", "new", "old", "sig_new", "sig_old"}`` at a
  rotation, with ``last_good_size`` where the old key is compromised; ``{"from_size", "key", "second", "sig",
  "sig_second"}`` where an ML-DSA-44 key signs beside the one in force from then on
* ``erasure``, ``purge``: ``{"ranges": [[lo, hi], …], …}``: the entries whose payloads are taken away
* ``hold_scope``: ``{"evaluated_to", "hold", "ranges"}``: what a hold protects, ``hold`` being the hold entry's id
* ``release``: ``{"hold"}``

A hold protects seqs, not a predicate (section 6). So an erasure is refused here if it touches the scope of a hold that
was not released, or if a hold stands below it whose scope was not evaluated up to the erasure's own candidates.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vestige.ledger.keyring import rotation_message, second_message
from vestige.ledger.models import Kind
from vestige.ledger.ranges import RangeSet
from vestige.model.errors import ProofError
from vestige.proof.canonical import parse_canonical
from vestige.proof.mldsa import SecondKey
from vestige.proof.note import VerifierKey

if TYPE_CHECKING:
    from vestige.proof.canonical import Value

Ranges = list[tuple[int, int]]

_CONTROLS = frozenset({Kind.KEY, Kind.ERASURE, Kind.PURGE, Kind.HOLD, Kind.HOLD_SCOPE, Kind.RELEASE})


def erased_ranges(payload: bytes, seq: int) -> Ranges:
    """The ranges that the payload of an ``erasure`` or ``purge`` entry names.

    Raises:
        ProofError: the payload does not name ranges below the entry.
    """
    return _ranges(parse_canonical(payload).get("ranges"), seq)


def compromised(payload: bytes) -> tuple[str, int | None]:
    """The key that a ``key`` entry ends, and up to which size its signatures still count; ``None``: all of them do."""
    said = parse_canonical(payload)
    last_good = said.get("last_good_size")
    return str(said.get("old", "")), last_good if isinstance(last_good, int) else None


def _ranges(value: Value | None, limit: int) -> Ranges:
    out: Ranges = []
    for pair in value if isinstance(value, list) else [None]:
        match pair:
            case [int(lo), int(hi)] if 0 <= lo < hi <= limit and not isinstance(lo, bool) and not isinstance(hi, bool):
                out.append((lo, hi))
            case _:
                raise ProofError("no ranges of seqs", expected=f"[[lo, hi], …] below {limit}", got=repr(pair)[:80])
    return out


@dataclass(frozen=True, slots=True)
class LogKey:
    """A key of the log: it must sign from one size on, and does not count above ``last_good_size``."""

    key: VerifierKey
    from_size: int
    last_good_size: int | None = None


@dataclass(slots=True)
class _Hold:
    seq: int
    scope: RangeSet = field(default_factory=RangeSet)
    evaluated_to: int = -1


class History:
    """The replay. Feed it every entry but evidence, in order of seq."""

    def __init__(self, origin: str) -> None:
        self._origin = origin
        self._holds: dict[str, _Hold] = {}
        self.keys: list[LogKey] = []
        self.seconds: list[tuple[SecondKey, int]] = []
        """ML-DSA-44 keys, and the sizes they sign from."""
        self.erasures: set[tuple[int, int, int]] = set()
        """``(lo, hi, by_seq)`` as the table ``ledger_erasures`` must hold them."""
        self.hold_faults: list[tuple[int, str]] = []
        """Erasures that a hold forbade, by their seq."""

    def wants(self, kind: Kind) -> bool:
        """Whether entries of this kind change the replay."""
        return kind in _CONTROLS

    def take(self, seq: int, entry_id: str, kind: Kind, payload: bytes) -> None:
        """Replay one entry.

        Raises:
            ProofError: the entry's payload is not what its kind requires; what is wrong with it.
        """
        fields = parse_canonical(payload)
        if kind is Kind.KEY:
            self._take_key(seq, fields)
        elif kind in {Kind.ERASURE, Kind.PURGE}:
            self._take_erasure(seq, fields)
        elif kind is Kind.HOLD:
            self._holds[entry_id] = _Hold(seq)
        elif kind is Kind.HOLD_SCOPE:
            hold = self._hold(fields)
            evaluated_to = fields.get("evaluated_to")
            if not isinstance(evaluated_to, int) or not 0 <= evaluated_to <= seq:
                raise ProofError("a hold's scope without its reach", expected="evaluated_to", got=repr(evaluated_to))
            hold.evaluated_to = max(hold.evaluated_to, evaluated_to)
            for lo, hi in _ranges(fields.get("ranges"), seq) if fields.get("ranges") else []:
                hold.scope.add(lo, hi)
        elif kind is Kind.RELEASE:
            self._hold(fields)
            del self._holds[str(fields["hold"])]

    def _hold(self, fields: dict[str, Value]) -> _Hold:
        hold = self._holds.get(str(fields.get("hold")))
        if hold is None:
            raise ProofError(
                "no such hold is in force", expected="the id of a hold entry", got=repr(fields.get("hold"))
            )
        return hold

    def _take_erasure(self, seq: int, fields: dict[str, Value]) -> None:
        ranges = _ranges(fields.get("ranges"), seq)
        self.erasures.update((lo, hi, seq) for lo, hi in ranges)
        self.hold_faults += [(seq, f"seq {seq} erases {fault}") for _, fault in self.forbids(ranges)]

    @property
    def holds(self) -> list[str]:
        """The ids of the holds in force, the oldest first."""
        return list(self._holds)

    def holding(self, seq: int) -> list[str]:
        """The holds in force whose scope has an entry."""
        return [entry_id for entry_id, hold in self._holds.items() if seq in hold.scope]

    def held(self, hold: str) -> int:
        """How many entries a hold in force protects."""
        return self._holds[hold].scope.count()

    def evaluated_to(self, hold: str) -> int:
        """Up to which seq the scope of a hold in force was evaluated; -1 if it never was."""
        return self._holds[hold].evaluated_to

    def forbids(self, ranges: Ranges) -> list[tuple[bool, str]]:
        """What speaks against erasing these ranges as things stand, in words.

        With each, whether a hold protects something of it; otherwise it was only not evaluated that far.
        """
        found = []
        for entry_id, hold in self._holds.items():
            for lo, hi in ranges:
                if hold.scope.meets(lo, hi):
                    found.append((True, f"{lo} to {hi - 1}, which hold {entry_id} protects"))
                elif hold.evaluated_to < hi:
                    found.append((False, f"up to {hi - 1}, but hold {entry_id} was not evaluated that far"))
        return found

    def _take_key(self, seq: int, fields: dict[str, Value]) -> None:
        from_size = fields.get("from_size")
        if not isinstance(from_size, int):
            raise ProofError("a key entry without its size", expected="from_size", got=repr(from_size))
        if not self.keys:
            if from_size != 0 or set(fields) != {"from_size", "vkey"}:
                raise ProofError("not a log's first key entry", expected="from_size 0 and vkey", got=repr(fields)[:80])
            self.keys.append(LogKey(self._key(fields["vkey"]), 0))
            return
        if from_size != seq + 1:
            raise ProofError(
                "a key from another size", expected=f"{seq + 1}, the first that holds it", got=str(from_size)
            )
        if "second" in fields:
            self._take_second(from_size, fields)
            return
        old, new = self._key(fields.get("old")), self._key(fields.get("new"))
        last = self.keys[-1]
        if old != last.key:
            raise ProofError("a key follows one that is not in force", expected=str(last.key), got=str(old))
        last_good = fields.get("last_good_size")
        if last_good is not None:
            if not isinstance(last_good, int) or not 0 <= last_good <= seq:
                raise ProofError("a compromise without its size", expected="last_good_size", got=repr(last_good))
            self.keys[-1] = LogKey(last.key, last.from_size, last_good)
        message = rotation_message(self._origin, str(old), str(new), from_size, last_good)
        for key, name in ((old, "sig_old"), (new, "sig_new")):
            key.verify(message, _signature(fields.get(name)))
        self.keys.append(LogKey(new, from_size))

    def _take_second(self, from_size: int, fields: dict[str, Value]) -> None:
        """An ML-DSA-44 key signs beside the key in force, which introduces it; both sign for that."""
        key, second = self._key(fields.get("key")), SecondKey.parse(str(fields["second"]))
        if fields.keys() != {"from_size", "key", "second", "sig", "sig_second"} or key != self.keys[-1].key:
            raise ProofError(
                "a second key introduced by one that is not in force", expected=str(self.keys[-1].key), got=str(key)
            )
        if second.name != self._origin:
            raise ProofError("a key of another log", expected=self._origin, got=second.name[:200])
        message = second_message(self._origin, str(key), str(second), from_size)
        key.verify(message, _signature(fields["sig"]))
        second.verify(message, _signature(fields["sig_second"]))
        self.seconds.append((second, from_size))

    def second_in_force(self, size: int) -> SecondKey | None:
        """The ML-DSA-44 key that must have signed a checkpoint of this size besides, if there is one."""
        return next((key for key, start in reversed(self.seconds) if start <= size), None)

    def _key(self, value: Value | None) -> VerifierKey:
        key = VerifierKey.parse(str(value))
        if key.name != self._origin:
            raise ProofError("a key of another log", expected=self._origin, got=key.name[:200])
        return key

    def in_force(self, size: int) -> LogKey | None:
        """The key that must have signed a checkpoint of this size."""
        return next((key for key in reversed(self.keys) if key.from_size <= size), None)


def _signature(value: Value | None) -> bytes:
    try:
        return bytes.fromhex(str(value))
    except ValueError as error:
        raise ProofError("not a signature", expected="hexadecimal", got=repr(value)[:80]) from error
