"""What a bundle says of one log, checked: checkpoints and keys, our own entries, the records (checks 2 to 13)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Final, NamedTuple

from vestige.bundles import layout
from vestige.bundles.proofs import SHAPES, Proofs
from vestige.bundles.stamping import check_stamps
from vestige.ledger import Kind
from vestige.ledger.history import History, erased_ranges
from vestige.ledger.leaves import commitment
from vestige.ledger.models import ERASABLE
from vestige.ledger.ranges import RangeSet
from vestige.ledger.strict import read_leaf
from vestige.model.errors import ProofError
from vestige.proof import (
    Checkpoint,
    Note,
    leaf_hash,
    parse_body,
    parse_canonical,
    parse_note,
    parse_tlog_proof,
    verify_consistency,
    verify_note,
)
from vestige.proof.merkle import Inclusions
from vestige.proof.note import MAX_NOTE, decode_base64
from vestige.proof.tlog_proof import MAX_EXTRA, MAX_PATH

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vestige.bundles.container import Bag
    from vestige.bundles.report import Report
    from vestige.bundles.trust import Trust
    from vestige.ledger.strict import Fields
    from vestige.proof.canonical import Value
    from vestige.proof.mldsa import SecondKey

_ERASURES: Final = frozenset({Kind.ERASURE, Kind.PURGE})
_SALT: Final = re.compile(r"[0-9a-f]{64}")


class Said(NamedTuple):
    """What ``bundle.json`` says of a log."""

    epoch: int
    origin: str
    size: int
    root: str


class Entry(NamedTuple):
    """An entry whose proof was read: its leaf's fields, its salt if its payload is shown, what withholds it."""

    fields: Fields
    salt: str
    withheld: str


