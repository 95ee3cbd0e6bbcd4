"""Tiles, proofs, checkpoints, the signer and its keys: on both drivers, checked with `proof` alone."""

from __future__ import annotations

import errno
import json
import os
import stat
import subprocess
import sys
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from support.homes import KEK, SERVER, TENANT, Chance, Clock, Home
from support.tiles import tiles_for
from vestige.ledger import Draft, EvidenceBatch, KeyEncryptionKey, Kind, Ledger
from vestige.ledger.keys import SigningKey
from vestige.model.errors import (
    BusyError,
    IntegrityError,
    NotFoundError,
    ProofError,
    SettingsError,
    SignerError,
    StorageError,
    UsageError,
)
from vestige.proof import (
    TileNodes,
    VerifierKey,
    decode_entries,
    inclusion_path,
    open_checkpoint,
    parse_note,
    parse_tlog_proof,
    tree_root,
    verify_consistency,
    verify_inclusion,
    verify_tlog_proof,
)

if TYPE_CHECKING:
    from pathlib import Path

OTHER = "01KAP000000000000000000THR"
SIZES = (1, 2, 256, 257, 700, 1025)


@pytest.fixture
def ledger(home: Home) -> Ledger:
    made = home.ledger()
    made.create_log(TENANT, SERVER)
    return made


def grow(ledger: Ledger, size: int) -> None:
    count = size - ledger.head(TENANT)
    if count:
        payloads = [b"%d" % i for i in range(count)]
        batch = ledger.prepare(EvidenceBatch("S", "A", "text/plain", payloads, [0] * count, [0] * count))
        ledger.transact(TENANT, lambda _: [batch])


def key_of(ledger: Ledger) -> VerifierKey:
    return VerifierKey.parse(ledger.keys(TENANT)[-1].vkey)


