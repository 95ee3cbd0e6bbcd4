"""S3 Object Lock: an object that nobody, its owner included, can delete before a date; and versions, which it brings.

The library that carries objects has no word for either, so these small requests are signed here: what the bucket is set
up for (``GET ?object-lock``), how long one object stays (``PUT ?retention``, mode COMPLIANCE, which cannot be lifted),
which versions there are (``GET ?versions``), and the removal of one. To delete an object without naming a version only
hides it. References: AWS Signature Version 4 (``create-signed-request`` in the IAM guide), S3 API reference
``GetObjectLockConfiguration``, ``PutObjectRetention``, ``ListObjectVersions`` and ``DeleteObject``.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
from datetime import UTC, datetime
from html import unescape
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import quote

import httpx

from vestige.model.errors import SettingsError, StorageError

if TYPE_CHECKING:
    from collections.abc import Mapping

SECONDS: Final = 30.0
UNKNOWN: Final = "unknown"
"""Said of a version that stays where the store does not say until when. Sorts behind every date."""
_XMLNS: Final = "http://s3.amazonaws.com/doc/2006-03-01/"


class Credentials(NamedTuple):
    """What requests are signed with, from the environment's AWS variables."""

    key: str
    secret: str
    token: str
    region: str
    endpoint: str

    @classmethod
    def of(cls, environ: Mapping[str, str] = os.environ) -> Credentials:
        """Read them.

        Raises:
            SettingsError: there are none: a role of the machine can carry objects, but not sign locks here.
        """
        key, secret = environ.get("AWS_ACCESS_KEY_ID", ""), environ.get("AWS_SECRET_ACCESS_KEY", "")
        if not key or not secret:
            raise SettingsError(
                "objects are to be locked, and nothing is there to sign that with",
                expected="AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY", got="none",
                hint="set them, or VESTIGE_ARCHIVE_LOCK_DAYS=0 and a default retention of the bucket",
            )  # fmt: skip
        region = environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or "us-east-1"
        endpoint = environ.get("AWS_ENDPOINT_URL_S3") or environ.get("AWS_ENDPOINT_URL") or ""
        return cls(key, secret, environ.get("AWS_SESSION_TOKEN", ""), region, endpoint.rstrip("/"))