@dataclass(slots=True)
class LogCheck:
    """The checks of one log; :meth:`run` makes them all, and later logs may ask for what it found."""

    bag: Bag
    report: Report
    said: Said
    history: History = field(init=False)
    note: Note | None = None
    checkpoint: Checkpoint | None = None
    texts: dict[int, str] = field(default_factory=dict)
    """The texts of its checkpoints, by size."""
    last_good: dict[str, int] = field(default_factory=dict)
    """Of compromised keys, up to which size they count, as the caller knows it."""
    seconds: list[SecondKey] = field(default_factory=list)
    """Post-quantum keys the caller trusts."""
    time: str = ""
    """What its time stamps have shown."""
    dated: bool = False
    """Whether one of them is by an authority the caller named."""
    _erased: RangeSet = field(default_factory=RangeSet)
    _redacted: dict[str, list[str]] = field(default_factory=dict)
    """Ids of entries that redactions name, by the redaction's id."""
    _note_data: bytes = b""
    _proofs: Proofs | None = None
    _inclusions: Inclusions | None = None
    _absent: list[tuple[int, Entry]] = field(default_factory=list)
    """Entries of ours whose payloads are not there; an erasure that explains it may stand above them."""
    _records: RangeSet = field(default_factory=RangeSet)

    def __post_init__(self) -> None:
        self.history = History(self.said.origin)

    def run(self, trust: Trust, before: LogCheck | None) -> bool:
        """Check everything of this log. Whether one of the caller's keys stands behind it."""
        self.last_good, self.seconds = trust.last_good, trust.seconds
        if not self._read_checkpoint():
            return False
        controls = list(self._ranges("control.txt"))
        records = list(self._ranges("records.txt"))
        for lo, hi in records:
            self._records.add(lo, hi)
        for lo, hi in controls:
            for seq in range(lo, hi):
                self._our_entry(seq, before)
        for seq, entry in self._absent:
            if seq not in self._records:
                self._state(seq, entry, layout.control(self.said.epoch, seq))
        for seq, reason in self.history.hold_faults:
            self.report.add("holds", reason, file=layout.proof(self.said.epoch, seq), seq=seq)
        self._check_keys(trust)
        self._check_earlier()
        check_stamps(self, trust, records[-1][1] if records else 0)
        for lo, hi in records:
            for seq in range(lo, hi):
                self._record(seq)
        return self._is_trusted(trust)

    # -- the signed tree ----------------------------------------------------------------------------------------

    @property
    def _folder(self) -> str:
        return f"data/{self.said.epoch}"

    def _read_checkpoint(self) -> bool:
        name = f"{self._folder}/checkpoint"
        data = self.bag.read(name, MAX_NOTE)
        if data is None:
            if not self.bag.has(name):
                self.report.add("notes", "a log without its checkpoint", file=name)
            return False
        try:
            self.note = parse_note(data)
            self.checkpoint = parse_body(self.note.text)
        except ProofError as error:
            self.report.add_error("notes", error, file=name)
            return False
        self._note_data = data
        self._proofs = Proofs(self.checkpoint.size, data)
        self._inclusions = Inclusions(self.checkpoint.size, self.checkpoint.root)
        self.texts[self.checkpoint.size] = self.note.text
        has = (self.checkpoint.origin, self.checkpoint.size, self.checkpoint.root.hex())
        if has != self.said[1:]:
            self.report.add(
                "keys", "the checkpoint is not the one the bundle speaks of", file=name,
                expected=f"{self.said.origin}, size {self.said.size}, root {self.said.root}",
                got=f"{has[0]}, size {has[1]}, root {has[2]}",
            )  # fmt: skip
            return False
        return True

    def _check_keys(self, trust: Trust) -> None:
        """The checkpoint is signed by the key that had to, as the log's own entries name it."""
        name = f"{self._folder}/checkpoint"
        if self.note is None or self.checkpoint is None:
            return
        self.check_signed(name, self.note, self.checkpoint.size)
        if not trust.satisfied(self.note):
            self.report.add("witnesses", "the quorum has not cosigned", file=name, expected=trust.quorum, got="too few")

    def check_signed(self, name: str, note: Note, size: int) -> None:
        """Hold a checkpoint against the key in force at its size, and every other key of the log."""
        key = self.history.in_force(size)
        if key is None:
            self.report.add("keys", "no key entry says who may sign", file=name, expected="a key in force", got="none")
            return
        known_good = [one for one in (key.last_good_size, self.last_good.get(str(key.key))) if one is not None]
        if known_good and size > min(known_good):
            self.report.add(
                "keys", "the key was compromised at that size", file=name,
                expected=f"at most size {min(known_good)}", got=str(size),
            )  # fmt: skip
        # The known keys are all checked: one that signed wrongly fails, though another signed well.
        known = [one.key for one in self.history.keys]
        try:
            signers = verify_note(note, known)
        except ProofError as error:
            self.report.add_error("keys", error, file=name)
            return
        self._check_second(name, note, size)
        if key.key not in signers:
            self.report.add(
                "keys", "not signed by the key in force", file=name, expected=str(key.key),
                got=", ".join(map(str, signers)),
            )  # fmt: skip

    def _check_second(self, name: str, note: Note, size: int) -> None:
        """A log that has a post-quantum key by its own entries, or by the caller's word, must have signed by it."""
        second = self.history.second_in_force(size)
        mine = [one for one in self.seconds if one.name == self.said.origin]
        try:
            if mine and size == self.said.size and second not in mine:
                raise ProofError(  # noqa: TRY301 - told below
                    "the second key you trust is not in force", expected=str(mine[0])[:200],
                    got="none" if second is None else str(second)[:200],
                )  # fmt: skip
            if second is not None:
                second.check(note, parse_body(note.text))
        except ProofError as error:
            self.report.add_error("keys", error, file=name)

    def _is_trusted(self, trust: Trust) -> bool:
        """Whether a key of the caller's is in the log's history: each key there is signed for by the one before."""
        mine = [one.key for one in self.history.keys]
        if not trust.keys:
            return False
        if any(key in mine for key in trust.keys):
            return True
        self.report.add(
            "keys", "none of the trusted keys is this log's", file=f"{self._folder}/checkpoint",
            expected=", ".join(map(str, trust.keys[:3])), got=", ".join(map(str, mine[:3])) or "no key",
        )  # fmt: skip
        return False

    def _check_earlier(self) -> None:
        """Earlier checkpoints: signed, and each the beginning of the next."""
        prefix = f"{self._folder}/checkpoints/"
        names = self.bag.unasked(prefix)
        before: Checkpoint | None = None
        found: list[tuple[int, str]] = []
        for name in names:
            text = name.removeprefix(prefix)
            if not text.isdecimal() or str(int(text)) != text:
                self.report.add("consistency", "an earlier checkpoint that is not named by its size", file=name)
                continue
            found.append((int(text), name))
        for size, name in sorted(found):
            data = self.bag.read(name, MAX_NOTE)
            if data is None:
                continue
            try:
                note = parse_note(data)
                checkpoint = parse_body(note.text)
            except ProofError as error:
                self.report.add_error("notes", error, file=name)
                continue
            if (checkpoint.origin, checkpoint.size) != (self.said.origin, size):
                self.report.add(
                    "notes", "a checkpoint of another log or size", file=name,
                    expected=f"{self.said.origin}, size {size}", got=f"{checkpoint.origin}, size {checkpoint.size}",
                )  # fmt: skip
                continue
            self.check_signed(name, note, size)
            self.texts[size] = note.text
            if before is not None:
                self._consistent(before, checkpoint, data)
            before = checkpoint
        if before is not None and self.checkpoint is not None:
            self._consistent(before, self.checkpoint, self._note_data)

    def _consistent(self, old: Checkpoint, new: Checkpoint, note: bytes) -> None:
        name = f"{self._folder}/consistency/{old.size}-{new.size}"
        data = self.bag.read(name, 2 * MAX_NOTE)
        if data is None:
            if not self.bag.has(name):
                self.report.add("consistency", "no proof that one checkpoint extends the other", file=name)
            return
        head, blank, rest = data.partition(b"\n\n")
        lines = head.decode("utf-8", "replace").split("\n")
        if not blank or lines[0] != f"old {old.size}" or len(lines) > 1 + 2 * MAX_PATH or rest != note:
            self.report.add(
                "consistency", "not the proof between these checkpoints", file=name,
                expected=f"old {old.size}, hashes, the later checkpoint", got=repr(lines[0][:60]),
            )  # fmt: skip
            return
        try:
            path = [decode_base64(line, "a hash of the proof") for line in lines[1:]]
            verify_consistency(old.size, new.size, old.root, new.root, path)
        except ProofError as error:
            self.report.add_error("consistency", error, file=name)

    # -- entries ------------------------------------------------------------------------------------------------

    def _ranges(self, file: str) -> Iterator[tuple[int, int]]:
        name = f"{self._folder}/{file}"
        if not self.bag.has(name):
            self.report.add("complete", "a log without its ranges", file=name)
            return
        if self.bag.digest(name) is None or self.checkpoint is None:
            return
        after, entries = -1, 0
        for line in self.bag.lines(name):
            found = layout.parse_range(line.removesuffix("\n"), after) if line.endswith("\n") else None
            if found is None or found[1] > self.checkpoint.size:
                self.report.add(
                    "complete", "a line that is no range, or beyond the tree", file=name,
                    expected=f"first and last seq, above {after} and below {self.checkpoint.size}",
                    got=ascii(line[:60]),
                )  # fmt: skip
                return
            after = found[1]  # ranges that touch would be one
            entries += found[1] - found[0]
            if entries > self.bag.files:
                self.report.add(
                    "complete", "more entries than there can be proofs", file=name,
                    expected=f"at most {self.bag.files}", got=str(entries),
                )  # fmt: skip
                return
            yield found

    def _entry(self, seq: int) -> Entry | None:
        """Read an entry's proof: its leaf, proved to stand at its place."""
        name = layout.proof(self.said.epoch, seq)
        data = self.bag.read(name, MAX_NOTE + 2 * MAX_EXTRA)
        if data is None:
            if not self.bag.has(name):
                self.report.add("complete", "an entry of the stated range has no proof", file=name, seq=seq)
            return None
        plain = None if self._proofs is None else self._proofs.plain(data, seq)
        if plain is not None:
            extra, path, index, note = plain.extra, plain.path, seq, self._note_data
        else:
            try:
                proof = parse_tlog_proof(data)
                told = parse_canonical(proof.extra or b"")
            except ProofError as error:
                self.report.add_error("inclusion", error, file=name, seq=seq)
                return None
            extra = {key: value for key, value in told.items() if isinstance(value, str)}
            path, index, note = proof.path, proof.index, proof.checkpoint
            if tuple(extra) not in SHAPES or len(extra) < len(told):
                self.report.add(
                    "leaves", "the extra line is not of a leaf", file=name, seq=seq,
                    expected="leaf, and salt or withheld", got=", ".join(told)[:80],
                )  # fmt: skip
                return None
        leaf = extra["leaf"].encode()
        fields = self._leaf(name, seq, leaf, index)
        if fields is None or not self._included(name, seq, leaf, path, note):
            return None
        return Entry(fields, extra.get("salt", ""), extra.get("withheld", ""))

    def _leaf(self, name: str, seq: int, leaf: bytes, index: int) -> Fields | None:
        """The fields of a leaf, if it is one of this place."""
        try:
            fields = read_leaf(leaf)
        except ProofError as error:
            self.report.add_error("leaves", error, file=name, seq=seq)
            return None
        if (fields["log"], fields["seq"], index) != (self.said.origin, seq, seq):
            self.report.add(
                "leaves", "the leaf is of another place", file=name, seq=seq,
                expected=f"{self.said.origin}, seq {seq}", got=f"{fields['log']}, seq {fields['seq']}, index {index}",
            )  # fmt: skip
            return None
        return fields

    def _included(self, name: str, seq: int, leaf: bytes, path: tuple[bytes, ...], note: bytes) -> bool:
        if self._inclusions is None:
            return False
        if note != self._note_data:
            self.report.add(
                "inclusion", "the proof leads to another checkpoint", file=name, seq=seq,
                expected=f"that of {self._folder}/checkpoint", got=repr(note[:60]),
            )  # fmt: skip
            return False
        try:
            self._inclusions.verify(leaf_hash(leaf), seq, path)
        except ProofError as error:
            self.report.add_error("inclusion", error, file=name, seq=seq)
            return False
        return True

    def _opens(self, seq: int, name: str, entry: Entry, digest: bytes, length: int) -> bool:
        """Whether a file is what its leaf commits to."""
        if not _SALT.fullmatch(entry.salt):
            self.report.add(
                "openings", "a payload without its salt", file=layout.proof(self.said.epoch, seq), seq=seq,
                expected="64 hexadecimal digits", got=repr(entry.salt[:40]),
            )  # fmt: skip
            return False
        opened = commitment(bytes.fromhex(entry.salt), digest).hex()
        if opened != entry.fields["c"] or length != entry.fields["len"]:
            self.report.add(
                "openings", "the payload is not the one its leaf commits to", file=name, seq=seq,
                expected=f"commitment {entry.fields['c']}, {entry.fields['len']} bytes",
                got=f"commitment {opened}, {length} bytes",
            )  # fmt: skip
            return False
        return True

    def _our_entry(self, seq: int, before: LogCheck | None) -> None:
        """An entry of ours: opened, and replayed if it says something about others."""
        entry = self._entry(seq)
        if entry is None:
            return
        if entry.fields["kind"] == Kind.EVIDENCE.value:
            file = f"{self._folder}/control.txt"
            self.report.add("complete", "a record among the log's own entries", file=file, seq=seq)
            return
        place = layout.raw if seq in self._records else layout.control
        name = place(self.said.epoch, seq)
        if not self.bag.has(name):
            self._absent.append((seq, entry))
            return
        payload = self.bag.read(name)
        if payload is not None and self._opens(seq, name, entry, sha256(payload).digest(), len(payload)):
            self._replay(seq, entry, payload, name, before)

    def _replay(self, seq: int, entry: Entry, payload: bytes, name: str, before: LogCheck | None) -> None:
        kind, fields = Kind(str(entry.fields["kind"])), entry.fields
        try:
            if self.history.wants(kind):
                self.history.take(seq, str(fields["id"]), kind, payload)
            if kind in _ERASURES:
                for lo, hi in erased_ranges(payload, seq):
                    self._erased.add(lo, hi)
            elif kind is Kind.REDACTION:
                self._redacted[str(fields["id"])] = list(fields["refs"]) if isinstance(fields["refs"], list) else []
            elif kind is Kind.RESTORE and seq == 0:
                self._goes_on(parse_canonical(payload), before, name)
        except ProofError as error:
            self.report.add_error("history" if kind is Kind.KEY else "holds", error, file=name, seq=seq)

    def _goes_on(self, restore: dict[str, Value], before: LogCheck | None, name: str) -> None:
        """A later epoch begins by saying how the one before stood; held against that, if the bundle has it."""
        if before is None or before.checkpoint is None:
            return
        has, old = (restore.get("origin"), restore.get("size"), restore.get("root")), before.checkpoint
        agrees = has[0] == old.origin and isinstance(has[1], int) and has[1] >= old.size
        if not agrees or (has[1] == old.size and has[2] != old.root.hex()):
            self.report.add(
                "history", "the epoch does not go on from the one before it", file=name, seq=0,
                expected=f"{old.origin}, at least size {old.size}, root {old.root.hex()}", got=repr(has),
            )  # fmt: skip

    def _record(self, seq: int) -> None:
        """A record: present, withheld, erased, or missing, which is a fault."""
        entry = self._entry(seq)
        if entry is None:
            self.report.records["missing"] += 1
            return
        name = layout.raw(self.said.epoch, seq)
        if not self.bag.has(name):
            state = self._state(seq, entry, name)
            self.report.records[state] += 1
            rendering = layout.redacted(self.said.epoch, seq)
            if state == "withheld" and self.bag.has(rendering):
                self.bag.digest(rendering)  # listed, and as listed; what it says is its maker's word
            return
        found = self.bag.digest(name)
        if found is None or not self._opens(seq, name, entry, *found):
            self.report.records["missing"] += 1
            return
        if seq in self._erased:
            self.report.add("records", "erasure incomplete: the payload is still there", file=name, seq=seq)
        self.report.records["present"] += 1

    def _state(self, seq: int, entry: Entry, name: str) -> str:
        """Why a payload is not there."""
        if entry.salt:
            self.report.add("records", "a payload is missing whose salt is there", file=name, seq=seq)
            return "missing"
        if seq in self._erased:
            if entry.withheld:
                self.report.add("records", "an erased record that claims to be withheld", file=name, seq=seq)
            if entry.fields["kind"] not in ERASABLE:
                self.report.add(
                    "holds", "an entry of a kind that is never erased", file=name, seq=seq,
                    got=str(entry.fields["kind"]),
                )  # fmt: skip
            return "erased"
        if entry.withheld and str(entry.fields["id"]) in self._redacted.get(entry.withheld, ()):
            return "withheld"
        self.report.add(
            "records", "a payload is missing, and no entry says why", file=name, seq=seq,
            expected="the payload, or an erasure or redaction of it in the bundle", got=entry.withheld or "neither",
        )  # fmt: skip
        return "missing"
