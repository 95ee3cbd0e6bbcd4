"""Who is calling: the kernel's word on the local socket, a bearer token everywhere else. Nothing else opens a door."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from vestige.api.connections import LOCAL
from vestige.app import Installation, Rooms
from vestige.model.errors import ForbiddenError, NotFoundError, UnauthenticatedError
from vestige.model.principal import Principal

TENANT_HEADERS = ("x-vestige-tenant", "x-stella-tenant")


class NoTokenError(UnauthenticatedError):
    """No credential came at all."""


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated caller and the one tenant its request is about."""

    principal: Principal
    rooms: Rooms
    installation: Installation
    local: bool


def authenticated(request: Request) -> Caller:
    """Let the caller in, or not.

    A tenant header only selects among the tenants the credential opens; any other is "not found", so that names of
    tenants cannot be probed.

    Raises:
        UnauthenticatedError: no valid credential.
        NotFoundError: a tenant the credential does not open.
    """
    return admit(request, lambda: _bearer(request))


def admit(request: Request, token_of: Callable[[], str]) -> Caller:
    """Let in whom the local socket or a token speaks for.

    Args:
        request: its peer, and the tenant it selects.
        token_of: the token it carries, empty if none; asked only of callers over the network.

    Raises:
        UnauthenticatedError: no valid credential.
        NotFoundError: a tenant the credential does not open.
    """
    installation: Installation = request.app.state.installation
    wanted = next((request.headers[name] for name in TENANT_HEADERS if name in request.headers), None)
    host = request.client.host if request.client else ""
    if host.startswith(LOCAL):
        return Caller(Principal(host), installation.rooms_of_slug(wanted), installation, local=True)
    token = token_of()
    if not token:
        raise NoTokenError(
            "this needs a token",
            expected="an Authorization header with a token vst_…",
            got="no such header",
            hint="the owner's token was printed when the installation was first started",
        )
    principal, tenant = installation.access.authenticate(token)
    rooms = installation.rooms(tenant)
    if wanted is not None and wanted != rooms.tenant.slug:
        raise NotFoundError(f"no tenant {wanted[:64]!r}", hint="leave the header out to use the token's own tenant")
    return Caller(principal, rooms, installation, local=False)


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise UnauthenticatedError(
            "this needs a token",
            expected="Authorization: Bearer vst_…",
            got="no such header" if not scheme else f"the scheme {scheme[:20]!r}",
            hint="the owner's token was printed when the installation was first started",
        )
    return token.strip()


def default_caller(request: Request, name: str) -> Caller:
    """Who speaks by a secret that is shared with the installation, and not by a token: for the default tenant."""
    installation: Installation = request.app.state.installation
    return Caller(Principal(name), installation.rooms_of_slug(None), installation, local=False)


def on_this_machine(caller: Annotated[Caller, Depends(authenticated)]) -> Caller:
    """Let in only callers on the data directory's socket: acts that name paths of this machine.

    Raises:
        ForbiddenError: the caller came over the network.
    """
    if not caller.local:
        raise ForbiddenError(
            "this works only on the machine itself", hint="send the file to POST /v1/ingest/raw instead"
        )
    return caller


Authenticated = Annotated[Caller, Depends(authenticated)]
OnThisMachine = Annotated[Caller, Depends(on_this_machine)]
