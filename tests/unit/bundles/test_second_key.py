"""A post-quantum key beside the log's own: once the log names one, a checkpoint without its signature is refused."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from support.bundles import answers, by_product, by_standalone, manifests, pack, standalone, unzipped
from support.homes import TENANT, Chance, Home, sqlite_home
from support.vouching import add, key_of, small
from vestige.app.ledgerview import LedgerView
from vestige.bundles import Selection, Trust, keys_of_text, layout, seconds_of_text
from vestige.ledger import KeyEncryptionKey
from vestige.ledger.keys import SecondSigner, SigningKey
from vestige.model.errors import ProofError, UsageError
from vestige.proof import Note, format_note, parse_checkpoint, parse_note, sign_checkpoint, sign_note
from vestige.proof.mldsa import SecondKey

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.bundles import Files
    from vestige.ledger import Ledger


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    (tmp_path / "home").mkdir()
    place = sqlite_home(tmp_path / "home")
    yield place
    place.close()


@pytest.fixture
def ledger(home: Home) -> Ledger:
    made = small(home)
    made.checkpoint(TENANT)
    made.add_second_key(TENANT)
    made.checkpoint(TENANT)
    return made


def told(ledger: Ledger, home: Home) -> str:
    return "\n".join(json.dumps(key) for key in LedgerView(ledger, home.blobs, TENANT).keys())  # noqa: SIM118 - no mapping


def bundle(ledger: Ledger) -> Files:
    return unzipped(pack(ledger, Selection((1, 5), {"query": "x"}, {})))


def both(files: Files, keys: str) -> tuple[int, set[str]]:
    trust = Trust(keys_of_text(keys), seconds=seconds_of_text(keys))
    one, two = answers(files, trust, standalone().Trust([keys], None))
    assert one == two
    return one.exit, set(one.failed)


def reseal(files: Files) -> Files:
    """By whoever broke Ed25519: with the log's own key."""
    made = manifests(files)
    lines = parse_note(files[layout.STATEMENT]).text.split("\n")
    lines[2] = f"bundle {sha256(made[layout.TAG_MANIFEST]).hexdigest()}"
    key = SigningKey(lines[1], Chance("vouched")(32))
    return made | {layout.STATEMENT: sign_note("\n".join(lines), [key.note_signer()])}


def test_every_checkpoint_from_then_on_bears_both_signatures(ledger: Ledger, home: Home) -> None:
    first = ledger.checkpoint_covering(TENANT, 1)
    latest = ledger.latest_checkpoint(TENANT)
    assert first is not None
    assert latest is not None
    assert (len(parse_note(first.note.encode()).signatures), len(parse_note(latest.note.encode()).signatures)) == (1, 2)
    second = SecondKey.parse(ledger.keys(TENANT)[-1].second)
    second.check(parse_note(latest.note.encode()), parse_checkpoint(latest.note.encode()))
    found = ledger.verify(TENANT)
    assert found.ok
    assert "from size 7 on by ML-DSA-44 as well" in next(one.detail for one in found.checks if one.name == "signatures")
    ledger.rotate(TENANT)
    add(ledger, 2)
    ledger.add_second_key(TENANT)
    ledger.checkpoint(TENANT)
    assert ledger.keys(TENANT)[-1].second != str(second)
    ledger.rewrap(KeyEncryptionKey(b"k" * 32))
    add(ledger)
    ledger.checkpoint(TENANT)
    assert ledger.verify(TENANT).ok
    assert both(bundle(ledger), told(ledger, home)) == (0, set())


def test_a_stored_checkpoint_without_it_is_a_fault(ledger: Ledger, home: Home) -> None:
    assert ledger.verify(TENANT).ok
    latest = ledger.latest_checkpoint(TENANT)
    assert latest is not None
    note = parse_note(latest.note.encode())
    bare = format_note(Note(note.text, note.signatures[:1])).decode()
    with home.raw() as raw:
        raw.execute("UPDATE ledger_checkpoints SET note = ? WHERE size = ?", (bare, latest.size))
    found = ledger.verify(TENANT)
    assert (found.ok, found.interval) == (False, (6, 7))
    assert "lacks its second signature" in found.reason


