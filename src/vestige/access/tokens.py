"""API tokens: ``vst_`` + 43 characters of chance + 6 of checksum, stored as a digest only.

The prefix lets secret scanners find a leaked token, the checksum lets them (and us) tell a mistyped one from a revoked
one without a look-up. 256 random bits need no slow hash: SHA-256 is enough to store them by.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

PREFIX = "vst_"
INVITE = "vsi_"
"""What opens an account once: an invitation, or a new password."""
SESSION = "vss_"
"""What a browser holds in a cookie."""
DEVICE = "vsd_"
"""What a program holds while somebody approves its sign-in."""
OIDC_STATE = "vso_"
"""What a sign-in at an OpenID provider brings back."""
OIDC_BROWSER = "vsb_"
"""What the browser keeps meanwhile."""
_RANDOM = 43
_CHECK = 6


def new_token(prefix: str = PREFIX) -> str:
    """A fresh secret of a kind. It is shown once and kept nowhere."""
    body = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode("ascii").rstrip("=")
    return prefix + body + _checksum(body)


def is_well_formed(token: str, prefix: str = PREFIX) -> bool:
    """Whether prefix, length and checksum fit: the text was once a token, mistyped nowhere."""
    body = token[len(prefix) : -_CHECK]
    return (
        token.startswith(prefix)
        and token.isascii()
        and len(body) == _RANDOM
        and secrets.compare_digest(token[-_CHECK:], _checksum(body))
    )


def csrf_of(session: str) -> str:
    """What the requests of a browser's session repeat: only who holds its cookie can tell it, and it tells nothing."""
    digest = hmac.new(session.encode(), b"vestige/csrf/v1", hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode("ascii").rstrip("=")


def token_digest(token: str) -> bytes:
    """What is stored and looked up instead of the token."""
    return hashlib.sha256(b"vestige/token/v1\n" + token.encode("utf-8", "replace")).digest()


def _checksum(body: str) -> str:
    digest = hashlib.sha256(b"vestige/token-check/v1\n" + body.encode("ascii", "replace")).digest()
    return base64.urlsafe_b64encode(digest[:6]).decode("ascii")[:_CHECK]
