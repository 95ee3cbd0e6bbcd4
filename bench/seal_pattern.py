"""Beside peers: sealing in the pattern TraceVault uses, and in ours, on the same PostgreSQL.

A *seal-pattern emulation*, never a measurement of TraceVault: from a reading of its public code
(softwaremill/tracevault at f423f7a), the statements it sends to seal one commit that has no session, on a schema
written from that description. The organisation, whether it seals, and its key are read and the key is opened
(AES-256-GCM); the commit is read; in one transaction an advisory lock is taken, the seal before is looked up by
``ORDER BY sealed_at DESC``, for which there is no index, and the new one is written, over SHA-256 of the record and of
the chain, signed with Ed25519; a row of audit follows. It is kind to what it emulates: no HTTP, prepared statements, a
Unix socket.

Ours is a seal as the ledger keeps one: an entry with salt, commitment, leaf and Merkle tree, and its row of audit in
the same transaction. It is signed by the checkpoint over it: once with one for each seal, remembered by the signer
outside the database with two syncs of the disk, once as the product does by itself, at most one a second. One client
each; before each sample the chain is made so long.
"""

from __future__ import annotations

import hashlib
import os
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import psycopg
from bench.parts import Measure, rate
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from vestige.db import Database
from vestige.ledger import DirectoryBlobs, Draft, EvidenceBatch, KeyEncryptionKey, Kind, Ledger
from vestige.proof.canonical import canonical

if TYPE_CHECKING:
    from bench.parts import Bench

LENGTHS = (100, 10_000, 100_000)
SEALS = 200
TENANT = "01KAP00000000000000000TENA"
SCHEMA = """
CREATE TABLE orgs (id uuid PRIMARY KEY, slug text, signing_enabled boolean);
CREATE TABLE org_keys (org_id uuid PRIMARY KEY REFERENCES orgs, nonce bytea, sealed bytea);
CREATE TABLE commits (id uuid PRIMARY KEY, org_id uuid REFERENCES orgs, sha text, message text);
CREATE TABLE seals (id uuid PRIMARY KEY, org_id uuid REFERENCES orgs, commit_id uuid UNIQUE, record_hash text,
  chain_hash text, prev_chain_hash text, signature bytea, sealed_at timestamptz DEFAULT now());
CREATE INDEX ON seals (org_id);
CREATE TABLE audit (id uuid PRIMARY KEY, org_id uuid, action text, at timestamptz DEFAULT now(), detail jsonb);
"""


SIDES = {
    "ours": "ours, a checkpoint each",
    "ours_by_the_second": "ours, a checkpoint a second",
    "theirs": "seal-pattern emulation",
}
COLUMNS = "id, org_id, commit_id, record_hash, chain_hash, prev_chain_hash, signature, sealed_at"
SEAL = (
    f"INSERT INTO seals ({COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s, %s, now()) "  # noqa: S608 - our own
    "ON CONFLICT (commit_id) DO UPDATE SET record_hash = EXCLUDED.record_hash, chain_hash = EXCLUDED.chain_hash, "
    "sealed_at = now()"
)
BEFORE = "SELECT chain_hash FROM seals WHERE org_id = %s ORDER BY sealed_at DESC LIMIT 1"


def measure(bench: Bench) -> list[Measure]:
    """The row."""
    rates: dict[str, list[float]] = {name: [] for name in SIDES}
    for length in LENGTHS[: 2 if bench.quick else 3]:
        bench.say(f"seal: {SEALS} more on a chain of {length:,}")
        for name, found_rates in rates.items():
            database = bench.server.create()
            try:
                found = bench.part(f"bench.seal_pattern:{name}", url=bench.server.url(database),
                                   folder=str(bench.place("seal")), length=length)  # fmt: skip
            finally:
                bench.server.drop(database)
            found_rates.append(found["rate"])
    out = []
    for number, length in enumerate(LENGTHS[: len(rates["theirs"])]):
        theirs_then = rates["theirs"][number]
        for name, told in SIDES.items():
            then = rates[name][number]
            note = "" if name == "theirs" else f"{then / theirs_then:.2f} times the emulation"
            out.append(rate(f"seals on a chain of {length:,}, {told}", [then], "seals/s", note))
    for name, told in SIDES.items():
        out.append(
            Measure(f"the longest chain's rate / the shortest's, {told}", rates[name][-1] / rates[name][0], "ratio")
        )
    return out


