"""The golden log: the same bytes from both drivers, and right by the arithmetic of others."""

from __future__ import annotations

import base64
import json
from hashlib import sha256

import pytest
import rfc8785

from support.golden import FOLDER, PROOFS, SIZES, build, render
from support.homes import TENANT, Home
from vestige.ledger import Kind
from vestige.proof import VerifierKey, open_checkpoint, parse_tlog_proof, tree_root, verify_tlog_proof

LEAVES = (FOLDER / "leaves.ndjson").read_bytes().splitlines()
OPENINGS = json.loads((FOLDER / "openings.json").read_bytes())
KEY = VerifierKey.parse(json.loads((FOLDER / "keys.json").read_bytes())[0]["vkey"])


def test_both_drivers_make_it_byte_for_byte(home: Home) -> None:
    ledger = build(home)
    made = render(ledger)
    stored = {str(path.relative_to(FOLDER)): path.read_bytes() for path in FOLDER.rglob("*") if path.is_file()}
    stored.pop("README.md")
    assert made == stored
    assert ledger.verify(TENANT).ok


def test_every_kind_is_in_it() -> None:
    assert {opening["kind"] for opening in OPENINGS} == {kind.value for kind in Kind}
    assert len(LEAVES) == len(OPENINGS) == 20


@pytest.mark.parametrize("seq", range(20))
def test_each_leaf_is_canonical_and_commits_to_its_payload(seq: int) -> None:
    leaf, opening = LEAVES[seq], OPENINGS[seq]
    fields = json.loads(leaf)
    assert rfc8785.dumps(fields) == leaf
    assert fields["seq"] == seq
    assert sha256(b"\x00" + leaf).hexdigest() == opening["leaf_hash"]
    if opening["payload"] is None:
        assert seq in {4, 5}
        assert opening["salt"] is None
        return
    payload, salt = base64.b64decode(opening["payload"]), bytes.fromhex(opening["salt"])
    assert len(payload) == fields["len"]
    assert sha256(b"vestige/payload/v1\n" + salt + sha256(payload).digest()).hexdigest() == fields["c"]


@pytest.mark.parametrize("size", SIZES)
def test_each_checkpoint_is_signed_over_the_root_of_its_leaves(size: int) -> None:
    opened = open_checkpoint((FOLDER / f"checkpoint.{size}").read_bytes(), [KEY], KEY.name)
    assert opened.checkpoint.size == size
    assert opened.checkpoint.root == tree_root([sha256(b"\x00" + leaf).digest() for leaf in LEAVES[:size]])


@pytest.mark.parametrize("seq", PROOFS)
def test_each_proof_verifies(seq: int) -> None:
    proof = parse_tlog_proof((FOLDER / f"proofs/{seq}.tlog-proof").read_bytes())
    assert proof.index == seq
    verify_tlog_proof(proof, LEAVES[seq], [KEY], KEY.name)
