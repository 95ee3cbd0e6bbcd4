"""The duels: ways to make a bundle say something else, each told with where it must be found."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from support.bundles import manifests, unzipped
from support.homes import SERVER, TENANT, Chance, Clock, Home, sqlite_home
from vestige.bundles import Packer, Selection, layout
from vestige.ledger import Draft, EvidenceBatch, Kind
from vestige.ledger.keys import SigningKey
from vestige.proof import Checkpoint, canonical, inclusion_path, leaf_hash, sign_checkpoint, sign_note, tree_root
from vestige.proof.merkle import pair_up
from vestige.proof.note import encode_base64

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support.bundles import Files
    from vestige.ledger import Ledger

START: Final = 1_795_363_200_000_000_000
RECORDS: Final = range(3, 13)
"""Seqs of the records, of which the bundle has all."""
VICTIM: Final = 7


@dataclass(frozen=True)
class Scene:
    """A log, and the files of a bundle of it."""

    ledger: Ledger
    files: Files
    key: str

    @property
    def origin(self) -> str:
        return self.ledger.log(TENANT).origin


def log(home: Home) -> Ledger:
    """A key, an acquisition, how it is read, ten records, an act."""
    ledger = home.ledger(clock=Clock(START, 1_000_000), entropy=Chance("duels"))
    ledger.create_log(TENANT, SERVER)
    taken = canonical({"by": "ann@example.org", "name": "auth.log", "sha256": "11" * 32, "size": 310, "tool": "x"})
    made = ledger.transact(TENANT, lambda _: [Draft(Kind.ACQUISITION, taken, source="SRC")]).items[0].ids[0]
    how = Draft(Kind.NORMALISATION, canonical({"parser": "syslog", "version": "3"}), source="SRC", refs=(made,))
    ledger.transact(TENANT, lambda _: [how])
    lines = [b"Nov 22 16:00:%02d db sshd[7]: user%d" % (i, i) for i in range(len(RECORDS))]
    batch = ledger.prepare(
        EvidenceBatch("SRC", made, "text/plain", lines, [31 * i for i in range(10)], list(range(10)))
    )
    ledger.transact(TENANT, lambda _: [batch])
    ledger.checkpoint(TENANT)
    ledger.transact(TENANT, lambda _: [Draft(Kind.AUDIT, canonical({"act": "case.opened", "by": "ann@example.org"}))])
    return ledger


def packer(ledger: Ledger) -> Packer:
    said = {"query": "sshd", "from": "2026-11-22T16:00:00Z", "to": "2026-11-22T17:00:00Z"}
    return Packer(ledger, TENANT, Selection(RECORDS, said, {"SRC": "auth.log"}))


def forger(scene: Scene) -> SigningKey:
    return SigningKey(scene.origin, Chance("a forger")(32))


def stated(files: Files, key: SigningKey) -> Files:
    """Manifests that fit, and a statement about them by some key."""
    made = manifests(files)
    lines = files[layout.STATEMENT].decode().split("\n")
    digest = sha256(made[layout.TAG_MANIFEST]).hexdigest()
    return made | {
        layout.STATEMENT: sign_note("\n".join([*lines[:2], f"bundle {digest}", lines[3], ""]), [key.note_signer()])
    }


def extra_of(files: Files, seq: int) -> dict[str, Any]:
    line = files[layout.proof(0, seq)].split(b"\n")[1]
    found: dict[str, Any] = json.loads(base64.b64decode(line.partition(b" ")[2]))
    return found


def with_extra(files: Files, seq: int, extra: dict[str, Any]) -> Files:
    lines = files[layout.proof(0, seq)].split(b"\n")
    lines[1] = b"extra " + base64.b64encode(canonical(extra))
    return files | {layout.proof(0, seq): b"\n".join(lines)}


def leaf_changed(files: Files, seq: int, **fields: Any) -> Files:
    extra = extra_of(files, seq)
    extra["leaf"] = canonical(json.loads(extra["leaf"]) | fields).decode()
    return with_extra(files, seq, extra)


def payload_changed(files: Files, seq: int, payload: bytes) -> Files:
    """Other bytes, and a leaf that commits to them."""
    salt = bytes.fromhex(extra_of(files, seq)["salt"])
    c = sha256(b"vestige/payload/v1\n" + salt + sha256(payload).digest()).hexdigest()
    return leaf_changed(files | {layout.raw(0, seq): payload}, seq, c=c, len=len(payload))


def without(files: Files, *seqs: int) -> Files:
    gone = {place(0, seq) for seq in seqs for place in (layout.raw, layout.proof)}
    return {name: data for name, data in files.items() if name not in gone}


def retold(files: Files, ranges: str, count: int) -> Files:
    """The records as others, consistently: their ranges and their number."""
    about = json.loads(files[layout.ABOUT])
    about["records"]["present"] = count
    return files | {"data/0/records.txt": ranges.encode(), layout.ABOUT: canonical(about)}


def regrown(scene: Scene, change: Callable[[Files], Files], key: SigningKey) -> Files:
    """The whole log grown anew over changed leaves, and signed by a key: what the operator could do at any time."""
    leaves = [entry.leaf for entry in scene.ledger.read(TENANT, 0, scene.ledger.head(TENANT))]
    files = change(scene.files)
    proofs = [name for name in files if name.startswith("data/0/proofs/")]
    for name in proofs:
        seq = int(name.rpartition("/")[2].partition(".")[0])
        leaves[seq] = extra_of(files, seq)["leaf"].encode()
    rows = [[leaf_hash(leaf) for leaf in leaves]]
    while len(rows[-1]) > 1:
        rows.append(pair_up(rows[-1]))

    def read(level: int, index: int) -> bytes:
        return rows[level][index]

    root = tree_root(rows[0])
    note = sign_checkpoint(Checkpoint(scene.origin, len(leaves), root), [key.note_signer()])
    for name in proofs:
        seq = int(name.rpartition("/")[2].partition(".")[0])
        extra = files[name].split(b"\n")[1].decode()
        path = [encode_base64(one) for one in inclusion_path(seq, len(leaves), read)]
        head = "\n".join(["c2sp.org/tlog-proof@v1", extra, f"index {seq}", *path])
        files = files | {name: f"{head}\n\n".encode() + note}
    about = json.loads(files[layout.ABOUT])
    about["logs"][0]["root"] = root.hex()
    kept = {
        name: data
        for name, data in files.items()
        if not name.startswith(("data/0/checkpoints/", "data/0/consistency/"))
    }
    return stated(kept | {"data/0/checkpoint": note, layout.ABOUT: canonical(about)}, key)


def fresh_log(scene: Scene) -> Files:
    """Everything made anew by somebody who has no key of the log: its key entry names a key of theirs."""
    key = forger(scene)

    def change(files: Files) -> Files:
        payload = canonical({"from_size": 0, "vkey": str(key.verifier)})
        salt = bytes.fromhex(extra_of(files, 0)["salt"])
        c = sha256(b"vestige/payload/v1\n" + salt + sha256(payload).digest()).hexdigest()
        files = leaf_changed(files, 0, c=c, len=len(payload))
        files = files | {layout.control(0, 0): payload, "data/0/keys": f"{key.verifier}\n".encode()}
        return payload_changed(files, VICTIM, b"Nov 22 16:00:04 db sshd[7]: nobody")

    return regrown(scene, change, key)


@dataclass(frozen=True)
class Duel:
    """One way, and where it is found."""

    name: str
    what: str
    make: Callable[[Scene], Files]
    check: str
    file: str
    seq: int | None = None
    streamtrace: str = ""
    tracevault: str = ""


MISSED: Final = "missed"
DUELS: Final = [
    Duel(
        "manifest edited", "the query a bundle says it answers, manifests made to fit",
        lambda s: manifests(s.files | {layout.ABOUT: s.files[layout.ABOUT].replace(b'"sshd"', b'"sudo"')}),
        "statement", layout.STATEMENT, streamtrace=MISSED,
    ),
    Duel(
        "manifest edited, roughly", "a digest in the manifest, and nothing else",
        lambda s: s.files | {layout.MANIFEST: s.files[layout.MANIFEST].replace(b"a", b"b", 1)},
        "container", layout.MANIFEST, streamtrace=MISSED,
    ),
    Duel(
        "raw and its hash swapped", "a record's bytes and every digest of them that is not signed",
        lambda s: manifests(s.files | {layout.raw(0, VICTIM): b"Nov 22 16:00:04 db sshd[7]: nobody"}),
        "openings", layout.raw(0, VICTIM), VICTIM, streamtrace=MISSED,
    ),
    Duel(
        "raw, hash and commitment swapped", "the same, and the leaf commits to it",
        lambda s: manifests(payload_changed(s.files, VICTIM, b"Nov 22 16:00:04 db sshd[7]: nobody")),
        "inclusion", layout.proof(0, VICTIM), VICTIM, streamtrace=MISSED,
    ),
    Duel(
        "last event dropped", "the last record's files, manifests made to fit",
        lambda s: manifests(without(s.files, 12)), "complete", layout.proof(0, 12), 12, streamtrace=MISSED,
    ),
    Duel(
        "last event dropped, consistently", "and the ranges and counts, so that nothing is missing any more",
        lambda s: manifests(retold(without(s.files, 12), "3 11\n", 9)), "statement", layout.STATEMENT,
        streamtrace=MISSED,
    ),
    Duel(
        "re-signed with a fresh key", "a record swapped, the statement signed by a new key of the log's name",
        lambda s: stated(s.files | {layout.raw(0, VICTIM): b"x"}, forger(s)),
        "openings", layout.raw(0, VICTIM), VICTIM, streamtrace=MISSED,
    ),
    Duel(
        "statement by a fresh key", "no record touched, the time of making set back, signed by a new key",
        lambda s: stated(s.files, forger(s)), "statement", layout.STATEMENT, streamtrace=MISSED,
    ),
    Duel(
        "all made anew with a fresh key", "the log grown again over a changed record, every proof and signature new",
        fresh_log, "keys", "data/0/checkpoint", streamtrace=MISSED,
    ),
    Duel(
        "edit author", "who took the file in: the payload of the acquisition",
        lambda s: manifests(s.files | {layout.control(0, 1): s.files[layout.control(0, 1)].replace(b"ann@", b"bob@")}),
        "openings", layout.control(0, 1), 1, tracevault=MISSED,
    ),
    Duel(
        "edit author in the leaf", "the source a record came from",
        lambda s: manifests(leaf_changed(s.files, VICTIM, src="MALLORY")), "inclusion", layout.proof(0, VICTIM), VICTIM,
        tracevault=MISSED,
    ),
    Duel(
        "edit one event", "one byte of a record",
        lambda s: s.files | {layout.raw(0, VICTIM): s.files[layout.raw(0, VICTIM)].replace(b"sshd", b"ssh0")},
        "container", layout.raw(0, VICTIM), tracevault=MISSED,
    ),
    Duel(
        "delete one in the middle", "a record's files, manifests made to fit",
        lambda s: manifests(without(s.files, VICTIM)), "complete", layout.proof(0, VICTIM), VICTIM,
        tracevault="missed once its chain is recomputed",
    ),
    Duel(
        "delete the tail", "the last three records and their ranges and counts",
        lambda s: manifests(retold(without(s.files, 10, 11, 12), "3 9\n", 7)), "statement", layout.STATEMENT,
        tracevault=MISSED,
    ),
    Duel(
        "swap two", "two records' bytes and proofs",
        lambda s: manifests(
            s.files
            | {layout.raw(0, 5): s.files[layout.raw(0, 6)], layout.raw(0, 6): s.files[layout.raw(0, 5)]}
            | {layout.proof(0, 5): s.files[layout.proof(0, 6)], layout.proof(0, 6): s.files[layout.proof(0, 5)]}
        ),
        "leaves", layout.proof(0, 5), 5, tracevault="missed once its chain is recomputed",
    ),
    Duel(
        "rewrite the tree without the key", "a record changed, and every hash above it up to the root",
        lambda s: regrown(s, lambda files: payload_changed(files, VICTIM, b"x"), forger(s)),
        "keys", "data/0/checkpoint", tracevault=MISSED,
    ),
    Duel(
        "withhold without a reason", "a record's bytes and salt taken out, said to be withheld",
        lambda s: manifests(with_extra(
            {name: data for name, data in s.files.items() if name != layout.raw(0, VICTIM)}, VICTIM,
            {"leaf": extra_of(s.files, VICTIM)["leaf"], "withheld": "01M81ZRQV0E88WQTK3WJHHB0F2"},
        )),
        "records", layout.raw(0, VICTIM), VICTIM,
    ),
]  # fmt: skip


def scene(folder: Path) -> Scene:
    """A log in a fresh place, and its bundle."""
    ledger = log(sqlite_home(folder))
    files = unzipped(b"".join(packer(ledger).stream(clock=Clock(START, 0))))
    return Scene(ledger, files, ledger.keys(TENANT)[0].vkey)
