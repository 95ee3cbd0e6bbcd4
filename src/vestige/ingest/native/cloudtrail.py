"""AWS CloudTrail digest files: do the log files, the chain of digests and their signatures agree?

A digest lists the log files of an hour with the SHA-256 of each one's *uncompressed* content, names the digest before
it with the SHA-256 of that one's uncompressed content, and repeats its signature. A digest's own signature stands in
the metadata of the stored object, not in the file; it is known here once the next digest is. What is signed
(SHA256withRSA, PKCS #1 v1.5) is four lines, the last without a line end::

    digestEndTime
    digestS3Bucket/digestS3Object
    hex SHA-256 of the digest's uncompressed content
    previousDigestSignature, or `null` in the first digest

All of this is pure; :mod:`vestige.ingest.native.verification` finds the digests and files, and records what came out.

Reference: docs.aws.amazon.com/awscloudtrail "CloudTrail digest file structure" and "Custom implementations of
CloudTrail log file integrity validation".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import orjson
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from vestige.model.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

MOST_KEYS = 100
_ALGORITHM = "SHA256withRSA"


class File(NamedTuple):
    """A log file as it was taken in."""

    acquisition: str
    name: str
    sha256: str
    """Of the uncompressed content, in hex."""


class Digest(NamedTuple):
    """A digest file as it was taken in."""

    entry: str
    acquisition: str
    hashes: frozenset[str]
    """What its content's SHA-256 may be: of the record, and of the file, which may end in a line end."""
    bucket: str
    object: str
    ended: str
    algorithm: str
    previous_object: str
    previous_hash: str
    previous_signature: str | None
    logs: tuple[tuple[str, str], ...]
    """(object, SHA-256 in hex) of each log file."""


class Finding(NamedTuple):
    """What a digest says of one acquisition, or of a file nobody has."""

    digest: str
    """The digest's entry."""
    object: str
    verdict: str
    """Of a log file: ``verified``, ``altered`` or ``missing``."""
    acquisition: str = ""
    expected: str = ""
    got: str = ""


class Checked(NamedTuple):
    """What came of one digest."""

    digest: Digest
    chain: str
    """``first``, ``intact``, ``broken``, or ``missing``: the digest before was not taken in."""
    signature: str
    """``valid``, ``invalid``, ``no key``, or ``unknown``: no later digest that repeats it was taken in."""
    signed_in: str
    """The entry of the later digest that repeats the signature."""
    logs: tuple[Finding, ...]


def digest_of(payload: bytes, entry: str, acquisition: str, hashes: Iterable[str]) -> Digest | None:
    """A digest from its record, or nothing if it is none."""
    try:
        body = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(body, dict) or not isinstance(body.get("logFiles"), list):
        return None
    signature = body.get("previousDigestSignature")
    files = [item for item in body["logFiles"] if isinstance(item, dict)]
    return Digest(
        entry,
        acquisition,
        frozenset(hashes),
        _text(body, "digestS3Bucket"),
        _text(body, "digestS3Object"),
        _text(body, "digestEndTime"),
        _text(body, "digestSignatureAlgorithm") or _ALGORITHM,
        _text(body, "previousDigestS3Object"),
        _text(body, "previousDigestHashValue").lower(),
        signature if isinstance(signature, str) and signature else None,
        tuple((_text(file, "s3Object"), _text(file, "hashValue").lower()) for file in files),
    )


def _text(body: Mapping[str, object], name: str) -> str:
    value = body.get(name)
    return value if isinstance(value, str) else ""


