"""RFC 3161 time stamps: what is asked of an authority, and what its answer must hold before it is believed.

A stamp is the authority's whole answer (TimeStampResp, DER), as ``openssl ts -verify -in`` takes it. It is good if

* the authority granted it;
* its signature is by a certificate that leads to one of the roots the operator named, all valid at the stamped time;
* that certificate is for time stamping only (extended key usage, critical: RFC 3161, section 2.3);
* it is over the SHA-256 of exactly the bytes it is said to be over;
* it bears the nonce that was sent, where it was asked for just now: an old answer is not taken for a new one.

What it proves is that these bytes existed at that time, by the authority's clock. Whether the authority's certificate
was revoked is not asked: neither the moment of stamping nor a verifier without a network has a source for that.
"""

from __future__ import annotations

import contextlib
from hashlib import sha256
from typing import TYPE_CHECKING, Final, NamedTuple

import rfc3161_client
from cryptography import x509

from vestige.anchors.der import in_order
from vestige.model.errors import ProofError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

MOST_BYTES: Final = 24 << 10
"""Of one stamp. With a chain of four RSA certificates it has about eight thousand."""
_ROOTS_BYTES: Final = 4 << 20
_SHA256: Final = x509.ObjectIdentifier("2.16.840.1.101.3.4.2.1")
_SECOND: Final = 1_000_000_000


class Asked(NamedTuple):
    """A question to an authority: its bytes, and the nonce that the answer must bear."""

    query: bytes
    nonce: int


class Stamp(NamedTuple):
    """What a stamp says."""

    at: int
    """When, by the authority's clock: nanoseconds since 1970."""
    authority: str
    """The subject of the certificate it is signed by, if that is in it."""
    serial: str


def ask(data: bytes) -> Asked:
    """The question for a stamp over some bytes: SHA-256, with a nonce, with the authority's certificate wanted."""
    request = (
        rfc3161_client.TimestampRequestBuilder().data(data).hash_algorithm(rfc3161_client.HashAlgorithm.SHA256).build()
    )
    return Asked(request.as_bytes(), int(request.nonce or 0))


def read(stamp: bytes, data: bytes) -> Stamp:
    """What a stamp over these bytes says. Its signature is not looked at.

    Raises:
        ProofError: it is no stamp, or not over these bytes.
    """
    return _read(_decoded(stamp), data)


def check(stamp: bytes, data: bytes, roots: Sequence[x509.Certificate], nonce: int | None = None) -> Stamp:
    """What a stamp over these bytes says, once all of it was found good.

    Args:
        stamp: the authority's answer.
        data: what it must be over.
        roots: certificates it may lead to.
        nonce: the one that was sent; ``None``: it was asked for earlier.

    Raises:
        ProofError: it is not good; why.
    """
    answer = _decoded(stamp)
    said = _read(answer, data)
    builder = rfc3161_client.VerifierBuilder(roots=list(roots), nonce=nonce)
    with _reading("the time stamp is not good", "one signed for time stamping, under a certificate trusted for it"):
        builder.build().verify(answer, sha256(data).digest())
    return said


def read_roots(path: Path, field: str = "tsa_roots") -> list[x509.Certificate]:
    """The certificates in a PEM file: those that stamps must lead to.

    Raises:
        SettingsError: the file cannot be read, or holds none.
    """
    expected = "a PEM file with the root certificates of time-stamp authorities"
    try:
        with path.open("rb") as file:
            text = file.read(_ROOTS_BYTES + 1)
        if len(text) > _ROOTS_BYTES:
            raise ValueError(f"more than {_ROOTS_BYTES} bytes")  # noqa: TRY301 - told with the others
        return x509.load_pem_x509_certificates(text)
    except (OSError, ValueError) as error:
        got = getattr(error, "strerror", None) or str(error)[:100]
        raise SettingsError(
            "the authorities' certificates cannot be read", expected=expected, got=got, field=field
        ) from None


@contextlib.contextmanager
def _reading(message: str, expected: str) -> Iterator[None]:
    """Of bytes that are none of what they should be the libraries raise whatever their parsers meet; here it is ours.

    Raises:
        ProofError: whatever they raised.
    """
    try:
        yield
    except ProofError:
        raise
    except Exception as error:  # noqa: BLE001 - as above: ValueError, KeyError, VerificationError, InvalidVersion, …
        raise ProofError(
            message, expected=expected, got=f"{type(error).__name__}: {error}"[:200],
            hint="is the authority's root certificate among the trusted ones?",
        ) from None  # fmt: skip


def _decoded(stamp: bytes) -> rfc3161_client.TimeStampResponse:
    if len(stamp) > MOST_BYTES:
        raise ProofError("the time stamp is too long", expected=f"at most {MOST_BYTES} bytes", got=str(len(stamp)))
    with _reading("not a time stamp", "a TimeStampResp of RFC 3161"):
        return rfc3161_client.decode_timestamp_response(in_order(stamp))


def _read(answer: rfc3161_client.TimeStampResponse, data: bytes) -> Stamp:
    with _reading("not a time stamp", "a token of RFC 3161"):
        if rfc3161_client.PKIStatus(answer.status) is not rfc3161_client.PKIStatus.GRANTED:
            why = ", ".join(answer.status_string)[:120]
            raise ProofError(
                "the authority did not grant a time stamp", expected="granted", got=f"{answer.status} {why}"
            )
        info = answer.tst_info
        imprint, at = info.message_imprint, info.gen_time
        serial = f"{info.serial_number:x}"
        if imprint.hash_algorithm != _SHA256 or imprint.message != sha256(data).digest():
            raise ProofError(
                "the time stamp is over something else",
                expected=f"SHA-256 {sha256(data).hexdigest()}",
                got=f"{imprint.hash_algorithm.dotted_string} {imprint.message.hex()}"[:120],
            )
        seconds = int(at.timestamp())
        return Stamp(seconds * _SECOND + at.microsecond * 1000, _signer(answer), serial)


def _signer(answer: rfc3161_client.TimeStampResponse) -> str:
    """The subject of the certificate a stamp is signed by; empty if that is not in it."""
    for each in sorted(answer.signed_data.certificates):
        found = x509.load_der_x509_certificate(each)
        who = (found.issuer, found.serial_number)
        if any(who == (one.issuer, one.serial_number) for one in answer.signed_data.signer_infos):
            return found.subject.rfc4514_string()[:200]
    return ""


def leads_to(stamp: bytes, roots: Sequence[x509.Certificate]) -> bool:
    """Whether a stamp **claims** to be by an authority under one of these roots, by the names in its certificates.

    Raises:
        ProofError: it is no stamp.
    """
    names = {root.subject for root in roots}
    answer = _decoded(stamp)
    with _reading("the time stamp's certificates cannot be read", "certificates of X.509"):
        if any(one.issuer in names for one in answer.signed_data.signer_infos):
            return True
        return any(x509.load_der_x509_certificate(one).issuer in names for one in answer.signed_data.certificates)
