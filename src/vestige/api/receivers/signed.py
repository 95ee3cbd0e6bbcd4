"""How those prove themselves who have no token of ours: a secret that both hold, compared in constant time.

:func:`standard` is Standard Webhooks 1.0 (https://www.standardwebhooks.com), by which GitLab signs too: HMAC-SHA-256
of ``<webhook-id>.<webhook-timestamp>.<body>`` in base64, behind ``v1,``; several may stand there, set apart by spaces,
while a secret is changed. Time and id are signed with the body, so that an old delivery, or one under another id, is
none. A secret ``whsec_…`` is the key in base64; any other is the key itself.

:class:`Delivered` counts what was refused for want of proof in the installation's own log.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time

from fastapi import Request, Response

from vestige.api.callers import note_refusal
from vestige.api.receivers.door import Receiving
from vestige.model.errors import MediaError, UnauthenticatedError, UsageError, VestigeError

OLDEST = 300
"""Seconds a signed time may lie behind, or ahead."""
MOST_TEXT = 200
PREFIX = b"whsec_"
_MOST_SIGNATURES = 10
_LONGEST = 2000


class SignatureError(UnauthenticatedError):
    """What came is not signed by who holds the secret."""


class Delivered(Receiving):
    """A route of a webhook: who did not prove themselves are counted, as all who are nobody."""

    def failed(self, request: Request, error: VestigeError) -> Response:
        """The answer to an error."""
        if isinstance(error, UnauthenticatedError):
            note_refusal(request)
        return super().failed(request, error)


def compare(given: str, right: str, header: str) -> None:
    """Hold a header against what it must be.

    Raises:
        SignatureError: it is not that.
    """
    if not hmac.compare_digest(given.encode("utf-8", "replace"), right.encode()):
        raise _unproven(header, given)


def fresh(stamp: str) -> None:
    """Hold a signed time, whole seconds since 1970, against the clock.

    Raises:
        SignatureError: it is none, or too far away.
    """
    at = int(stamp) if stamp.isascii() and stamp.isdigit() and len(stamp) < 15 else 0
    if abs(time.time() - at) > OLDEST:
        raise SignatureError(
            "the request is too old, or the clocks disagree", expected=f"at most {OLDEST} s", got=stamp[:20]
        )


def standard(request: Request, secret: bytes, body: bytes) -> str:
    """The id of a delivery that is signed as Standard Webhooks has it.

    Raises:
        SignatureError: it is not signed with the secret, or too old.
        UsageError: it has no id, or one that is too long.
    """
    name, stamp = request.headers.get("webhook-id", ""), request.headers.get("webhook-timestamp", "")
    given = request.headers.get("webhook-signature", "")[:_LONGEST]
    signed = b".".join((name.encode("utf-8", "replace"), stamp.encode("utf-8", "replace"), body))
    right = b"v1," + base64.b64encode(hmac.new(key_of(secret), signed, hashlib.sha256).digest())
    # Each is compared to its end, whatever came of the others.
    found = [hmac.compare_digest(one.encode(), right) for one in given.split(" ", _MOST_SIGNATURES)[:_MOST_SIGNATURES]]
    if not any(found):
        raise _unproven("webhook-signature", given)
    fresh(stamp)
    return named(request, "webhook-id")


def key_of(secret: bytes) -> bytes:
    """The key a secret stands for; that one in base64 can be read, the settings made sure."""
    return base64.b64decode(secret.removeprefix(PREFIX)) if secret.startswith(PREFIX) else secret


def named(request: Request, name: str) -> str:
    """A header that must be there.

    Raises:
        UsageError: it is missing, or too long.
    """
    value = request.headers.get(name, "")
    if not 0 < len(value) <= MOST_TEXT:
        raise UsageError(f"the header {name} is missing or too long", expected=f"1 to {MOST_TEXT} characters")
    return value


def only_json(request: Request) -> None:
    """Refuse a body that is said to be something else than JSON.

    Raises:
        MediaError: it is.
    """
    media = request.headers.get("content-type", "")
    if media and media.partition(";")[0].strip().lower() != "application/json":
        raise MediaError(
            "a delivery is JSON",
            expected="Content-Type: application/json",
            got=media[:60],
            hint="set the webhook's content type to application/json",
            field="Content-Type",
        )


def _unproven(header: str, given: str) -> SignatureError:
    return SignatureError(
        "the request does not prove that it knows the secret",
        expected=f"{header} as the service makes it from the secret both hold",
        got="no such header" if not given else "another value",
    )