def test_both_verifiers_ask_for_it(ledger: Ledger, home: Home) -> None:
    files, keys = bundle(ledger), told(ledger, home)
    assert both(reseal(files), keys) == both(reseal(files), str(key_of(ledger))) == (0, set())
    own = files["data/0/checkpoint"]
    note = parse_note(own)
    stranger = SecondSigner(key_of(ledger).name, b"s" * 32)
    bare = format_note(Note(note.text, note.signatures[:1]))
    last = bytearray(note.signatures[1].signature)
    last[-1] ^= 1
    turned = format_note(Note(note.text, (note.signatures[0], note.signatures[1]._replace(signature=bytes(last)))))
    twice = format_note(Note(note.text, (*note.signatures, note.signatures[1])))
    for changed in (bare, turned, twice, stranger.beside(bare, parse_checkpoint(own))):
        broken = reseal({name: data.replace(own, changed) for name, data in files.items()})
        assert both(broken, keys) == (1, {"keys"})
    detail = by_product(files, Trust(keys_of_text(keys), seconds=seconds_of_text(keys))).to_json()["checks"][2][
        "detail"
    ]
    assert "as well by ML-DSA-44 key" in detail
    assert "DID NOT GIVE" not in detail
    assert "DID NOT GIVE" in by_product(files, Trust(keys_of_text(keys))).to_json()["checks"][2]["detail"]
    # Whoever breaks Ed25519 leaves the second key out of the history too; who was given that key sees it.
    forged = without_history(ledger, files)
    assert both(forged, str(key_of(ledger))) == (0, set())
    assert both(forged, keys) == (1, {"keys"})


def without_history(ledger: Ledger, files: Files) -> Files:
    """The bundle with no word of the second key: its entry left out, and one signature."""
    own = files["data/0/checkpoint"]
    bare = sign_checkpoint(
        parse_checkpoint(own), [SigningKey(key_of(ledger).name, Chance("vouched")(32)).note_signer()]
    )
    gone = {"data/0/control/6.json", "data/0/proofs/6.tlog-proof"}
    kept = {
        name: data.replace(own, bare)
        for name, data in files.items()
        if name not in gone and not name.startswith(("data/0/checkpoints/", "data/0/consistency/"))
    }
    return reseal(kept | {"data/0/control.txt": b"0 0\n"})


@pytest.mark.parametrize("change", ["key", "second", "sig", "sig_second", "from_size", "more"])
def test_an_introduction_that_does_not_fit_is_refused(home: Home, change: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = small(home)
    real = ledger._keyring.add_second

    def altered(*arguments: Any) -> bytes:
        said = json.loads(real(*arguments))
        other = SecondSigner(key_of(ledger).name, b"o" * 32)
        said |= {
            "key": {"key": str(SigningKey(key_of(ledger).name, b"o" * 32).verifier)},
            "second": {"second": str(other.verifier)}, "sig": {"sig": "00" * 64},
            "sig_second": {"sig_second": "00" * 2420},
            "from_size": {"from_size": said["from_size"] + 1}, "more": {"more": "x"},
        }[change]  # fmt: skip
        return json.dumps(said, sort_keys=True, separators=(",", ":")).encode()

    monkeypatch.setattr(ledger._keyring, "add_second", altered)
    ledger.add_second_key(TENANT)
    ledger.checkpoint(TENANT)
    found = ledger.verify(TENANT)
    assert (found.ok, found.first_bad_seq) == (False, 6)
    code, failed = both(bundle(ledger), str(key_of(ledger)))
    assert code == 1
    assert "history" in failed


def test_an_old_cryptography_is_told_and_refuses_nothing(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    files = bundle(ledger)
    module = standalone()
    trust = module.Trust([str(key_of(ledger))], None)
    assert "NOT CHECKED" not in by_standalone(files, trust).json()["checks"][2]["detail"]
    monkeypatch.setattr("support.bundles.standalone", lambda: module)
    monkeypatch.setitem(module.__dict__, "mldsa", None)
    report = by_standalone(files, trust).json()
    assert report["exit"] == 0
    assert "ML-DSA-44 signatures are NOT CHECKED" in report["checks"][2]["detail"]


def test_keys_are_read_and_refused() -> None:
    signer = SecondSigner("log.example/x", b"1" * 32)
    text = str(signer.verifier)
    assert SecondKey.parse(text) == signer.verifier
    assert "1" * 32 not in repr(signer)
    assert signer.verifier.public_key == MLDSA44PrivateKey.from_seed_bytes(b"1" * 32).public_key().public_bytes_raw()
    for bad in ("", "x", text[:-4], text.replace("+B", "+A", 1), text.replace("log.", "lot.", 1), "a+b"):
        with pytest.raises(ProofError):
            SecondKey.parse(bad)
    with pytest.raises(UsageError):
        seconds_of_text('{"vkey":"x","second":"y"}')
