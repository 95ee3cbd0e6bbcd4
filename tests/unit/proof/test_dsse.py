"""DSSE envelopes: signed and opened, and everything about them that may not be otherwise."""

from __future__ import annotations

import base64
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from vestige.model.errors import ProofError
from vestige.proof import VerifierKey
from vestige.proof.dsse import MOST_BYTES, encoding, envelope, opened

SECRET = Ed25519PrivateKey.from_private_bytes(b"\x2a" * 32)
KEY = VerifierKey("example.org/log", SECRET.public_key().public_bytes_raw())
OTHER = VerifierKey(
    "example.org/log", Ed25519PrivateKey.from_private_bytes(b"\x2b" * 32).public_key().public_bytes_raw()
)
KIND = "application/vnd.in-toto+json"


def sealed(body: bytes, kind: str = KIND) -> bytes:
    return envelope(kind, body, [(KEY, SECRET.sign(encoding(kind, body)))])


def test_the_encoding_is_that_of_the_protocol() -> None:
    # The example of protocol.md of DSSE.
    assert encoding("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


@given(st.binary(max_size=100), st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
def test_what_was_signed_is_opened_and_by_no_other_key(body: bytes, kind: str) -> None:
    data = sealed(body, kind)
    assert opened(data, kind, [OTHER, KEY]) == (body, KEY)
    with pytest.raises(ProofError, match="no key that is trusted"):
        opened(data, kind, [OTHER])
    with pytest.raises(ProofError, match="something else"):
        opened(data, f"{kind}x", [KEY])


def test_each_part_counts_but_the_hint_at_the_key() -> None:
    data = json.loads(sealed(b"body"))
    (one,) = data["signatures"]
    assert opened(json.dumps(data | {"signatures": [one | {"keyid": "x"}]}).encode(), KIND, [KEY])[0] == b"body"
    wrong = base64.b64encode(bytes(64)).decode()
    changes: tuple[dict[str, object], ...] = (
        {"payload": base64.b64encode(b"bodx").decode()}, {"payload": "?"}, {"payloadType": "text/plain"},
        {"signatures": []}, {"signatures": [{"sig": wrong}]}, {"signatures": [{}]}, {"signatures": 3},
    )  # fmt: skip
    for change in changes:
        with pytest.raises(ProofError):
            opened(json.dumps(data | change).encode(), KIND, [KEY])
    assert opened(json.dumps(data | {"signatures": [{"sig": wrong}, one]}).encode(), KIND, [KEY])[0] == b"body"
    for raw in (b"", b"[]", b"{}", b"null", b"x" * (MOST_BYTES + 1)):
        with pytest.raises(ProofError):
            opened(raw, KIND, [KEY])
