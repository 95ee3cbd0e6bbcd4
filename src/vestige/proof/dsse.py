"""DSSE 1.0.2 envelopes (github.com/secure-systems-lab/dsse): a body of a stated type, and signatures over both.

What is signed is the pre-authentication encoding, which begins with ``DSSEv1 `` and states both lengths. The text of a
note begins with the name of a key or of a kind of statement, which hold no blank, and ends with a line feed, which an
object in canonical JSON does not: neither can pass for the other, though one key signs both.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING, Final

from vestige.model.errors import ProofError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vestige.proof.note import VerifierKey

MOST_BYTES: Final = 16 << 20
"""Of an envelope that is read."""
MOST_SIGNATURES: Final = 16
_MEMBERS: Final = "payloadType, payload in base64, and signatures, each with its sig in base64"


def encoding(kind: str, body: bytes) -> bytes:
    """What is signed of a body and its media type: PAE(type, body)."""
    named = kind.encode()
    return b"DSSEv1 %d %b %d %b" % (len(named), named, len(body), body)


def envelope(kind: str, body: bytes, signatures: Iterable[tuple[VerifierKey, bytes]]) -> bytes:
    """An envelope as one line of JSON."""
    made = {
        "payloadType": kind,
        "payload": base64.b64encode(body).decode(),
        "signatures": [
            {"keyid": key.key_id.hex(), "sig": base64.b64encode(signature).decode()} for key, signature in signatures
        ],
    }
    return json.dumps(made, separators=(",", ":")).encode()


def opened(data: bytes, kind: str, keys: Iterable[VerifierKey]) -> tuple[bytes, VerifierKey]:
    """The body of an envelope and the key that signed it, one of those given.

    Its hint at which key that was, which nothing signs, picks among them and decides nothing.

    Raises:
        ProofError: it is no envelope, of another type, or none of the keys signed it.
    """
    if len(data) > MOST_BYTES:
        raise ProofError("the envelope is too long", expected=f"at most {MOST_BYTES} bytes", got=str(len(data)))
    try:
        found = json.loads(data, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise ProofError("this is no DSSE envelope", expected="an object in JSON", got=str(error)[:200]) from None
    try:
        stated, body = found["payloadType"], base64.b64decode(found["payload"], validate=True)
        signatures = [base64.b64decode(one["sig"], validate=True) for one in found["signatures"][:MOST_SIGNATURES]]
    except KeyError as error:
        raise ProofError("this is no DSSE envelope", expected=_MEMBERS, got=f"none that is called {error}") from None
    except (ValueError, TypeError, AttributeError, binascii.Error):
        raise ProofError("this is no DSSE envelope", expected=_MEMBERS, got="other kinds of values") from None
    if stated != kind:
        raise ProofError("the envelope holds something else", expected=kind, got=str(stated)[:80])
    signed = encoding(kind, body)
    for signature in signatures:
        for key in keys:
            try:
                key.verify(signed, signature)
            except ProofError:
                continue
            return body, key
    raise ProofError(
        "no key that is trusted signed the envelope",
        expected=", ".join(f"{key.name}+{key.key_id.hex()}" for key in keys),
        got=f"{len(signatures)} signatures", hint="`vestige ledger keys` prints the log's keys",
    )  # fmt: skip


def _once(members: list[tuple[str, object]]) -> dict[str, object]:
    """An object of which each member stands once: of two of a name readers would take one each."""
    found = dict(members)
    if len(found) < len(members):
        raise ValueError("a member that stands twice")
    return found
