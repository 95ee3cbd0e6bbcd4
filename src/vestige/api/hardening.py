"""What every answer tells a browser, whatever it is: run nothing, frame nothing, guess nothing, keep nothing.

The interface answers JSON, exact bytes of evidence and texts, never a page: so the content policy allows nothing at
all. Over TLS browsers are told to come by TLS only. No other origin may read answers unless the operator names it.

References: CSP Level 3; RFC 6797 (HSTS); Fetch (CORS, CORP); RFC 9116 (security.txt).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import PlainTextResponse
from starlette.middleware.cors import CORSMiddleware

from vestige.api.limits import only_known_parameters
from vestige.model.errors import NotFoundError, SettingsError

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from vestige.app import Settings

HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
NOT_KEPT: Final = (b"cache-control", b"no-store")
HSTS: Final = (b"strict-transport-security", b"max-age=31536000")
EXPOSED: Final = (
    *("ETag", "Repr-Digest", "Retry-After", "X-Vestige-Events", "X-Vestige-Index-Lag", "X-Vestige-Sha256"),
    *("X-Vestige-Leaf-Hash", "X-Vestige-Log", "X-Vestige-Seq", "X-Vestige-Tenant", "X-Vestige-TraceId"),
)
"""Headers of answers that a page of a named origin may read."""
CONTACT_DAYS: Final = 180
"""How long the contact is said to hold, from when it is asked for."""
_RAW: Final = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
_ORIGIN = re.compile(r"https?://(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")
_CONTACT = re.compile(r"(?:mailto:|https://|tel:)[\x21-\x7e]{3,500}")

ROUTER = APIRouter(tags=["health"], dependencies=[Depends(only_known_parameters)])


class Hardened:
    """Adds the headers to every answer; a header the answer has already stays as it is."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and its answer back with the headers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        added = [*_RAW, NOT_KEPT, *([HSTS] if scope.get("scheme") == "https" else [])]

        async def hardened(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message.get("headers", ()))
                there = {name.lower() for name, _ in headers}
                message["headers"] = headers + [pair for pair in added if pair[0] not in there]
            await send(message)

        await self._app(scope, receive, hardened)


def harden(api: FastAPI, settings: Settings) -> None:
    """Put the headers on all answers of an application, and let in the origins of the settings.

    The framework answers what nobody foresaw outside of everything that is added to an application: so its whole stack
    is wrapped.

    Raises:
        SettingsError: something the settings name is no origin.
    """
    origins = origins_of(settings.cors_origins)
    contact_of(settings)
    if origins:
        api.add_middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=["DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"],
            allow_headers=["Authorization", "Content-Type", "Idempotency-Key", "If-None-Match", "Last-Event-ID"]
            + [f"X-{name}" for name in ("Source-Id", "Vestige-Tenant", "Vestige-TraceId", "Filename", "Parser-Id")],
            expose_headers=EXPOSED,
            max_age=600,
        )
    made = api.build_middleware_stack

    def stack() -> ASGIApp:
        return Hardened(made())

    # Called by the framework when the first request comes.
    api.build_middleware_stack = stack  # type: ignore[method-assign]


def origins_of(setting: str) -> list[str]:
    """The origins a setting names.

    Raises:
        SettingsError: one of them is none; ``*`` is none either.
    """
    named = [one.strip() for one in setting.split(",") if one.strip()]
    for one in named:
        if _ORIGIN.fullmatch(one) is None:
            raise SettingsError(
                "cors_origins names something that is no origin",
                expected="origins parted by commas, such as https://console.example:8443",
                got=one[:80],
                hint="name each origin: any page of the world must not read evidence",
                field="cors_origins",
            )
    return named


def contact_of(settings: Settings) -> str:
    """The contact for vulnerabilities; empty if none is set.

    Raises:
        SettingsError: it is no URI of a mailbox, page or telephone.
    """
    contact = settings.security_contact
    if contact and _CONTACT.fullmatch(contact) is None:
        raise SettingsError(
            "security_contact is no contact",
            expected="mailto:…, https://… or tel:…",
            got=contact[:80],
            field="security_contact",
        )
    return contact


@ROUTER.get("/.well-known/security.txt", response_class=PlainTextResponse)
def security_txt(request: Request) -> PlainTextResponse:
    """Where to report a vulnerability of this installation, if its operator says so (RFC 9116)."""
    contact = contact_of(request.app.state.installation.settings)
    if not contact:
        raise NotFoundError("this installation's operator names no contact", hint="VESTIGE_SECURITY_CONTACT sets one")
    expires = (datetime.now(UTC) + timedelta(days=CONTACT_DAYS)).replace(microsecond=0).isoformat()
    return PlainTextResponse(f"Contact: {contact}\nExpires: {expires.replace('+00:00', 'Z')}\n")
