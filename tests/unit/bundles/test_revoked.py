"""A key in wrong hands: what it signed up to a size counts for ever, what it signed alone above that never again."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from support.anchoring import openssl
from support.bundles import answers, manifests, pack, standalone, unzipped
from support.homes import TENANT, Chance, Home, sqlite_home
from support.vouching import add, key_of, small
from vestige.app.ledgerview import LedgerView
from vestige.bundles import Selection, Trust, keys_of_text, last_good_of_text, layout
from vestige.ledger import brought_seed
from vestige.ledger.keys import SigningKey
from vestige.model.errors import ConflictError, SettingsError, UsageError
from vestige.proof import EMPTY_STATE, Checkpoint, extend, parse_checkpoint, parse_note, sign_checkpoint
from vestige.proof.note import encode_base64

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.bundles import Answer, Files
    from vestige.ledger import Ledger

FIRST = Chance("vouched")(32)
"""The private half of the first key: what the thief has."""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    (tmp_path / "home").mkdir()
    place = sqlite_home(tmp_path / "home")
    yield place
    place.close()


@pytest.fixture
def ledger(home: Home) -> Ledger:
    """Checkpoints at 6, 9 and 12 by the first key, which is good up to 9."""
    made = small(home)
    made.checkpoint(TENANT)
    for _ in range(2):
        add(made, 3)
        made.checkpoint(TENANT)
    return made


def bundle(ledger: Ledger, *records: int) -> Files:
    return unzipped(pack(ledger, Selection(records, {"query": "x"}, {})))


def both(files: Files, keys: str) -> Answer:
    trust = Trust(keys_of_text(keys), last_good=last_good_of_text(keys))
    one, two = answers(files, trust, standalone().Trust([keys], None))
    assert one == two
    return one


def told(ledger: Ledger, home: Home, *, as_json: bool) -> str:
    """The keys as `vestige ledger keys` prints them."""
    lines = []
    view = LedgerView(ledger, home.blobs, TENANT)
    for key in view.keys():  # noqa: SIM118 - no mapping
        span = f"from size {key['from_size']}" + (f" to {key['to_size']}" if "to_size" in key else "")
        span += f", compromised above size {key['last_good_size']}" if "last_good_size" in key else ""
        lines.append(json.dumps(key) if as_json else f"{key['vkey']}  epoch {key['epoch']}, {span}")
    return "\n".join(lines)


def test_a_bundle_made_after_the_revocation_holds_nothing_the_key_signed_too_late(ledger: Ledger, home: Home) -> None:
    """Records on both sides of the size: the new key's checkpoint proves them, and no earlier one is brought along."""
    before = bundle(ledger, 1, 7, 11)
    assert {name for name in before if "/checkpoints/" in name} >= {"data/0/checkpoints/6"}
    ledger.rotate(TENANT, last_good_size=9)
    ledger.checkpoint(TENANT)
    assert [key.last_good_size for key in ledger.keys(TENANT)] == [9, None]
    after = bundle(ledger, 1, 7, 11)
    names = {name for name in after if "/checkpoints/" in name}
    assert "data/0/checkpoints/6" in names
    assert "data/0/checkpoints/12" not in names
    for keys in (told(ledger, home, as_json=True), told(ledger, home, as_json=False)):
        assert both(after, keys).exit == 0


def test_an_earlier_bundle_is_refused_by_whoever_knows_of_the_revocation(ledger: Ledger, home: Home) -> None:
    good = unzipped(pack(ledger, Selection((1, 7), {"query": "x"}, {}), 9))
    late = unzipped(pack(ledger, Selection((1, 11), {"query": "x"}, {}), 12))
    then = str(key_of(ledger))
    assert both(good, then).exit == both(late, then).exit == 0
    ledger.rotate(TENANT, last_good_size=9)
    for as_json in (True, False):
        now = told(ledger, home, as_json=as_json)
        assert both(good, now).exit == 0
        refused = both(late, now)
        assert (refused.exit, refused.failed) == (1, frozenset({"keys"}))
        assert last_good_of_text(now) == {then: 9}
    assert both(late, then).exit == 0  # who does not know cannot say


@pytest.mark.parametrize(("size", "good"), [(6, True), (9, True), (10, False), (12, False)])
def test_a_checkpoint_signed_by_the_stolen_key_is_refused_above_the_size(ledger: Ledger, size: int, good: bool) -> None:
    """The thief signs the true tree of a size, which is all he can prove; above the size even that is refused."""
    ledger.rotate(TENANT, last_good_size=9)
    ledger.checkpoint(TENANT)
    files = bundle(ledger, 1)
    stolen, own = SigningKey(key_of(ledger).name, FIRST), files["data/0/checkpoint"]
    assert str(stolen.verifier) == ledger.keys(TENANT)[0].vkey
    end = parse_checkpoint(own).size
    root = root_of(ledger, size)
    note = sign_checkpoint(Checkpoint(stolen.verifier.name, size, root), [stolen.note_signer()])

    def proof(first: int, second: int, later: bytes) -> bytes:
        path = ledger.consistency(TENANT, first, second)
        lines = [f"old {first}", *map(encode_base64, path)]
        return "".join(f"{line}\n" for line in lines).encode() + b"\n" + later

    kept = {name: data for name, data in files.items() if "/checkpoints/" not in name and "/consistency/" not in name}
    planted = kept | {f"data/0/checkpoints/{size}": note, f"data/0/consistency/{size}-{end}": proof(size, end, own)}
    answer = both(reseal(ledger, planted), str(key_of(ledger)))
    assert (answer.exit, answer.failed) == ((0, frozenset()) if good else (1, frozenset({"keys"})))


def root_of(ledger: Ledger, size: int) -> bytes:
    return extend(EMPTY_STATE, [entry.leaf_hash for entry in ledger.read(TENANT, 0, size)])[1].root()


def reseal(ledger: Ledger, files: Files) -> Files:
    """Sealed by the log itself: only its own statement is of no matter here."""
    made = manifests(files)
    made_at = parse_note(files[layout.STATEMENT]).text.split("\n")[3]
    digest = sha256(made[layout.TAG_MANIFEST]).hexdigest()
    return made | {layout.STATEMENT: ledger.attest(TENANT, [f"bundle {digest}", made_at])}


def test_a_key_may_be_brought_at_a_rotation_once(ledger: Ledger, tmp_path: Path) -> None:
    file = tmp_path / "mine.pem"
    file.write_bytes(openssl("genpkey", "-algorithm", "ed25519"))
    file.chmod(0o644)
    with pytest.raises(SettingsError, match="others may read"):
        brought_seed(file)
    file.chmod(0o600)
    seed = brought_seed(file)
    ledger.rotate(TENANT, None, (), seed)
    ledger.checkpoint(TENANT)
    public = openssl("pkey", "-in", str(file), "-pubout", "-outform", "DER")[-32:]
    assert key_of(ledger).public_key == public
    assert ledger.verify(TENANT).ok
    assert both(bundle(ledger, 1, 8), str(key_of(ledger))).exit == 0
    for again in (seed, FIRST):
        with pytest.raises(ConflictError, match="was the log's before"):
            ledger.rotate(TENANT, None, (), again)
    with pytest.raises(UsageError, match="never had that size"):
        ledger.rotate(TENANT, 9999)
    assert ledger.verify(TENANT).ok
