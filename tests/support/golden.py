"""The golden log: 20 entries, every kind once, made of fixed times, ids, salts and keys.

``python -m support.golden`` (from ``tests``) writes ``tests/vectors/golden`` anew. Do so only when ledger.md changes a
byte on purpose: every bundle in the world was made of bytes like these.
"""

from __future__ import annotations

import base64
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from support.homes import SERVER, TENANT, Chance, Clock, Home, sqlite_home
from vestige.ledger import Draft, EvidenceBatch, Kind
from vestige.proof import canonical

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vestige.ledger import Appended, Ledger, Transaction

FOLDER = Path(__file__).resolve().parents[1] / "vectors" / "golden"
START = 1_795_363_200_000_000_000
"""2026-11-22T16:00:00Z."""

SOURCE = "01KAP0000000000000000S0RCE"
HOLDER = "01KAP00000000000000000C0DE"
SIZES = (1, 6, 13, 20)
PROOFS = (0, 3, 12, 19)


def build(home: Home) -> Ledger:
    """Make the golden log in an empty home."""
    ledger = home.ledger(clock=Clock(START, 123_456_789), entropy=Chance("golden"))
    ledger.create_log(TENANT, SERVER)
    ledger.checkpoint(TENANT)
    ids = [ledger.read(TENANT, 0, 1)[0].id]

    def append(*drafts: Draft) -> None:
        for item in ledger.transact(TENANT, lambda _: drafts).items:
            ids.extend(item.ids)

    append(
        Draft(
            Kind.ACQUISITION,
            canonical({"blake3": "00" * 32, "by": "local:0", "name": "auth.log", "sha256": "11" * 32, "size": 81}),
            source=SOURCE,
        ),
        Draft(Kind.NORMALISATION, canonical({"parser": "syslog", "version": "1", "year": 2026, "zone": "UTC"})),
    )
    lines = [b"Nov 22 16:00:0%d db sshd[7]: ok" % i for i in range(3)]
    batch = EvidenceBatch(SOURCE, ids[1], "text/plain", lines, [0, 31, 62], [0, 1, 2])
    prepared = ledger.prepare(batch)
    ids.extend(ledger.transact(TENANT, lambda _: [prepared]).items[0].ids)
    ledger.checkpoint(TENANT)
    append(
        Draft(Kind.SEAL, canonical({"commit": "22" * 20})),
        Draft(Kind.AMENDMENT, canonical({"text": "caf\u00e9 \u20ac \U0001f512"}), refs=(ids[3],)),
        Draft(Kind.REDACTION, canonical({"code": "privacy"}), refs=(ids[3],)),
        Draft(Kind.AUDIT, canonical({"act": "hold.reason", "text": "matter 7"})),
    )
    append(Draft(Kind.HOLD, canonical({"case": HOLDER}), refs=(ids[9],)))
    append(
        Draft(Kind.HOLD_SCOPE, canonical({"evaluated_to": 11, "hold": ids[10], "ranges": [[3, 6]]}), refs=(ids[10],))
    )
    append(Draft(Kind.RELEASE, canonical({"hold": ids[10]}), refs=(ids[10],)))
    ledger.checkpoint(TENANT)
    ids.extend(erase(ledger, Kind.ERASURE, [(4, 5)]).ids)
    append(Draft(Kind.ERASURE_DONE, canonical({"count": 1}), refs=(ids[13],)))
    ids.extend(erase(ledger, Kind.PURGE, [(5, 6)]).ids)
    append(
        Draft(Kind.ANCHOR, canonical({"size": 13, "type": "rfc3161"})),
        Draft(Kind.RESTORE, canonical({"lost": [], "origin": f"{SERVER}/t/{HOLDER}/0", "root": "33" * 32, "size": 7})),
        Draft(
            Kind.EVIDENCE,
            b"\x00\xff binary",
            media_type="application/octet-stream",
            source=SOURCE,
            offset=7,
            number=0,
            sender_seq=41,
            sender_epoch="boot-1",
            dedup=ledger.dedup_key(TENANT, SOURCE.encode(), b"request-1", b"0"),
        ),
        Draft(Kind.AUDIT, canonical({"act": "case.opened", "count": 9007199254740991})),
    )
    ledger.checkpoint(TENANT)
    return ledger


def erase(ledger: Ledger, kind: Kind, ranges: Sequence[tuple[int, int]], **fields: str) -> Appended:
    """Erase payloads as the ledger's rules ask: entry, range and deletion in one transaction."""

    def act(tx: Transaction) -> list[Draft]:
        def delete(items: Sequence[Appended]) -> None:
            for lo, hi in ranges:
                values = {"log": ledger.log(TENANT).number, "lo": lo, "hi": hi, "by": items[0].first_seq}
                tx.connection.execute(
                    sa.text("INSERT INTO ledger_erasures (log, lo, hi, by_seq) VALUES (:log, :lo, :hi, :by)"), values
                )
                tx.connection.execute(
                    sa.text("DELETE FROM ledger_payloads WHERE log = :log AND seq >= :lo AND seq < :hi"), values
                )

        tx.after(delete)
        return [Draft(kind, canonical({**fields, "ranges": [list(pair) for pair in ranges]}))]

    return ledger.transact(TENANT, act).items[0]


def render(ledger: Ledger) -> dict[str, bytes]:
    """The golden log as files: name to bytes."""
    entries = ledger.read(TENANT, 0, 20)
    files = {
        "leaves.ndjson": b"".join(entry.leaf + b"\n" for entry in entries),
        "openings.json": _json(
            [
                {
                    "kind": entry.kind.value,
                    "leaf_hash": entry.leaf_hash.hex(),
                    "payload": None if entry.payload is None else base64.b64encode(entry.payload).decode(),
                    "salt": None if entry.salt is None else entry.salt.hex(),
                    "seq": entry.seq,
                }
                for entry in entries
            ]
        ),
        "keys.json": _json(
            [{"vkey": key.vkey, "from_size": key.from_size, "to_size": key.to_size} for key in ledger.keys(TENANT)]
        ),
        "tile/0/000.p/20": ledger.tile(TENANT, 0, 0, 20),
        "tile/entries/000.p/20": ledger.entries_tile(TENANT, 0, 20),
    }
    for size in SIZES:
        files[f"checkpoint.{size}"] = _checkpoint(ledger, size)
    for seq in PROOFS:
        files[f"proofs/{seq}.tlog-proof"] = ledger.tlog_proof(TENANT, entries[seq].id).encode()
    return files


def _checkpoint(ledger: Ledger, size: int) -> bytes:
    proof = ledger.tlog_proof(TENANT, ledger.read(TENANT, size - 1, size)[0].id)
    return proof.split("\n\n", 1)[1].encode()


def _json(value: object) -> bytes:
    return json.dumps(value, indent=1, sort_keys=True).encode() + b"\n"


def write() -> None:
    """Replace the vectors by what the code makes now."""
    with tempfile.TemporaryDirectory() as folder:
        home = sqlite_home(Path(folder))
        files = render(build(home))
        home.close()
    for name, data in files.items():
        path = FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


if __name__ == "__main__":
    write()
