"""The fourth part of ``verify.py``: the checks of one log."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from vestige.bundles.offline.formats import (
    AT,
    HEX64,
    KINDS,
    MAX_EXTRA,
    MAX_INTEGER,
    MAX_LEAF,
    MAX_NAME,
    MAX_NOTE,
    MAX_PATH,
    MAX_REFS,
    MAX_STAMP,
    NEEDED,
    NUMBERS,
    TEXTS,
    ULID,
    Bad,
    Key,
    Note,
    Report,
    Second,
    canonical,
    check_consistency,
    check_inclusion,
    head_of,
    number,
    sha,
    stamped,
    unbase64,
)

if TYPE_CHECKING:
    from vestige.bundles.offline.container import Bag
    from vestige.bundles.offline.trust import Trust

# -- one log ----------------------------------------------------------------------------------------------------------


def check_leaf(data: bytes, origin: str, seq: int) -> dict[str, Any]:
    """The fields of a leaf of this place; canonical, with no unknown field."""
    fields = canonical(data)
    names = set(fields)
    if len(data) > MAX_LEAF or not NEEDED <= names <= TEXTS | NUMBERS | {"refs"}:
        raise Bad("other fields than a leaf has", ", ".join(sorted(NEEDED)), ", ".join(sorted(names)))
    for name in names - {"refs"}:
        value = fields[name]
        if not (type(value) is str and value if name in TEXTS else type(value) is int and 0 <= value <= MAX_INTEGER):
            raise Bad(f"the leaf's {name} is wrong", "", repr(value)[:60])
    refs = fields["refs"]
    if not isinstance(refs, list) or len(refs) > MAX_REFS or any(type(one) is not str for one in refs):
        raise Bad("the leaf's refs are wrong", f"at most {MAX_REFS} texts", repr(refs)[:60])
    if fields["v"] != 1 or fields["kind"] not in KINDS or ("sep" in names and "sseq" not in names):
        raise Bad("the leaf's version or kind is wrong", "", f"{fields['v']} {fields['kind']}")
    if not (HEX64.fullmatch(fields["c"]) and AT.fullmatch(fields["at"]) and ULID.fullmatch(fields["id"])):
        raise Bad("the leaf's commitment, time or id is wrong")
    if (fields["log"], fields["seq"]) != (origin, seq):
        raise Bad("the leaf is of another place", f"{origin}, seq {seq}", f"{fields['log']}, seq {fields['seq']}")
    return fields


def pairs(value: Any, below: int) -> list[tuple[int, int]]:  # noqa: ANN401 - of a payload
    """Ranges that a payload names."""
    found = []
    named: list[Any] = value if isinstance(value, list) else [None]
    for pair in named:
        if not (isinstance(pair, list) and len(pair) == 2 and all(type(one) is int for one in pair)):
            raise Bad("no ranges of seqs", "[[from, to], …]", repr(pair)[:60])
        if not 0 <= pair[0] < pair[1] <= below:
            raise Bad("no ranges of seqs", f"below {below}", repr(pair)[:60])
        found.append((pair[0], pair[1]))
    return found


def within(seq: int, ranges: list[tuple[int, int]]) -> bool:
    """Whether a seq is in one of them."""
    return any(lo <= seq < hi for lo, hi in ranges)


def super_note(data: bytes, text: str | None) -> bytes:
    """The checkpoint of the log above all tenants' that a proof leads to, if that log holds a checkpoint of this text.

    Who signed it is not looked at: a time stamp over it says what it says without that.
    """
    head, gap, rest = data.partition(b"\n\n")
    lines = head.decode("ascii", "replace").split("\n")
    if not gap or lines[0] != "c2sp.org/tlog-proof@v1" or len(lines) < 3 or lines[1][:6] != "extra " or text is None:
        raise Bad("not a proof of a checkpoint of this bundle", "header, extra, index", repr(head[:60]))
    extra = canonical(unbase64(lines[1][6:]))
    index, path = lines[2].partition(" ")[2], [unbase64(line) for line in lines[3:]]
    if lines[2] != f"index {number(index)}" or len(path) > MAX_PATH or set(extra) != {"leaf", "salt"}:
        raise Bad("not a proof of a checkpoint", "index, leaf, salt", lines[2][:60])
    if any(type(one) is not str for one in extra.values()) or not HEX64.fullmatch(extra["salt"]):
        raise Bad("the extra line is not of a leaf", "leaf, salt", repr(extra)[:80])
    origin, size, root = head_of(Note(rest))
    leaf = check_leaf(extra["leaf"].encode(), origin, number(index))
    payload = json.dumps({"checkpoint": text}, ensure_ascii=False, separators=(",", ":")).encode()
    made = sha(b"vestige/payload/v1\n", bytes.fromhex(extra["salt"]), sha(payload)).hex()
    if (made, "anchor") != (leaf["c"], leaf["kind"]):
        raise Bad("the super-log holds another checkpoint", leaf["c"], made)
    check_inclusion(extra["leaf"].encode(), number(index), size, path, root)
    return rest


class Log:
    """The checks of one log."""

    def __init__(self, bag: Bag, report: Report, said: dict[str, Any]) -> None:
        self.bag, self.report, self.said = bag, report, said
        self.epoch, self.origin, self.size = said["epoch"], said["origin"], said["size"]
        self.at = f"data/{self.epoch}"
        self.note: Note | None = None
        self.data, self.root = b"", b""
        self.keys: list[tuple[Key, int]] = []
        self.last_good: dict[str, int] = {}
        self.trusted_to: dict[str, int] = {}
        self.seconds: list[tuple[Second, int]] = []
        self.trusted_seconds: list[Second] = []
        self.erased: list[tuple[int, int]] = []
        self.redacted: dict[str, list[str]] = {}
        self.holds: dict[str, tuple[list[tuple[int, int]], int]] = {}
        self.absent: list[tuple[int, dict[str, Any], dict[str, Any]]] = []
        self.in_records: set[int] = set()
        self.texts: dict[int, str] = {}
        self.stamps: list[str] = []

    def run(self, trust: Trust, before: Log | None) -> bool:
        """Make them; whether a trusted key stands behind the log."""
        self.trusted_to, self.trusted_seconds = trust.last_good, trust.seconds
        if not self.checkpoint():
            return False
        control, records = self.ranges("control.txt"), self.ranges("records.txt")
        self.in_records = set(records)
        for seq in control:
            self.control(seq, before)
        for seq, leaf, extra in self.absent:
            if seq not in self.in_records:
                self.state(seq, leaf, extra, f"{self.at}/control/{seq}.json")
        if self.note is not None:
            self.signed(f"{self.at}/checkpoint", self.note, self.size)
            if not trust.satisfied(self.note):
                self.report.add("witnesses", "the quorum has not cosigned", f"{self.at}/checkpoint", got=trust.quorum)
        self.earlier()
        self.times()
        for seq in records:
            self.record(seq)
        mine = {key.text for key, _ in self.keys}
        if trust.keys and not mine & {key.text for key in trust.keys}:
            self.report.add(
                "keys",
                "none of the trusted keys is this log's",
                f"{self.at}/checkpoint",
                expected=", ".join(key.text for key in trust.keys),
                got=", ".join(mine),
            )
        return bool(trust.keys)

    def checkpoint(self) -> bool:
        """The signed tree that every proof leads to."""
        name = f"{self.at}/checkpoint"
        taken = self.bag.take(name, MAX_NOTE)
        if taken is None:
            if name not in self.bag.names:
                self.report.add("notes", "a log without its checkpoint", name)
            return False
        try:
            self.data, self.note = taken[0], Note(taken[0])
            origin, size, self.root = head_of(self.note)
            self.texts[size] = self.note.text
        except Bad as bad:
            self.report.add("notes", bad, name)
            return False
        if (origin, size, self.root.hex()) != (self.origin, self.size, self.said["root"]):
            self.report.add("keys", "not the checkpoint the bundle speaks of", name, got=f"{origin}, size {size}")
            return False
        return True

    def ranges(self, file: str) -> list[int]:
        """The seqs that a file of ranges names."""
        name, after = f"{self.at}/{file}", -1
        found: list[int] = []
        taken = self.bag.take(name, None)
        if taken is None:
            if name not in self.bag.names:
                self.report.add("complete", "a log without its ranges", name)
            return []
        total = 0
        with self.bag.box.open(name) as lines:
            while line := lines.readline(MAX_NAME):
                match = re.fullmatch(rb"(0|[1-9][0-9]{0,15}) (0|[1-9][0-9]{0,15})\n", line)
                first, last = (int(match[1]), int(match[2])) if match else (0, -1)
                total += last - first + 1
                if not match or not after < first <= last < self.size or total > len(self.bag.names):
                    self.report.add("complete", "a line that is no range of the tree", name, got=ascii(line[:60]))
                    break
                found += range(first, last + 1)
                after = last + 1
        return found

    def entry(self, seq: int) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """The fields of a leaf that is proved to be in the tree, and what stands beside it."""
        name = f"{self.at}/proofs/{seq}.tlog-proof"
        taken = self.bag.take(name, MAX_NOTE + 2 * MAX_EXTRA)
        if taken is None:
            if name not in self.bag.names:
                self.report.add("complete", "an entry of the stated range has no proof", name, seq)
            return None
        check = "inclusion"
        try:
            head, gap, note = taken[0].partition(b"\n\n")
            lines = head.decode("ascii", "replace").split("\n")
            if not gap or lines[0] != "c2sp.org/tlog-proof@v1" or len(lines) < 3 or lines[1][:6] != "extra ":
                raise Bad("not a tlog-proof of a bundle", "header, extra, index", repr(head[:60]))
            extra = canonical(unbase64(lines[1][6:]))
            index, path = lines[2].partition(" ")[2], [unbase64(line) for line in lines[3:]]
            if lines[2] != f"index {number(index)}" or len(path) > MAX_PATH or note != self.data:
                raise Bad("the proof is of no entry, or leads to another checkpoint", f"that of {self.at}", note[:60])
            check = "leaves"
            two = {"salt", "withheld"}
            if (
                not {"leaf"} <= set(extra) <= {"leaf"} | two
                or two <= set(extra)
                or any(type(one) is not str for one in extra.values())
            ):
                raise Bad("the extra line is not of a leaf", "leaf, and salt or withheld", ", ".join(extra)[:80])
            leaf = check_leaf(extra["leaf"].encode(), self.origin, seq)
            if number(index) != seq:
                raise Bad("the proof is of another index", seq, index)
            check = "inclusion"
            check_inclusion(extra["leaf"].encode(), seq, self.size, path, self.root)
        except Bad as bad:
            self.report.add(check, bad, name, seq)
            return None
        return leaf, extra

    def opens(self, seq: int, file: str, leaf: dict[str, Any], extra: dict[str, Any], digest: bytes, size: int) -> bool:
        """Whether a payload is what its leaf commits to."""
        salt = extra.get("salt", "")
        if not HEX64.fullmatch(salt):
            self.report.add("openings", "a payload without its salt", f"{self.at}/proofs/{seq}.tlog-proof", seq)
            return False
        made = sha(b"vestige/payload/v1\n", bytes.fromhex(salt), digest).hex()
        if (made, size) != (leaf["c"], leaf["len"]):
            self.report.add(
                "openings",
                "the payload is not the one its leaf commits to",
                file,
                seq,
                expected=f"{leaf['c']}, {leaf['len']} bytes",
                got=f"{made}, {size} bytes",
            )
            return False
        return True

    # -- what the log says of itself

    def control(self, seq: int, before: Log | None) -> None:
        """An entry of the log's own, opened and replayed."""
        found = self.entry(seq)
        if found is None:
            return
        leaf, extra = found
        if leaf["kind"] == "evidence":
            self.report.add("complete", "a record among the log's own entries", f"{self.at}/control.txt", seq)
            return
        file = f"{self.at}/raw/{seq}.bin" if seq in self.in_records else f"{self.at}/control/{seq}.json"
        if file not in self.bag.names:
            self.absent.append((seq, leaf, extra))
            return
        taken = self.bag.take(file)
        if taken is None or not self.opens(seq, file, leaf, extra, taken[1], taken[2]):
            return
        kind = leaf["kind"]
        try:
            if kind in {"key", "erasure", "purge", "hold", "hold_scope", "release"} or (kind == "restore" and seq == 0):
                self.replay(kind, seq, leaf, canonical(taken[0]), before, file)
            elif kind == "redaction":
                self.redacted[leaf["id"]] = leaf["refs"]
        except Bad as bad:
            self.report.add("history" if kind == "key" else "holds", bad, file, seq)

    def replay(
        self, kind: str, seq: int, leaf: dict[str, Any], body: dict[str, Any], before: Log | None, file: str
    ) -> None:
        """What an entry says of others."""
        if kind == "key":
            self.take_key(seq, body)
        elif kind == "restore":
            self.goes_on(body, before, file)
        elif kind == "hold":
            self.holds[leaf["id"]] = ([], -1)
        elif kind in {"erasure", "purge"}:
            self.take_erasure(seq, pairs(body.get("ranges"), seq))
        else:
            scope, reach = self.holds.get(str(body.get("hold")), (None, 0))
            if scope is None:
                raise Bad("no such hold is in force", "the id of a hold", repr(body.get("hold")))
            if kind == "release":
                del self.holds[body["hold"]]
                return
            to = body.get("evaluated_to")
            if type(to) not in {int, bool} or not 0 <= int(to or 0) <= seq:
                raise Bad("a hold's scope without its reach", "evaluated_to", repr(to))
            self.holds[body["hold"]] = (scope, max(reach, int(to or 0)))
            scope += pairs(body.get("ranges"), seq) if body.get("ranges") else []

    def take_erasure(self, seq: int, ranges: list[tuple[int, int]]) -> None:
        """Erasing what a hold protects, or beyond what it was evaluated for, is a fault."""
        self.erased += ranges
        file = f"{self.at}/proofs/{seq}.tlog-proof"
        for name, (scope, reach) in self.holds.items():
            for lo, hi in ranges:
                if any(a < hi and lo < b for a, b in scope):
                    self.report.add(
                        "holds", f"seq {seq} erases {lo} to {hi - 1}, which hold {name} protects", file, seq
                    )
                elif reach < hi:
                    self.report.add("holds", f"hold {name} was not evaluated up to {hi - 1}", file, seq)

    def take_key(self, seq: int, body: dict[str, Any]) -> None:
        """A key follows the one in force, and both sign for that."""
        start = body.get("from_size")
        if not self.keys:
            if set(body) != {"from_size", "vkey"} or type(start) is not int or start != 0:
                raise Bad("not a log's first key entry", "from_size 0 and vkey", repr(body)[:80])
            self.keys.append((self.own_key(body["vkey"]), 0))
            return
        if "second" in body:
            self.take_second(seq, body)
            return
        old, new = self.own_key(body.get("old")), self.own_key(body.get("new"))
        good = body.get("last_good_size")
        if type(start) is not int or start != seq + 1 or old.text != self.keys[-1][0].text:
            raise Bad("a key of another size, or after one not in force", f"{seq + 1}, {self.keys[-1][0].text}", start)
        if good is not None:
            if type(good) not in {int, bool} or not 0 <= good <= seq:
                raise Bad("a compromise without its size", "last_good_size", repr(good))
            self.last_good[old.text] = good
        fields = {"from_size": start, "log": self.origin, "new": new.text, "old": old.text}
        fields |= {} if good is None else {"last_good_size": good}
        message = b"vestige/key/v1\n" + json.dumps(fields, separators=(",", ":"), sort_keys=True).encode()
        for name, key in {"sig_old": old, "sig_new": new}.items():
            try:
                signature = bytes.fromhex(str(body.get(name)))
            except ValueError as error:
                raise Bad("not a signature", "hexadecimal", error) from error
            if not key.good(message, signature):
                raise Bad("a key was not signed for", f"a signature by {key.text}", signature.hex())
        self.keys.append((new, start))

    def take_second(self, seq: int, body: dict[str, Any]) -> None:
        """A post-quantum key signs beside the key in force, and both sign for that."""
        names = {"from_size", "key", "second", "sig", "sig_second"}
        if set(body) != names or body["from_size"] != seq + 1 or body["key"] != self.keys[-1][0].text:
            raise Bad("a second key that the key in force did not introduce", self.keys[-1][0].text, repr(body)[:80])
        second = Second(str(body["second"]))
        if second.name != self.origin:
            raise Bad("a key of another log", self.origin, second.name)
        fields = {"from_size": seq + 1, "key": body["key"], "log": self.origin, "second": second.text}
        text = json.dumps(fields, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
        message = b"vestige/second/v1\n" + text
        try:
            signatures = [bytes.fromhex(str(body[name])) for name in ("sig", "sig_second")]
        except ValueError as error:
            raise Bad("not a signature", "hexadecimal", str(body["sig"])[:60]) from error
        if not self.keys[-1][0].good(message, signatures[0]):
            raise Bad("a key's introduction is not signed", self.keys[-1][0].text)
        second.check(message, signatures[1])
        self.seconds.append((second, seq + 1))

    def own_key(self, text: object) -> Key:
        """A verifier key of this log."""
        key = Key(str(text))
        if key.name != self.origin:
            raise Bad("a key of another log", self.origin, key.name)
        return key

    def goes_on(self, body: dict[str, Any], before: Log | None, file: str) -> None:
        """An epoch begins by saying how the one before stood."""
        if before is None or not before.root:
            return
        size = body.get("size")
        short = not isinstance(size, int) or size < before.size
        if (
            body.get("origin") != before.origin
            or short
            or (size == before.size and body.get("root") != before.root.hex())
        ):
            self.report.add("history", "the epoch does not go on from the one before it", file, 0, got=repr(body)[:80])

    def key_at(self, size: int) -> Key | None:
        """The key that must sign at a size."""
        return next((key for key, start in reversed(self.keys) if start <= size), None)

    def signed(self, name: str, note: Note, size: int) -> None:
        """A checkpoint is signed by the key in force, and wrongly by none."""
        key = self.key_at(size)
        if key is None:
            self.report.add("keys", "no key entry says who may sign", name)
            return
        most = min(self.last_good.get(key.text, size), self.trusted_to.get(key.text, size))
        if size > most:
            self.report.add("keys", "the key was compromised at that size", name, expected=most)
        try:
            if key not in note.signers([one for one, _ in self.keys]):
                raise Bad("not signed by the key in force", key.text)
            second = next((one for one, start in reversed(self.seconds) if start <= size), None)
            mine = [one for one in self.trusted_seconds if one.name == self.origin]
            if mine and size == self.size and (second is None or second.text not in [one.text for one in mine]):
                raise Bad("the second key you trust is not in force", mine[0].text, second.text if second else "none")
            if second is not None:
                second.signed(note, *head_of(note))
        except Bad as bad:
            self.report.add("keys", bad, name)

    def earlier(self) -> None:
        """Earlier checkpoints, each the beginning of the next."""
        prefix = f"{self.at}/checkpoints/"
        sizes = []
        for name in [name for name in self.bag.unused() if name.startswith(prefix)]:
            if re.fullmatch("0|[1-9][0-9]{0,18}", name[len(prefix) :]):
                sizes.append(int(name[len(prefix) :]))
            else:
                self.report.add("consistency", "an earlier checkpoint that is not named by its size", name)
        last: tuple[int, bytes] | None = None
        for size in sorted(sizes):
            name = f"{prefix}{size}"
            taken = self.bag.take(name, MAX_NOTE)
            if taken is None:
                continue
            try:
                note = Note(taken[0])
                origin, own, root = head_of(note)
                if (origin, own) != (self.origin, size):
                    raise Bad("a checkpoint of another log or size", f"{self.origin}, {size}", f"{origin}, {own}")
            except Bad as bad:
                self.report.add("notes", bad, name)
                continue
            self.signed(name, note, size)
            self.texts[size] = note.text
            if last is not None:
                self.extends(*last, size, root, taken[0])
            last = size, root
        if last is not None:
            self.extends(*last, self.size, self.root, self.data)

    def extends(self, size1: int, root1: bytes, size2: int, root2: bytes, note: bytes) -> None:
        """The proof of it, as a witness is sent one: c2sp.org/tlog-witness."""
        name = f"{self.at}/consistency/{size1}-{size2}"
        taken = self.bag.take(name, 2 * MAX_NOTE)
        if taken is None:
            if name not in self.bag.names:
                self.report.add("consistency", "no proof that one checkpoint extends the other", name)
            return
        head, gap, rest = taken[0].partition(b"\n\n")
        lines = head.decode("ascii", "replace").split("\n")
        try:
            if not gap or lines[0] != f"old {size1}" or len(lines) > 1 + 2 * MAX_PATH or rest != note:
                raise Bad("not the proof between these checkpoints", f"old {size1}", lines[0])
            check_consistency(size1, size2, root1, root2, [unbase64(line) for line in lines[1:]])
        except Bad as bad:
            self.report.add("consistency", bad, name)

    def times(self) -> None:
        """Time stamps: each is over a checkpoint of this log. Who signed them is not looked at."""
        prefix = f"{self.at}/anchors/"
        names = [name for name in self.bag.unused() if name.startswith(prefix)]
        over: dict[str, bytes] = {}
        for name in names:
            match = re.fullmatch(r"(0|[1-9][0-9]{0,15})\.(checkpoint|super)", name[len(prefix) :])
            taken = self.bag.take(name, MAX_NOTE + 2 * MAX_EXTRA) if match else None
            if match is None or taken is None:
                continue
            check, text = "notes", self.texts.get(int(match[1]))
            try:
                if match[2] == "super":
                    check = "time"
                    over[f"{match[1]}-super"] = sha(super_note(taken[0], text))
                    continue
                note = Note(taken[0])
                if note.text != text:
                    self.report.add("time", "what was stamped is no checkpoint of this bundle", name, got=note.text)
                    continue
                self.signed(name, note, int(match[1]))
                over[match[1]] = taken[1]
            except Bad as bad:
                self.report.add(check, bad, name)
        for name in names:
            match = re.fullmatch(r"((?:0|[1-9][0-9]{0,15})(?:-super)?)-(?:0|[1-9][0-9]{0,3})\.tsr", name[len(prefix) :])
            taken = self.bag.take(name, MAX_STAMP) if match else None
            if match is None or taken is None:
                continue
            try:
                digest, at = stamped(taken[0])
                if match[1] not in over or digest != over[match[1]]:
                    raise Bad("the time stamp is over something else", over.get(match[1], b"").hex(), digest.hex())
                self.stamps.append(f"what is below seq {match[1].partition('-')[0]} at {at}")
            except Bad as bad:
                self.report.add("time", bad, name)

    # -- records

    def record(self, seq: int) -> None:
        """Present, withheld, erased, or missing."""
        found = self.entry(seq)
        state = "missing"
        if found is not None:
            leaf, extra = found
            file = f"{self.at}/raw/{seq}.bin"
            if file not in self.bag.names:
                state = self.state(seq, leaf, extra, file)
                shown = f"{self.at}/redacted/{seq}.json"
                if state == "withheld" and shown in self.bag.names:
                    self.bag.take(shown, None)  # listed, and as listed; what it says is its maker's word
            else:
                taken = self.bag.take(file, None)
                if taken is not None and self.opens(seq, file, leaf, extra, taken[1], taken[2]):
                    state = "present"
                    if within(seq, self.erased):
                        self.report.add("records", "erasure incomplete: the payload is still there", file, seq)
        self.report.records[state] += 1

    def state(self, seq: int, leaf: dict[str, Any], extra: dict[str, Any], file: str) -> str:
        """Why a payload is not there."""
        if extra.get("salt"):
            self.report.add("records", "a payload is missing whose salt is there", file, seq)
            return "missing"
        if within(seq, self.erased):
            if extra.get("withheld"):
                self.report.add("records", "an erased record that claims to be withheld", file, seq)
            if leaf["kind"] not in {"evidence", "audit"}:
                self.report.add("holds", "an entry of a kind that is never erased", file, seq, got=leaf["kind"])
            return "erased"
        if leaf["id"] in self.redacted.get(extra.get("withheld", ""), ()):
            return "withheld"
        self.report.add("records", "a payload is missing, and no entry says why", file, seq)
        return "missing"