def signed(
    credentials: Credentials, method: str, host: str, path: str, query: str, headers: Mapping[str, str], body: bytes,
    at: datetime,
) -> dict[str, str]:  # fmt: skip
    """The headers of a request to S3, with its signature among them.

    Args:
        credentials: whose.
        method: of HTTP.
        host: the value of the ``Host`` header.
        path: from the root, encoded.
        query: encoded and sorted, such as ``retention=``.
        headers: further ones, all of which are signed.
        body: the payload.
        at: when, in UTC.
    """
    stamp, day = at.strftime("%Y%m%dT%H%M%SZ"), at.strftime("%Y%m%d")
    digest = hashlib.sha256(body).hexdigest()
    every = {name.lower(): value for name, value in headers.items()}
    every |= {"host": host, "x-amz-content-sha256": digest, "x-amz-date": stamp}
    every |= {"x-amz-security-token": credentials.token} if credentials.token else {}
    names = ";".join(sorted(every))
    lines = "".join(f"{name}:{every[name]}\n" for name in sorted(every))
    request = f"{method}\n{path}\n{query}\n{lines}\n{names}\n{digest}"
    scope = f"{day}/{credentials.region}/s3/aws4_request"
    text = "\n".join(("AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(request.encode()).hexdigest()))
    key = f"AWS4{credentials.secret}".encode()
    for part in (day, credentials.region, "s3", "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.new(key, text.encode(), "sha256").hexdigest()
    whose = f"Credential={credentials.key}/{scope}"
    every["authorization"] = f"AWS4-HMAC-SHA256 {whose}, SignedHeaders={names}, Signature={signature}"
    return every


_VERSION: Final = re.compile(r"<(Version|DeleteMarker)>(.*?)</\1>", re.DOTALL)


class ObjectLock:
    """Locks over objects of one bucket, and their versions."""

    def __init__(self, bucket: str, credentials: Credentials) -> None:
        self._credentials = credentials
        base = credentials.endpoint or f"https://s3.{credentials.region}.amazonaws.com"
        self._base = httpx.URL(base)
        self._bucket = bucket

    def enabled(self) -> bool:
        """Whether the bucket locks objects at all.

        Raises:
            StorageError: it cannot be asked.
        """
        answer = self._ask("GET", "", "object-lock=", b"")
        return answer.status_code == httpx.codes.OK and b"<ObjectLockEnabled>Enabled<" in answer.content

    def lock(self, key: str, until: datetime) -> None:
        """Keep the newest version of an object until a time; nobody can make it shorter.

        Raises:
            StorageError: the store did not take it.
        """
        date = until.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        body = (
            f'<Retention xmlns="{_XMLNS}"><Mode>COMPLIANCE</Mode><RetainUntilDate>{date}</RetainUntilDate></Retention>'
        ).encode()
        answer = self._ask("PUT", key, "retention=", body)
        if answer.status_code != httpx.codes.OK:
            raise StorageError("an object of the archive cannot be locked", expected="200", got=_said(answer))

    def versions(self, prefix: str) -> list[tuple[str, str]] | None:
        """Every version of what lies under a prefix, and every mark of a removal, as key and version.

        ``None`` where the store tells of no versions: it has none, or these credentials may not list them.

        Raises:
            StorageError: it does not answer, or breaks off.
        """
        found: list[tuple[str, str]] = []
        after: dict[str, str] = {}
        while True:
            asked = after | {"prefix": prefix, "versions": ""}
            query = "&".join(f"{name}={quote(asked[name], safe='-_.~')}" for name in sorted(asked))
            answer = self._ask("GET", "", query, b"")
            if answer.status_code != httpx.codes.OK:
                if found or (answer.is_server_error and answer.status_code != httpx.codes.NOT_IMPLEMENTED):
                    raise StorageError("the versions of an archive cannot be listed", got=_said(answer))
                return None
            text = answer.text
            found += [(_named(one, "Key"), _named(one, "VersionId")) for _, one in _VERSION.findall(text)]
            if "<IsTruncated>true<" not in text:
                return found
            after = {"key-marker": _named(text, "NextKeyMarker"),
                     "version-id-marker": _named(text, "NextVersionIdMarker")}  # fmt: skip

    def remove(self, key: str, version: str) -> str:
        """Remove one version of an object for good; until when it stays if it is locked, empty if it is gone.

        Raises:
            StorageError: the store does not answer.
        """
        answer = self._ask("DELETE", key, f"versionId={quote(version, safe='-_.~')}", b"")
        if answer.is_success or answer.status_code == httpx.codes.NOT_FOUND:
            return ""
        if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise StorageError("the store of archives cannot remove a version", got=_said(answer))
        return self.until(key, version) or UNKNOWN

    def until(self, key: str, version: str = "") -> str:
        """Until when a version of an object is locked, the newest if none is named; empty if it is not."""
        answer = self._ask("HEAD", key, f"versionId={quote(version, safe='-_.~')}" if version else "", b"")
        return answer.headers.get("x-amz-object-lock-retain-until-date", "") if answer.is_success else ""

    def _ask(self, method: str, key: str, query: str, body: bytes) -> httpx.Response:
        path = quote(f"/{self._bucket}/{key}" if key else f"/{self._bucket}", safe="/~-._")
        host = self._base.netloc.decode()
        md5 = base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()  # S3 asks for it here
        headers = {"content-md5": md5} if body else {}
        ready = signed(self._credentials, method, host, path, query, headers, body, datetime.now(UTC))
        try:
            return httpx.request(
                method, f"{self._base.scheme}://{host}{path}?{query}", headers=ready, content=body, timeout=SECONDS,
                trust_env=False,
            )  # fmt: skip
        except httpx.HTTPError as error:
            raise StorageError("the store of archives does not answer", got=f"{type(error).__name__}") from None


def _named(text: str, name: str) -> str:
    return unescape(text.partition(f"<{name}>")[2].partition("<")[0])


def _said(answer: httpx.Response) -> str:
    code = answer.text.partition("<Code>")[2].partition("<")[0]
    return f"{answer.status_code} {code[:60]}"
