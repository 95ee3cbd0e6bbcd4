"""A chain of CloudTrail digests with log files of its own, signed with an RSA key of its own."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

if TYPE_CHECKING:
    from pathlib import Path

BUCKET = "trail"


def new_key() -> RSAPrivateKey:
    """A key as CloudTrail has one per region."""
    return generate_private_key(public_exponent=65537, key_size=2048)


def pem(key: RSAPrivateKey, form: PublicFormat = PublicFormat.PKCS1) -> bytes:
    """Its public part."""
    return key.public_key().public_bytes(Encoding.PEM, form)


def log_file(hour: int, name: str) -> bytes:
    """A log file's content."""
    record = {
        "eventVersion": "1.08", "eventTime": f"2026-01-02T{hour:02}:10:00Z", "eventSource": "iam.amazonaws.com",
        "eventName": "CreateUser", "sourceIPAddress": "192.0.2.7", "userIdentity": {"type": "Root", "accountId": "1"},
        "requestParameters": {"userName": name},
    }  # fmt: skip
    return json.dumps({"Records": [record]}, separators=(",", ":")).encode()


@dataclass
class Chain:
    """Digests of hours in a row, one log file each."""

    key: RSAPrivateKey
    logs: dict[str, bytes] = field(default_factory=dict)
    digests: dict[str, bytes] = field(default_factory=dict)
    _last: tuple[str, bytes, str] | None = None

    def hour(self, hour: int) -> dict[str, Any]:
        """One more hour."""
        name = f"AWSLogs/1/CloudTrail/1_CloudTrail_{hour:02}.json.gz"
        self.logs[name] = log_file(hour, f"user{hour}")
        before = self._last
        body: dict[str, Any] = {
            "awsAccountId": "1",
            "digestStartTime": f"2026-01-02T{hour:02}:00:00Z",
            "digestEndTime": f"2026-01-02T{hour + 1:02}:00:00Z",
            "digestS3Bucket": BUCKET,
            "digestS3Object": f"AWSLogs/1/CloudTrail-Digest/1_Digest_{hour:02}.json.gz",
            "digestSignatureAlgorithm": "SHA256withRSA",
            "previousDigestS3Bucket": BUCKET if before else None,
            "previousDigestS3Object": before[0] if before else None,
            "previousDigestHashValue": sha256(before[1]).hexdigest() if before else None,
            "previousDigestHashAlgorithm": "SHA-256" if before else None,
            "previousDigestSignature": before[2] if before else None,
            "logFiles": [
                {"s3Bucket": BUCKET, "s3Object": name, "hashValue": sha256(self.logs[name]).hexdigest(),
                 "hashAlgorithm": "SHA-256"},
            ],
        }  # fmt: skip
        content = json.dumps(body, separators=(",", ":")).encode()
        signed = "\n".join((
            body["digestEndTime"], f"{BUCKET}/{body['digestS3Object']}", sha256(content).hexdigest(),
            body["previousDigestSignature"] or "null",
        ))  # fmt: skip
        signature = self.key.sign(signed.encode(), PKCS1v15(), SHA256()).hex()
        self.digests[body["digestS3Object"]] = content
        self._last = (body["digestS3Object"], content, signature)
        return body

    def write(self, folder: Path) -> Path:
        """All files as they are stored, compressed."""
        for name, content in (self.logs | self.digests).items():
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(gzip.compress(content))
        return folder