def ours(url: str, folder: str, length: int) -> dict[str, Any]:
    """Seals a second on a log of so many entries, each with a checkpoint of its own."""
    return _ours(url, folder, length, each=True)


def ours_by_the_second(url: str, folder: str, length: int) -> dict[str, Any]:
    """The same with a checkpoint a second at most, and one at the end."""
    return _ours(url, folder, length, each=False)


def _ours(url: str, folder: str, length: int, *, each: bool) -> dict[str, Any]:
    with Database.open(url) as db:
        db.migrate()
        ledger = Ledger.open(
            db, DirectoryBlobs(Path(folder) / "blobs"), Path(folder) / "signer", KeyEncryptionKey(b"k" * 32)
        )
        ledger.create_log(TENANT, "bench")
        payloads = [b'{"seal":%d}' % number for number in range(length)]
        batch = EvidenceBatch(TENANT, TENANT, "application/json", payloads, list(range(length)), list(range(length)))
        prepared = ledger.prepare(batch, TENANT)
        ledger.transact(TENANT, lambda _: [prepared])
        ledger.checkpoint(TENANT)
        begun = time.perf_counter()
        for number in range(SEALS):
            seal = canonical({"commit": f"{number:040x}", "record": hashlib.sha256(b"%d" % number).hexdigest()})
            act = canonical({"act": "seal.made", "by": "bench", "resource": f"{number:040x}"})
            ledger.transact(TENANT, lambda _, pair=(seal, act): [Draft(Kind.SEAL, pair[0]), Draft(Kind.AUDIT, pair[1])])  # type: ignore[misc]
            if each:
                ledger.checkpoint(TENANT)
            else:
                ledger.publish_due()
        ledger.checkpoint(TENANT)
        seconds = time.perf_counter() - begun
        ledger.close()
    return {"rate": SEALS / seconds}


def theirs(url: str, folder: str, length: int) -> dict[str, Any]:
    """Seals a second in the emulated pattern."""
    del folder
    org, secret = uuid.uuid4(), os.urandom(32)
    key, nonce = Ed25519PrivateKey.generate(), os.urandom(12)
    with psycopg.connect(url, autocommit=True, prepare_threshold=0) as connection:
        run = connection.execute
        run(SCHEMA, prepare=False)
        run("INSERT INTO orgs VALUES (%s, 'bench', true)", (org,))
        run("INSERT INTO org_keys VALUES (%s, %s, %s)",
            (org, nonce, AESGCM(secret).encrypt(nonce, key.private_bytes_raw(), None)))  # fmt: skip
        commits = [uuid.uuid4() for _ in range(SEALS)]
        with connection.cursor().copy("COPY commits FROM STDIN") as copy:
            for commit in commits:
                copy.write_row((commit, org, commit.hex, "a commit"))
        with connection.cursor().copy(f"COPY seals ({COLUMNS}) FROM STDIN") as copy:
            for number in range(length):
                at = f"2026-01-01T{number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02}Z"
                copy.write_row((uuid.uuid4(), org, uuid.uuid4(), "0" * 64, f"{number:064x}", "0" * 64, b"\0" * 64, at))
        run("ANALYZE")
        begun = time.perf_counter()
        for commit in commits:
            run("SELECT * FROM orgs WHERE id = %s", (org,)).fetchone()
            run("SELECT signing_enabled FROM orgs WHERE id = %s", (org,)).fetchone()
            ((nonce, sealed),) = run("SELECT nonce, sealed FROM org_keys WHERE org_id = %s", (org,)).fetchall()
            signer = Ed25519PrivateKey.from_private_bytes(AESGCM(secret).decrypt(nonce, sealed, None))
            (stored,) = run("SELECT id, sha, message FROM commits WHERE id = %s", (commit,)).fetchall()
            record = hashlib.sha256(orjson.dumps([str(one) for one in stored])).hexdigest()
            with connection.transaction():
                run("SELECT pg_advisory_xact_lock(hashtext(%s))", (str(org),))
                before = run(BEFORE, (org,)).fetchone()
                prev = before[0] if before else ""
                chained = hashlib.sha256((prev + record).encode()).hexdigest()
                run(SEAL,
                    (uuid.uuid4(), org, commit, record, chained, prev, signer.sign(record.encode())))  # fmt: skip
            run("INSERT INTO audit VALUES (%s, %s, 'commit.sealed', now(), '{}')", (uuid.uuid4(), org))
        seconds = time.perf_counter() - begun
    return {"rate": SEALS / seconds}
