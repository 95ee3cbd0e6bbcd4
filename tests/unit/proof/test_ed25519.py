"""Public keys that verifiers could disagree on are refused; ordinary ones are not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vestige.model.errors import ProofError
from vestige.proof.ed25519 import check_public_key
from vestige.proof.note import VerifierKey

VECTORS = json.loads((Path(__file__).parents[2] / "vectors/proof/ed25519.json").read_text())
P = 2**255 - 19


@pytest.mark.parametrize("row", VECTORS["refused_keys"], ids=lambda r: f"{r['key'][:8]} {r['why']}")
def test_every_encoding_of_a_low_order_point_is_refused(row: dict[str, str]) -> None:
    key = bytes.fromhex(row["key"])
    with pytest.raises(ProofError) as caught:
        check_public_key(key)
    assert ("small order" if row["why"].startswith("order") else "non-canonical") in caught.value.got
    with pytest.raises(ProofError):
        VerifierKey("example.com/log", key)


@pytest.mark.parametrize("row", VECTORS["signatures"], ids=lambda r: r["id"])
def test_published_signatures(row: dict[str, Any]) -> None:
    key = VerifierKey("example.com/log", bytes.fromhex(row["key"]))
    message, signature = bytes.fromhex(row["msg"]), bytes.fromhex(row["sig"])
    if row["ok"]:
        key.verify(message, signature)
        with pytest.raises(ProofError):
            key.verify(message + b"x", signature)
    else:
        with pytest.raises(ProofError):
            key.verify(message, signature)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(min_size=32, max_size=32))
def test_ordinary_keys_are_accepted(seed: bytes) -> None:
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    check_public_key(public)
    negated = bytes([*public[:31], public[31] ^ 0x80])
    check_public_key(negated)


@pytest.mark.parametrize("length", [0, 31, 33])
def test_keys_of_another_length_are_refused(length: int) -> None:
    with pytest.raises(ProofError):
        check_public_key(b"\x01" * length)


def test_about_half_of_all_strings_are_no_point() -> None:
    # y = 2 is no point of the curve; y = 3 is one.
    with pytest.raises(ProofError, match="acceptable") as caught:
        check_public_key((2).to_bytes(32, "little"))
    assert "no point" in caught.value.got
    check_public_key((3).to_bytes(32, "little"))


@pytest.mark.parametrize("y", [3, 4, 5, 6, 9, 10, 14, 15, 18])
def test_unreduced_encodings_are_refused(y: int) -> None:
    with pytest.raises(ProofError) as caught:
        check_public_key((y + P).to_bytes(32, "little"))
    assert "non-canonical" in caught.value.got
