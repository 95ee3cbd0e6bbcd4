"""Signing in and out: browsers with a cookie, programs with a code somebody approves (RFC 8628)."""

from __future__ import annotations

from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Body, Depends, Request, Response
from pydantic import Field

import vestige
from vestige.api import cookies, device
from vestige.api.callers import FRESH_SECONDS, Anybody, anonymous, is_fresh, note_refusal, person_of
from vestige.api.limits import only_known_parameters
from vestige.api.people import Secret, Short, Slug, Strict
from vestige.api.sign_in import DEFAULT, tenant_of
from vestige.model.errors import ConflictError, ForbiddenError, UnauthenticatedError

ROUTER = APIRouter(prefix="/v1", tags=["access"], dependencies=[Depends(only_known_parameters)])
_HERE: Final = "the user of the machine itself is not signed in"


class Login(Strict):
    """An address and a password."""

    email: Short
    password: Secret
    tenant: Slug = "default"


class Program(Strict):
    """A program that wants to be let in."""

    client: Annotated[str, Field(min_length=1, max_length=100)] = "a program"
    tenant: Slug = "default"


class Approval(Strict):
    """The code a program shows, and whether it is let in."""

    user_code: Annotated[str, Field(min_length=1, max_length=40)]
    approve: bool = True


class Collection(Strict):
    """What a program was given when it began."""

    device_code: Secret


@ROUTER.post("/login")
def login(request: Request, response: Response, given: Annotated[Login, Body()]) -> dict[str, Any]:
    """Sign a browser in: a cookie no script reads, and `csrf`, which requests that change something repeat."""
    who, installation = anonymous(request)
    tenant = tenant_of(installation, given.tenant)
    try:
        found = installation.passwords.sign_in(tenant, given.email, given.password, who)
    except UnauthenticatedError:
        note_refusal(request)
        raise
    cookies.begin_session(request, response, found.token)
    person = found.person
    return {"email": person.email, "name": person.name, "role": person.role.value, "csrf": found.csrf}


@ROUTER.post("/logout", status_code=204)
def logout(caller: Anybody, response: Response) -> None:
    """Sign out: this browser's session, or this program's token, opens nothing any more."""
    if caller.local:
        raise ConflictError(_HERE)
    if caller.session is not None:
        caller.installation.sessions.end(caller.session, caller.principal)
        response.delete_cookie(cookies.SESSION, path="/")
        return
    caller.installation.sessions.end_token(caller.rooms.tenant.id, caller.principal.key, caller.principal)


@ROUTER.get("/whoami")
def whoami(caller: Anybody, request: Request) -> dict[str, Any]:
    """Who you are here, in which tenant, and what you may do; of a browser's session `csrf` too, as at sign-in."""
    installation = caller.installation
    found = {
        "name": caller.principal.name,
        "tenant": caller.rooms.tenant.slug,
        "permissions": sorted(caller.permissions),
        "demonstration": installation.demonstration,
        "version": vestige.__version__,
    }
    if caller.sources:
        found["sources"] = sorted(caller.sources)
    if caller.person:
        person = person_of(caller)
        found |= {"email": person.email, "role": person.role.value}
    if caller.session is not None:
        found["csrf"] = installation.sessions.csrf_of(request.cookies[cookies.SESSION])
    return found


@ROUTER.post("/login/device", status_code=201)
def begin(request: Request, program: Annotated[Program, Body()]) -> dict[str, Any]:
    """Begin a program's sign-in: `user_code` is shown to a person, `device_code` is kept by the program."""
    who, installation = anonymous(request)
    made = installation.sessions.ask(program.tenant, tenant_of(installation, program.tenant), program.client, who)
    base = installation.settings.public_url or f"{request.url.scheme}://{request.url.netloc}"
    uri = f"{base}{device.PATH}"
    whole = f"{uri}?user_code={made['user_code']}"
    whole += "" if program.tenant == DEFAULT else f"&tenant={quote(program.tenant, safe='')}"
    return made | {"verification_uri": uri, "verification_uri_complete": whole}


@ROUTER.post("/login/device/approve")
def approve(caller: Anybody, approval: Annotated[Approval, Body()]) -> dict[str, Any]:
    """Let the program that shows a code in, as oneself; only a person at a browser, signed in minutes ago, can."""
    person = person_of(caller)
    if approval.approve and not is_fresh(caller):
        raise ForbiddenError(
            "letting a program in needs a fresh sign-in",
            expected=f"a browser's session of the last {FRESH_SECONDS // 60} minutes",
            got="an older one" if caller.session is not None else "a token, which cannot make others",
            hint="sign in again, at the page the program names",
        )
    return caller.installation.sessions.approve(person, approval.user_code, caller.principal, yes=approval.approve)


@ROUTER.post("/login/device/token")
def collect(request: Request, response: Response, given: Annotated[Collection, Body()]) -> dict[str, Any]:
    """The program's token once its sign-in was approved; 409 `conflict.waiting` until then. It is given once."""
    who, installation = anonymous(request, polls=True)
    response.headers["Cache-Control"] = "no-store"
    try:
        return installation.sessions.collect(given.device_code, who)
    except UnauthenticatedError:
        note_refusal(request)
        raise