def test_everything_published_is_proved_by_proof_alone(ledger: Ledger) -> None:
    roots = {}
    for size in SIZES:
        grow(ledger, size)
        checkpoint = ledger.checkpoint(TENANT)
        opened = open_checkpoint(checkpoint.note.encode(), [key_of(ledger)], ledger.log(TENANT).origin)
        assert (opened.checkpoint.size, opened.checkpoint.root) == (size, checkpoint.root)
        roots[size] = checkpoint.root
    entries = ledger.read(TENANT, 0, SIZES[-1])
    hashes = [sha256(b"\x00" + entry.leaf).digest() for entry in entries]
    assert roots == {size: tree_root(hashes[:size]) for size in SIZES}
    for size in SIZES:
        for seq in {0, 1, size // 2, size - 1} & set(range(size)):
            verify_inclusion(hashes[seq], seq, size, ledger.inclusion(TENANT, seq, size), roots[size])
        for first in (s for s in SIZES if s <= size):
            verify_consistency(first, size, roots[first], roots[size], ledger.consistency(TENANT, first, size))
        for tile in tiles_for(size):
            assert len(ledger.tile(TENANT, tile.level, tile.index, tile.width)) == tile.width * 32
        read = TileNodes(size, lambda tile: ledger.tile(TENANT, tile.level, tile.index, tile.width))
        verify_inclusion(hashes[size // 3], size // 3, size, inclusion_path(size // 3, size, read), roots[size])
    assert decode_entries(ledger.entries_tile(TENANT, 0)) == [entry.leaf for entry in entries[:256]]
    assert decode_entries(ledger.entries_tile(TENANT, 4, 1)) == [entries[1024].leaf]
    proof = parse_tlog_proof(ledger.tlog_proof(TENANT, entries[300].id).encode())
    assert (proof.index, len(parse_note(proof.checkpoint).signatures)) == (300, 1)
    verify_tlog_proof(proof, entries[300].leaf, [key_of(ledger)], ledger.log(TENANT).origin)
    with pytest.raises(ProofError):
        verify_tlog_proof(proof, entries[301].leaf, [key_of(ledger)], ledger.log(TENANT).origin)


def test_nothing_beyond_the_last_checkpoint_is_served(ledger: Ledger) -> None:
    with pytest.raises(NotFoundError):
        ledger.tile(TENANT, 0, 0, 1)
    grow(ledger, 300)
    ledger.checkpoint(TENANT)
    grow(ledger, 600)
    unpublished = ledger.read(TENANT, 400, 401)[0]
    for refused in (
        lambda: ledger.tile(TENANT, 0, 1),
        lambda: ledger.tile(TENANT, 0, 1, 45),
        lambda: ledger.tile(TENANT, 1, 0, 2),
        lambda: ledger.tile(TENANT, -1, 0, 1),
        lambda: ledger.tile(TENANT, 64, 0, 1),
        lambda: ledger.tile(TENANT, 0, 0, 0),
        lambda: ledger.entries_tile(TENANT, 1, 45),
        lambda: ledger.inclusion(TENANT, 0, 301),
        lambda: ledger.consistency(TENANT, 300, 301),
        lambda: ledger.tlog_proof(TENANT, unpublished.id),
    ):
        with pytest.raises(NotFoundError):
            refused()
    assert len(ledger.tile(TENANT, 0, 1, 44)) == 44 * 32
    assert len(ledger.tile(TENANT, 1, 0, 1)) == 32
    assert len(decode_entries(ledger.entries_tile(TENANT, 1, 44))) == 44
    ledger.checkpoint(TENANT)
    assert ledger.tlog_proof(TENANT, unpublished.id)


def test_a_checkpoint_is_published_when_due_and_on_close(home: Home) -> None:
    clock = Clock(1_800_000_000_000_000_000, 0)
    ledger = home.ledger(clock=clock, entropy=Chance("due"))
    ledger.create_log(TENANT, SERVER)
    assert [checkpoint.size for checkpoint in ledger.publish_due()] == [1]
    assert ledger.publish_due() == []
    grow(ledger, 2)
    assert ledger.publish_due() == []
    clock.now += 999_999_999
    assert ledger.publish_due() == []
    clock.now += 1
    assert [checkpoint.size for checkpoint in ledger.publish_due()] == [2]
    grow(ledger, 3)
    at_once = ledger.checkpoint(TENANT)
    assert at_once.size == 3
    assert ledger.checkpoint(TENANT) == at_once
    grow(ledger, 4)
    ledger.close()
    assert ledger.latest_checkpoint(TENANT) is not None
    assert home.ledger().latest_checkpoint(TENANT)[0] == 4  # type: ignore[index]


def test_a_crash_between_commit_and_checkpoint_loses_nothing(home: Home, ledger: Ledger) -> None:
    grow(ledger, 5)
    ledger.checkpoint(TENANT)
    grow(ledger, 9)
    home.close()
    after = home.ledger()
    assert after.head(TENANT) == 9
    assert after.verify(TENANT).ok
    assert after.checkpoint(TENANT).size == 9
    assert after.verify(TENANT).ok


def test_a_crash_between_signature_and_its_row_signs_the_same_again(
    home: Home, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    grow(ledger, 5)
    monkeypatch.setattr("vestige.ledger.tables.insert_checkpoint", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        ledger.checkpoint(TENANT)
    monkeypatch.undo()
    signed = json.loads((home.signer / f"{TENANT}-0.json").read_bytes())
    assert signed["size"] == 5
    assert ledger.latest_checkpoint(TENANT) is None
    assert ledger.verify(TENANT).ok
    first = ledger.checkpoint(TENANT)
    assert (first.size, first.root.hex()) == (5, signed["root"])


def test_the_signer_refuses_what_it_did_not_sign(home: Home, ledger: Ledger) -> None:
    grow(ledger, 300)
    ledger.checkpoint(TENANT)
    path = home.signer / f"{TENANT}-0.json"
    good = path.read_bytes()
    state = json.loads(good)

    def signer_says(**changes: object) -> None:
        path.write_bytes(json.dumps({**state, **changes}, indent=1, sort_keys=True).encode() + b"\n")

    signer_says(size=400)
    with pytest.raises(SignerError, match="shrunk"):
        ledger.checkpoint(TENANT)
    signer_says(root="11" * 32)
    with pytest.raises(SignerError, match="not the one that was signed"):
        ledger.checkpoint(TENANT)
    signer_says(size=299, root="11" * 32)
    with pytest.raises(SignerError, match="not the one that was signed"):
        ledger.checkpoint(TENANT)
    signer_says(origin="vestige.example/t/other/0")
    with pytest.raises(SignerError, match="another log"):
        ledger.checkpoint(TENANT)
    for damaged in (b"", b"{}", good[:-2], good.replace(b"\n", b"")):
        path.write_bytes(damaged)
        with pytest.raises(SignerError):
            ledger.checkpoint(TENANT)
    path.unlink()
    with pytest.raises(SignerError, match="knows nothing"):
        ledger.checkpoint(TENANT)
    assert not ledger.verify(TENANT).ok
    path.write_bytes(good)
    grow(ledger, 301)
    assert ledger.checkpoint(TENANT).size == 301
    assert ledger.verify(TENANT).ok


def test_the_state_is_durable_before_the_signature_leaves(
    home: Home, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    grow(ledger, 7)
    seen: list[int] = []
    sign = SigningKey.sign

    def watching(self: SigningKey, message: bytes) -> bytes:
        seen.append(json.loads((home.signer / f"{TENANT}-0.json").read_bytes())["size"])
        return sign(self, message)

    monkeypatch.setattr(SigningKey, "sign", watching)
    ledger.checkpoint(TENANT)
    assert seen == [7]


def test_one_signer_at_a_time(home: Home, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vestige.ledger.signer.LOCK_SECONDS", 0.2)
    code = (
        "import fcntl,os,sys,time\n"
        "fd=os.open(sys.argv[1],os.O_RDWR|os.O_CREAT);fcntl.flock(fd,fcntl.LOCK_EX);print('held',flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(home.signer / f"{TENANT}-0.lock")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdin is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(BusyError):
            ledger.checkpoint(TENANT)
        holder.stdin.close()
    assert ledger.checkpoint(TENANT).size == 1


def test_private_keys_lie_nowhere_in_the_clear(home: Home) -> None:
    drawn: list[bytes] = []
    chance = Chance("keys")

    def entropy(count: int) -> bytes:
        drawn.append(chance(count))
        return drawn[-1]

    ledger = home.ledger(entropy=entropy)
    ledger.create_log(TENANT, SERVER)
    seed, _, secret, _ = drawn[:4]
    assert (len(seed), len(secret)) == (32, 32)
    ledger.dedup_key(TENANT, b"x")
    ledger.checkpoint(TENANT)
    ledger.rotate(TENANT)
    ledger.checkpoint(TENANT)
    key = SigningKey(ledger.log(TENANT).origin, seed)
    assert str(key.verifier) == ledger.keys(TENANT)[0].vkey
    public = key.verifier.public_key
    held = list(home.files())
    assert any(public.hex() in data.hex() or str(key.verifier).encode() in data for _, data in held)
    for private in (seed, secret, KEK):
        for name, data in held:
            assert private not in data, name
            assert private.hex().encode() not in data, name
            assert private.hex() not in data.hex(), name
    assert "seed" not in repr(key)
    assert private.hex() not in repr(KeyEncryptionKey(private))


def test_keys_open_under_their_key_encryption_key_only(home: Home, ledger: Ledger) -> None:
    other = KeyEncryptionKey(os.urandom(32))
    fresh = Ledger.open(home.db(), home.blobs, home.signer, other)
    with pytest.raises(SettingsError, match="another key-encryption key"):
        fresh.checkpoint(TENANT)
    ledger.rewrap(other)
    # The process that did it goes on with the new one: what it makes from now on opens under that too.
    ledger.create_log(OTHER, SERVER)
    ledger.rotate(TENANT)
    assert Ledger.open(home.db(), home.blobs, home.signer, other).checkpoint(OTHER).size == 1
    assert Ledger.open(home.db(), home.blobs, home.signer, other).checkpoint(TENANT).size == 2
    with pytest.raises(SettingsError, match="another key-encryption key"):
        Ledger.open(home.db(), home.blobs, home.signer, KeyEncryptionKey(KEK)).checkpoint(TENANT)
    with home.raw() as raw:
        ((wrapped,), *_) = raw.execute("SELECT wrapped FROM ledger_keys WHERE purpose = 'sign'").fetchall()
        raw.execute("UPDATE ledger_keys SET wrapped = ? WHERE purpose = 'dedup'", (wrapped,))
    with pytest.raises(IntegrityError, match="does not open"):
        Ledger.open(home.db(), home.blobs, home.signer, other).dedup_key(TENANT, b"x")


def test_a_key_is_compromised_at_a_size_the_log_has_had(ledger: Ledger) -> None:
    grow(ledger, 5)
    for size in (-1, 6):
        with pytest.raises(UsageError, match="never had that size"):
            ledger.rotate(TENANT, last_good_size=size)
    assert ledger.head(TENANT) == 5
    ledger.rotate(TENANT, last_good_size=5)
    ledger.checkpoint(TENANT)
    assert ledger.verify(TENANT).ok


def test_a_lock_that_cannot_be_had_is_a_stores_failure(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    def none_left(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("vestige.ledger.signer.fcntl.flock", none_left)
    with pytest.raises(StorageError, match="No locks available"):
        ledger.checkpoint(TENANT)
    monkeypatch.undo()
    assert ledger.checkpoint(TENANT).size == 1


def test_keys_are_rotated_midway(home: Home, ledger: Ledger) -> None:
    grow(ledger, 10)
    old_proof = ledger.checkpoint(TENANT)
    old = key_of(ledger)
    ledger.rotate(TENANT)
    ranges = ledger.keys(TENANT)
    assert [(key.from_size, key.to_size) for key in ranges] == [(0, 11), (11, None)]
    new = key_of(ledger)
    assert new != old
    both = []
    for size in (11, 12, 13, 14):
        grow(ledger, size)
        note = ledger.checkpoint(TENANT).note.encode()
        both.append(len(parse_note(note).signatures))
        open_checkpoint(note, [new], new.name)
    assert both == [2, 2, 1, 1]
    open_checkpoint(old_proof.note.encode(), [old], old.name)
    with home.raw() as raw:
        rows = raw.execute("SELECT wrapped FROM ledger_keys WHERE purpose = 'sign' ORDER BY from_size").fetchall()
    assert rows[0][0] is None
    assert rows[1][0] is not None
    report = ledger.verify(TENANT)
    assert report.ok, report
    ledger.rotate(TENANT, last_good_size=12)
    ledger.checkpoint(TENANT)
    assert ledger.verify(TENANT).ok


def test_the_signers_files_are_private(home: Home, ledger: Ledger) -> None:
    ledger.checkpoint(TENANT)
    assert stat.S_IMODE(home.signer.stat().st_mode) & 0o077 == 0
    leftovers = {path.name for path in home.signer.iterdir()}
    assert leftovers == {f"{TENANT}-0.json", f"{TENANT}-0.lock"}


def test_a_blob_that_was_planted_does_not_lead_out(home: Home, ledger: Ledger, tmp_path: Path) -> None:
    ledger.transact(TENANT, lambda _: [Draft(Kind.EVIDENCE, b"x" * 70_000)])
    (tmp_path / "secret").write_text("s")
    with home.raw() as raw:
        raw.execute("UPDATE ledger_payloads SET blob = '../../secret' WHERE seq = 1")
    with pytest.raises(NotFoundError, match="not a blob's name"):
        ledger.payload(TENANT, 1)
    report = ledger.verify(TENANT)
    assert (report.ok, report.first_bad_seq) == (False, 1)
