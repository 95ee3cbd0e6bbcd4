"""Signing in and out: browsers with a cookie, programs with a code somebody approves (RFC 8628)."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Depends, Request, Response
from pydantic import Field

from vestige.api.callers import COOKIE, Anybody, Caller, anonymous, note_refusal
from vestige.api.limits import only_known_parameters
from vestige.api.people import Secret, Short, Slug, Strict
from vestige.app import Installation, Person
from vestige.model.errors import ConflictError, ForbiddenError, NotFoundError, UnauthenticatedError

ROUTER = APIRouter(prefix="/v1", tags=["access"], dependencies=[Depends(only_known_parameters)])
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
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
    tenant = _tenant(installation, given.tenant)
    try:
        person = installation.people.sign_in(tenant, given.email, given.password, who)
    except UnauthenticatedError:
        note_refusal(request)
        raise
    token, csrf = installation.sessions.begin(person)
    # TLS ends at a proxy, so the scheme we see tells nothing. Only over loopback is there none.
    secure = request.url.hostname not in _LOOPBACK
    response.set_cookie(COOKIE, token, httponly=True, samesite="strict", secure=secure, path="/", max_age=12 * 3600)
    response.headers["Cache-Control"] = "no-store"
    return {"email": person.email, "name": person.name, "role": person.role.value, "csrf": csrf}


@ROUTER.post("/logout", status_code=204)
def logout(caller: Anybody, response: Response) -> None:
    """Sign out: this browser's session, or this program's token, opens nothing any more."""
    if caller.local:
        raise ConflictError(_HERE)
    if caller.session is not None:
        caller.installation.sessions.end(caller.session, caller.principal)
        response.delete_cookie(COOKIE, path="/")
        return
    caller.installation.sessions.end_token(caller.rooms.tenant.id, caller.principal.key, caller.principal)


@ROUTER.get("/whoami")
def whoami(caller: Anybody) -> dict[str, Any]:
    """Who you are here, in which tenant, and what you may do."""
    sources = {"sources": sorted(caller.sources)} if caller.sources else {}
    return {
        "name": caller.principal.name,
        "tenant": caller.rooms.tenant.slug,
        "permissions": sorted(caller.permissions),
    } | sources


@ROUTER.post("/login/device", status_code=201)
def begin(request: Request, program: Annotated[Program, Body()]) -> dict[str, Any]:
    """Begin a program's sign-in: `user_code` is shown to a person, `device_code` is kept by the program."""
    _, installation = anonymous(request)
    made = installation.sessions.ask(_tenant(installation, program.tenant), program.client)
    return made | {"verification_uri": f"{request.url.scheme}://{request.url.netloc}/ui/login/device"}


@ROUTER.post("/login/device/approve")
def approve(caller: Anybody, approval: Annotated[Approval, Body()]) -> dict[str, Any]:
    """Let the program that shows a code in, as oneself; only a signed-in person can."""
    person = _person(caller)
    return caller.installation.sessions.approve(person, approval.user_code, caller.principal, yes=approval.approve)


@ROUTER.post("/login/device/token")
def collect(request: Request, response: Response, given: Annotated[Collection, Body()]) -> dict[str, Any]:
    """The program's token once its sign-in was approved; 409 `conflict.waiting` until then. It is given once."""
    who, installation = anonymous(request)
    response.headers["Cache-Control"] = "no-store"
    return installation.sessions.collect(given.device_code, who)


def _person(caller: Caller) -> Person:
    person = caller.installation.people.by_id(caller.rooms.tenant.id, caller.person) if caller.person else None
    if person is None:
        raise ForbiddenError("only a person lets a program in", expected="a signed-in person", hint="sign in first")
    return person


def _tenant(installation: Installation, slug: str) -> str | None:
    try:
        return installation.access.tenant(slug).id
    except NotFoundError:
        return None
