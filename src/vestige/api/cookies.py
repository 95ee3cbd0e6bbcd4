"""The cookies of a browser that is signed in, or on its way to be; and whether they may go over plain HTTP.

``Secure`` hangs on how the request came and on what the operator says, never on the ``Host`` a client chose. Without
TLS of our own the one exception is a request from this machine itself, through no proxy: there is no wire to listen on.
Whoever serves other machines in clear (``--insecure``) and wants to sign in there with a browser says so with
``VESTIGE_PUBLIC_URL``.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Final, Literal

from vestige.app import SESSION_SECONDS, Installation

if TYPE_CHECKING:
    from fastapi import Request, Response

SESSION: Final = "vestige_session"
FORM: Final = "vestige_form"
"""Of who is not signed in yet: what a form must fit that was sent to this browser."""
OPENID: Final = "vestige_openid"
"""Of who is at an OpenID provider."""
_OF_PROXIES: Final = ("forwarded", "x-forwarded-for", "x-forwarded-proto", "via")


def is_secure(request: Request) -> bool:
    """Whether cookies are for TLS alone."""
    installation: Installation = request.app.state.installation
    if request.scope.get("scheme") == "https":
        return True
    if installation.settings.public_url:
        return installation.settings.public_url.startswith("https:")
    return not _is_here(request) or any(name in request.headers for name in _OF_PROXIES)


def _is_here(request: Request) -> bool:
    host = request.client.host if request.client else ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def put(
    request: Request, response: Response, name: str, value: str, *, path: str = "/", seconds: int = SESSION_SECONDS,
    samesite: Literal["strict", "lax"] = "strict",
) -> None:  # fmt: skip
    """Give a browser a cookie no script reads."""
    response.set_cookie(
        name, value, httponly=True, samesite=samesite, secure=is_secure(request), path=path, max_age=seconds
    )


def begin_session(request: Request, response: Response, token: str) -> None:
    """Give a browser its session."""
    put(request, response, SESSION, token)
    response.headers["Cache-Control"] = "no-store"