def public_keys(pems: Sequence[bytes]) -> list[RSAPublicKey]:
    """RSA public keys from PEM texts, each with any number of keys.

    Raises:
        UsageError: a text holds no RSA public key.
    """
    keys: list[RSAPublicKey] = []
    for pem in pems:
        blocks = [b"-----BEGIN " + part for part in pem.split(b"-----BEGIN ")[1:]]
        for block in blocks or [pem]:
            try:
                key = load_pem_public_key(block)
            except (ValueError, UnsupportedAlgorithm) as error:
                raise _no_key(str(error)) from None
            if not isinstance(key, RSAPublicKey):
                raise _no_key(type(key).__name__)
            keys.append(key)
    if len(keys) > MOST_KEYS:
        raise UsageError("too many CloudTrail keys", expected=f"at most {MOST_KEYS}", got=str(len(keys)))
    return keys


def _no_key(got: str) -> UsageError:
    return UsageError(
        "no CloudTrail key",
        expected="an RSA public key in PEM (-----BEGIN PUBLIC KEY----- or RSA PUBLIC KEY)",
        got=got[:100],
        hint="`aws cloudtrail list-public-keys` gives them as DER in base64; wrap each between those two lines",
    )


def check(digests: Sequence[Digest], files: Sequence[File], keys: Sequence[RSAPublicKey]) -> list[Checked]:
    """Hold digests against the files, each other, and the keys."""
    by_hash = {file.sha256: file for file in reversed(files)}
    by_name: dict[str, list[File]] = {}
    for file in files:
        by_name.setdefault(_base(file.name), []).append(file)
    by_object: dict[str, list[Digest]] = {}
    following: dict[str, list[Digest]] = {}
    for digest in digests:
        by_object.setdefault(digest.object, []).append(digest)
        following.setdefault(digest.previous_object, []).append(digest)
    out = []
    for digest in digests:
        signature, signed_in = _signature(digest, following.get(digest.object, []), keys)
        logs = [
            finding
            for name, value in digest.logs
            for finding in _log(digest, name, value, by_hash.get(value), by_name.get(_base(name), []))
        ]
        chain = _chain(digest, by_object.get(digest.previous_object, []))
        out.append(Checked(digest, chain, signature, signed_in, tuple(logs)))
    return out


def _base(name: str) -> str:
    """The last part of a path or of an archive's member, without the compression's ending."""
    return name.replace("!", "/").rpartition("/")[2].removesuffix(".gz")


def _log(digest: Digest, name: str, value: str, found: File | None, named: Sequence[File]) -> Iterator[Finding]:
    """The file of that content, whatever it is called; and files of that name with another content."""
    if found is not None:
        yield Finding(digest.entry, name, "verified", found.acquisition, value, value)
    others = [file for file in named if file.sha256 != value]
    for file in others:
        yield Finding(digest.entry, name, "altered", file.acquisition, value, file.sha256)
    if found is None and not others:
        yield Finding(digest.entry, name, "missing", expected=value)


def _chain(digest: Digest, before: Sequence[Digest]) -> str:
    if not digest.previous_object and not digest.previous_hash:
        return "first"
    if not before:
        return "missing"
    return "intact" if any(digest.previous_hash in one.hashes for one in before) else "broken"


def _signature(digest: Digest, following: Sequence[Digest], keys: Sequence[RSAPublicKey]) -> tuple[str, str]:
    """Whether a later digest repeats a signature of this one that a key bears out, and which does."""
    told = [later for later in following if later.previous_signature]
    if not told:
        return "unknown", ""
    if not keys:
        return "no key", told[0].entry
    for later in told:
        if any(_signed(digest, later.previous_signature or "", key) for key in keys):
            return "valid", later.entry
    return "invalid", told[0].entry


def _signed(digest: Digest, signature: str, key: RSAPublicKey) -> bool:
    if digest.algorithm != _ALGORITHM:
        return False
    for content in sorted(digest.hashes):
        signed = "\n".join((
            digest.ended,
            f"{digest.bucket}/{digest.object}",
            content,
            digest.previous_signature or "null",
        ))  # fmt: skip
        try:
            key.verify(bytes.fromhex(signature), signed.encode(), PKCS1v15(), SHA256())
        except (InvalidSignature, ValueError):
            continue
        return True
    return False
