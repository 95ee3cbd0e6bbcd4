"""One-entry proofs: published files, round trips, and every way a file can lie."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vestige.model.errors import ProofError
from vestige.proof.checkpoint import Checkpoint, sign_checkpoint
from vestige.proof.merkle import inclusion_path
from vestige.proof.note import NoteSigner, VerifierKey
from vestige.proof.tlog_proof import (
    HEADER,
    MAX_EXTRA,
    MAX_PATH,
    TlogProof,
    format_tlog_proof,
    parse_tlog_proof,
    verify_tlog_proof,
)

if TYPE_CHECKING:
    from unit.proof.conftest import NaiveTree

VECTORS = json.loads((Path(__file__).parents[2] / "vectors/proof/tlog-proofs.json").read_text())
ORIGIN = "vestige.example/t/01KAP0000000000000000000ZZ/0"
PRIVATE = Ed25519PrivateKey.from_private_bytes(b"\x01" * 32)
SIGNER = NoteSigner(VerifierKey(ORIGIN, PRIVATE.public_key().public_bytes_raw()), PRIVATE.sign)
NOTE = sign_checkpoint(Checkpoint(ORIGIN, 5, bytes(32)), [SIGNER])
steady = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize("row", VECTORS["good"], ids=lambda r: r["id"])
def test_published_proofs(row: dict[str, Any]) -> None:
    text = row["text"].encode()
    with pytest.raises(ProofError):  # the source's checkpoint is a placeholder
        parse_tlog_proof(text)
    assert text.endswith(row["checkpoint"].encode())
    text = text.removesuffix(row["checkpoint"].encode()) + NOTE
    extra = row["extra"].encode() if "extra" in row else None
    expected = TlogProof(row["index"], tuple(map(base64.b64decode, row["hashes"])), NOTE, extra)
    assert parse_tlog_proof(text) == expected
    assert format_tlog_proof(expected) == text


@pytest.mark.parametrize("row", VECTORS["bad"], ids=lambda r: r["id"])
def test_published_refusals(row: dict[str, str]) -> None:
    # With a real checkpoint, so that it is the fault named which is refused.
    with pytest.raises(ProofError) as caught:
        parse_tlog_proof(row["text"].replace("checkpoint\n", "").encode() + NOTE)
    assert "note" not in caught.value.message


def proof_of(tree: NaiveTree, index: int, size: int, extra: bytes | None = None) -> TlogProof:
    note = sign_checkpoint(Checkpoint(ORIGIN, size, tree.mth(0, size)), [SIGNER])
    return TlogProof(index, tuple(inclusion_path(index, size, tree.node)), note, extra)


@pytest.mark.parametrize(("index", "size"), [(0, 1), (0, 2), (6, 7), (255, 256), (256, 257), (100, 300)])
def test_a_proof_travels_as_a_file(tree: NaiveTree, index: int, size: int) -> None:
    data = format_tlog_proof(proof_of(tree, index, size, b"\x00extra"))
    proof = parse_tlog_proof(data)
    opened = verify_tlog_proof(proof, tree.data(index), [SIGNER.key], ORIGIN)
    assert (opened.checkpoint.size, opened.signed_by) == (size, (SIGNER.key,))


def test_what_does_not_verify(tree: NaiveTree) -> None:
    proof = proof_of(tree, 5, 9)
    verify_tlog_proof(proof, tree.data(5), [SIGNER.key], ORIGIN)
    stranger = VerifierKey("example.com", SIGNER.key.public_key)
    for wrong, leaf, key, origin in [
        (proof, tree.data(4), SIGNER.key, ORIGIN),
        (proof, tree.leaf(5), SIGNER.key, ORIGIN),
        (proof, tree.data(5), stranger, ORIGIN),
        (proof, tree.data(5), SIGNER.key, ORIGIN[:-1] + "1"),
        (replace(proof, index=4), tree.data(5), SIGNER.key, ORIGIN),
        (replace(proof, index=9), tree.data(5), SIGNER.key, ORIGIN),
        (replace(proof, path=proof.path[:-1]), tree.data(5), SIGNER.key, ORIGIN),
        (replace(proof, path=(*proof.path, bytes(32))), tree.data(5), SIGNER.key, ORIGIN),
        (replace(proof, path=proof.path[::-1]), tree.data(5), SIGNER.key, ORIGIN),
        (replace(proof, checkpoint=proof_of(tree, 5, 10).checkpoint), tree.data(5), SIGNER.key, ORIGIN),
    ]:
        with pytest.raises(ProofError):
            verify_tlog_proof(wrong, leaf, [key], origin)


def test_the_extra_data_are_vouched_for_by_nothing(tree: NaiveTree) -> None:
    proof = proof_of(tree, 5, 9, b"anything")
    for extra in (b"", None, b"something else"):
        other = parse_tlog_proof(format_tlog_proof(replace(proof, extra=extra)))
        assert other.extra == extra
        verify_tlog_proof(other, tree.data(5), [SIGNER.key], ORIGIN)


def test_a_proof_is_small(tree: NaiveTree) -> None:
    assert len(format_tlog_proof(proof_of(tree, 100, 300))) < 3000
    deepest = TlogProof(0, (bytes(32),) * 27, NOTE)  # a log of 80 million entries
    assert len(format_tlog_proof(deepest)) < 3000


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (HEADER, "c2sp.org/tlog-proof@v2"),
        (HEADER, HEADER + " "),
        (HEADER, "\n" + HEADER),
        ("extra ", "extra  "),
        ("extra ", "Extra "),
        ("extra eA==", "extra eB=="),
        ("extra eA==\n", "extra eA==\nextra eA==\n"),
        ("extra eA==\n", "\n"),
        ("index 5", "index 05"),
        ("index 5", "index  5"),
        ("index 5", "index 5 "),
        ("index 5", "index \u0665"),
        ("index 5", "index 9223372036854775808"),
        ("index 5\n", "index 5\nindex 5\n"),
        ("index 5\n", "index 5\r\n"),
        ("index 5\nAAAA", "index 5\n\nAAAA"),
        ("AAA=\n", "AAB=\n"),
        ("AAA=\n\n", "AAA=\n"),
        ("AAA=\n\n", "AAA=\n\n\n\n"),
        ("AAA=\n\n", "AAA=\nAAAA\n\n"),
    ],
)
def test_another_spelling_is_refused(old: str, new: str) -> None:
    text = format_tlog_proof(TlogProof(5, (bytes(32),), NOTE, b"x")).decode()
    assert old in text
    with pytest.raises(ProofError):
        parse_tlog_proof(text.replace(old, new, 1).encode())


def test_sizes_are_capped() -> None:
    assert (MAX_PATH, MAX_EXTRA) == (63, 65_536)
    cap = 1_048_576 + 2 * MAX_EXTRA
    with pytest.raises(ProofError, match="not a tlog-proof"):
        parse_tlog_proof(b"x" * cap)
    with pytest.raises(ProofError, match="too long"):
        parse_tlog_proof(b"x" * (cap + 1))
    longest = TlogProof(0, (bytes(32),) * MAX_PATH, NOTE, bytes(MAX_EXTRA))
    assert parse_tlog_proof(format_tlog_proof(longest)) == longest
    for wrong in (
        replace(longest, path=(*longest.path, bytes(32))),
        replace(longest, extra=bytes(MAX_EXTRA + 1)),
        replace(longest, path=(bytes(64),)),
        replace(longest, index=-1),
        replace(longest, checkpoint=b"x" * (1 << 21)),
        replace(longest, checkpoint=b""),
    ):
        with pytest.raises(ProofError):
            format_tlog_proof(wrong)
    with pytest.raises(ProofError):
        parse_tlog_proof(f"{HEADER}\nindex 0\n{'a' * 65 * 1024}\n".encode())


WHOLE = format_tlog_proof(TlogProof(5, (bytes(32),), NOTE, b"x"))


@settings(steady, max_examples=200)
@given(st.integers(0, len(WHOLE) - 1), st.integers(0, len(WHOLE)), st.binary(max_size=4))
def test_parsing_a_damaged_proof_raises_nothing_else(start: int, end: int, new: bytes) -> None:
    data = WHOLE[:start] + new + WHOLE[end:]
    try:
        proof = parse_tlog_proof(data)
    except ProofError:
        return
    assert format_tlog_proof(proof) == data


@steady
@given(st.binary(max_size=120).map(lambda rest: f"{HEADER}\n".encode() + rest) | st.binary(max_size=60))
def test_parsing_anything_raises_nothing_else(data: bytes) -> None:
    with pytest.raises(ProofError):
        parse_tlog_proof(data)
