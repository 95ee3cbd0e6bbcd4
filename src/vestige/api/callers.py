"""Who is calling, and whether they may: the one place that lets anybody in.

The kernel's word on the local socket; elsewhere a bearer token, or the session of a browser. A route names the
permission it needs in its signature (:class:`Need`; the names at the end of this file are those in use), and a refusal
is an entry of the tenant's ledger before it is an answer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Annotated, Any

from fastapi import Depends, Request

from vestige.api.connections import LOCAL
from vestige.api.cookies import SESSION as COOKIE
from vestige.api.rates import Rates, take, whose
from vestige.app import EVERYTHING, Admitted, Installation, Person, Rooms, Session, act_entry, refuse_source
from vestige.model.errors import ContradictionError, ForbiddenError, NotFoundError, UnauthenticatedError
from vestige.model.instant import NANOS, now
from vestige.model.permission import Permission
from vestige.model.principal import AGENT_LENGTH, Principal

TENANT_HEADERS = ("x-vestige-tenant", "x-stella-tenant")
CSRF_HEADER = "x-csrf-token"
FRESH_SECONDS = 15 * 60
"""How long ago a person may have signed in who lets a program in: what it is given lasts longer than a session."""
_READING = frozenset({"GET", "HEAD"})


class NoTokenError(UnauthenticatedError):
    """No credential came at all."""


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated caller, the one tenant its request is about, and what it may do there."""

    principal: Principal
    rooms: Rooms
    installation: Installation
    local: bool
    permissions: frozenset[Permission]
    sources: frozenset[str] = frozenset()
    """The sources it may write; none: any."""
    person: str = ""
    """The id of the person, if it is one."""
    session: Session | None = None
    """The browser's session, if it is one's."""

    def record(self, act: str, detail: dict[str, Any], resource: str = "") -> None:
        """Append the entry of an act of the caller's; it is committed when this returns."""
        self.rooms.record(act_entry(act, self.principal, detail, resource))

    def may_write(self, source: str) -> None:
        """Refuse a source that the caller's key is not for.

        Raises:
            ForbiddenError: it is not.
        """
        error = refuse_source(self.sources, source)
        if error is not None:
            self.record("access.refused", {"permission": Permission.EVIDENCE_WRITE, "source": source[:200]})
            error.recorded = True
            raise error


def admit(request: Request, token_of: Callable[[], str] | None) -> Caller:
    """Let in whom the local socket, a token or a browser's session speaks for.

    A tenant header only selects among the tenants the credential opens; any other is "not found", so that names of
    tenants cannot be probed.

    Args:
        request: its peer, and the tenant it selects.
        token_of: the token it carries, empty if none; asked only of callers over the network. ``None``: the request
            comes from a browser that is signed in.

    Raises:
        UnauthenticatedError: no valid credential.
        NotFoundError: a tenant the credential does not open.
        ContradictionError: two headers select different tenants.
    """
    installation: Installation = request.app.state.installation
    wanted = tenant_of(request)
    host = request.client.host if request.client else ""
    if host.startswith(LOCAL):
        principal = _principal(request, host, "", "")
        rooms = installation.rooms_of_slug(wanted)
        return _known(request, Caller(principal, rooms, installation, local=True, permissions=EVERYTHING))
    try:
        if token_of is None:
            return _in_session(request, installation, wanted)
        return _by_token(request, installation, wanted, token_of())
    except UnauthenticatedError:
        note_refusal(request)
        raise


def tenant_of(request: Request) -> str | None:
    """The tenant a request selects by its headers; ``None`` if by none.

    Raises:
        ContradictionError: they select different ones; none of them is taken then.
    """
    given = {value.strip() for name in TENANT_HEADERS for value in request.headers.getlist(name)}
    if len(given) > 1:
        raise ContradictionError(
            "two headers select different tenants",
            expected="one tenant",
            got=f"{len(given)} of them",
            hint="send one of " + " and ".join(name.title() for name in TENANT_HEADERS),
            field=TENANT_HEADERS[0].title(),
        )
    return given.pop() if given else None


def note_refusal(request: Request) -> None:
    """Count a refusal of whoever is nobody, in the installation's own log."""
    installation: Installation = request.app.state.installation
    host = request.client.host if request.client else ""
    installation.refusals.note(host, f"{request.method} {request.url.path[:100]}")


def _by_token(request: Request, installation: Installation, wanted: str | None, token: str) -> Caller:
    if not token:
        raise NoTokenError(
            "this needs a token",
            expected="an Authorization header with a token vst_…",
            got="no such header",
            hint="the owner's token was printed when the installation was first started",
        )
    found = installation.access.authenticate(token)
    return _caller(request, installation, wanted, found)


def _in_session(request: Request, installation: Installation, wanted: str | None) -> Caller:
    """Let in whoever is signed in at a browser; what changes something must come from our own page."""
    person, session = installation.sessions.find(request.cookies.get(COOKIE, ""))
    found = Admitted(person.email, person.tenant, person.permissions, person=person.id)
    caller = _caller(request, installation, wanted, found, session)
    if request.method not in _READING:
        installation.sessions.check_csrf(session, request.headers.get(CSRF_HEADER, ""))
    return caller


def browsing(request: Request) -> Caller | None:
    """Whoever is signed in at the browser that asks for a page; its forms prove by themselves that they are ours."""
    installation: Installation = request.app.state.installation
    try:
        person, session = installation.sessions.find(request.cookies.get(COOKIE, ""))
    except UnauthenticatedError:
        return None
    found = Admitted(person.email, person.tenant, person.permissions, person=person.id)
    return _caller(request, installation, None, found, session)


def person_of(caller: Caller) -> Person:
    """The person who calls.

    Raises:
        ForbiddenError: it is none.
    """
    person = caller.installation.people.by_id(caller.rooms.tenant.id, caller.person) if caller.person else None
    if person is None:
        raise ForbiddenError("only a person lets a program in", expected="a signed-in person", hint="sign in first")
    return person


def is_fresh(caller: Caller) -> bool:
    """Whether the caller sits at a browser and proved who they are within the last minutes."""
    return caller.session is not None and now() - caller.session.proved_at <= FRESH_SECONDS * NANOS


def _caller(
    request: Request, installation: Installation, wanted: str | None, found: Admitted, session: Session | None = None
) -> Caller:
    rates: Rates = request.app.state.rates
    take(rates.keys, found.key or found.person, "key", "VESTIGE_LIMIT_KEY_REQUESTS")
    rooms = installation.rooms(found.tenant)
    if wanted is not None and wanted != rooms.tenant.slug:
        raise NotFoundError(f"no tenant {wanted[:64]!r}", hint="leave the header out to use the token's own tenant")
    host = request.client.host if request.client else ""
    caller = Caller(
        _principal(request, found.name, found.key, host),
        rooms,
        installation,
        local=False,
        permissions=found.permissions,
        sources=found.sources,
        person=found.person,
        session=session,
    )
    return _known(request, caller)


def _known(request: Request, caller: Caller) -> Caller:
    """Remember who calls, for the entry of a refusal that is found later (:func:`record_refusal`)."""
    request.state.caller = caller
    return caller


def record_refusal(request: Request, error: ForbiddenError) -> None:
    """Make a refusal of somebody who is let in an entry of the ledger, wherever it was found, unless it is one already.

    One of whoever is nobody is counted in the installation's own log. Called before the refusal is answered.
    """
    caller: Caller | None = getattr(request.state, "caller", None)
    if caller is None:
        note_refusal(request)
    if caller is None or error.recorded:
        return
    detail = {"method": request.method, "path": request.url.path[:500], "reason": error.message}
    caller.record("access.refused", detail)
    error.recorded = True


def anonymous(request: Request, *, polls: bool = False) -> tuple[Principal, Installation]:
    """Who makes a request that proves nothing yet, and the installation it is made to.

    Args:
        request: the request.
        polls: whether it only asks how something goes, which is counted apart.

    Raises:
        RateError: the address tries too often; each try may cost what checking a password costs.
    """
    host = request.client.host if request.client else ""
    if not host.startswith(LOCAL):
        rates: Rates = request.app.state.rates
        buckets, setting = (rates.polls, "DEVICE_POLLS") if polls else (rates.sign_ins, "SIGN_INS")
        take(buckets, whose(host), "address", f"VESTIGE_LIMIT_{setting}")
    return _principal(request, "anonymous", "", host), request.app.state.installation


def _principal(request: Request, name: str, key: str, address: str) -> Principal:
    agent = request.headers.get("user-agent", "")[:AGENT_LENGTH]
    return Principal(name, key, address, agent, getattr(request.state, "request_id", ""))


def bearer(request: Request) -> str:
    """The token of the ``Authorization`` header.

    Raises:
        UnauthenticatedError: there is none, or in another scheme.
    """
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
    host = request.client.host if request.client else ""
    permissions = frozenset({Permission.EVIDENCE_WRITE})
    principal = _principal(request, name, "", host)
    return Caller(principal, installation.rooms_of_slug(None), installation, local=False, permissions=permissions)


class Need:
    """A dependency that lets in only who may: what a route's ``Depends`` holds, and what the route tables are made of.

    Args:
        permission: what the route needs; ``None``: anybody who is let in at all, for what concerns only themselves.
        own: a smaller permission that is enough; the caller's rooms then show what is its own and nothing else.
        also: another permission that is needed besides.
        local: whether the caller must be on the data directory's socket: acts that name paths of this machine.
        token_of: where the token stands in the request.
    """

    def __init__(
        self,
        permission: Permission | None,
        *,
        own: Permission | None = None,
        also: Permission | None = None,
        local: bool = False,
        token_of: Callable[[Request], str] = bearer,
    ) -> None:
        self.permission = permission
        self.own = own
        self.also = also
        self.local = local
        self._token_of = token_of

    def __call__(self, request: Request) -> Caller:
        """Let the caller in, or not.

        Raises:
            UnauthenticatedError: no valid credential.
            NotFoundError: a tenant the credential does not open.
            ForbiddenError: the permission is not the caller's; or it came over the network and must not.
        """
        browser = self._token_of is bearer and "authorization" not in request.headers and COOKIE in request.cookies
        caller = admit(request, None if browser else lambda: self._token_of(request))
        if self.permission is not None and self.permission not in caller.permissions:
            if self.own is None or self.own not in caller.permissions:
                raise refused(request, caller, self.permission)
            return replace(caller, rooms=caller.rooms.own(caller.principal.name))
        if self.also is not None and self.also not in caller.permissions:
            raise refused(request, caller, self.also)
        if self.local and not caller.local:
            files = self.permission == Permission.EVIDENCE_WRITE
            raise ForbiddenError(
                "this works only on the machine itself",
                hint="send the file to POST /v1/ingest/raw instead" if files else "run the command on the server",
            )
        if Permission.AUDIT_READ not in caller.permissions:
            return replace(caller, rooms=caller.rooms.without_audit)
        return caller


def refused(request: Request, caller: Caller, permission: Permission) -> ForbiddenError:
    """The refusal of a caller who lacks a permission, recorded in the tenant's ledger."""
    caller.record(
        "access.refused",
        {"method": request.method, "path": request.url.path[:500], "permission": permission.value},
    )
    error = ForbiddenError(
        "you may not do this",
        expected=f"the permission {permission}",
        got=f"{caller.principal.name} does not have it",
        hint="ask an owner or admin of the tenant for another role, or use a key with another scope",
    )
    error.recorded = True
    return error


Reads = Annotated[Caller, Depends(Need(Permission.EVIDENCE_READ))]
ReadsOwn = Annotated[Caller, Depends(Need(Permission.EVIDENCE_READ, own=Permission.EVIDENCE_READ_OWN))]
Reveals = Annotated[Caller, Depends(Need(Permission.EVIDENCE_REVEAL, own=Permission.EVIDENCE_READ_OWN))]
Exports = Annotated[Caller, Depends(Need(Permission.EVIDENCE_EXPORT))]
Erases = Annotated[Caller, Depends(Need(Permission.EVIDENCE_ERASE))]
Redacts = Annotated[Caller, Depends(Need(Permission.EVIDENCE_REDACT))]
Amends = Annotated[Caller, Depends(Need(Permission.EVIDENCE_AMEND, also=Permission.EVIDENCE_READ))]
RevealsHidden = Annotated[Caller, Depends(Need(Permission.EVIDENCE_REVEAL))]
Approves = Annotated[Caller, Depends(Need(Permission.CUSTODY_APPROVE))]
SetsRule = Annotated[Caller, Depends(Need(Permission.TENANT_MANAGE))]
WritesHolds = Annotated[Caller, Depends(Need(Permission.HOLDS_WRITE, also=Permission.EVIDENCE_READ))]
Writes = Annotated[Caller, Depends(Need(Permission.EVIDENCE_WRITE))]
WritesHere = Annotated[Caller, Depends(Need(Permission.EVIDENCE_WRITE, local=True))]
ManagesSources = Annotated[Caller, Depends(Need(Permission.SOURCES_MANAGE))]
ManagesSequences = Annotated[Caller, Depends(Need(Permission.SEQUENCES_MANAGE))]
WritesViews = Annotated[Caller, Depends(Need(Permission.VIEWS_WRITE))]
ReadsLedger = Annotated[Caller, Depends(Need(Permission.LEDGER_READ))]
ManagesLedger = Annotated[Caller, Depends(Need(Permission.LEDGER_MANAGE))]
ManagesLedgerHere = Annotated[Caller, Depends(Need(Permission.LEDGER_MANAGE, local=True))]
ReadsStatus = Annotated[Caller, Depends(Need(Permission.STATUS_READ))]
ManagesIndex = Annotated[Caller, Depends(Need(Permission.INDEX_MANAGE))]
ReadsAudit = Annotated[Caller, Depends(Need(Permission.AUDIT_READ))]
ManagesKeys = Annotated[Caller, Depends(Need(Permission.KEYS_MANAGE))]
Anybody = Annotated[Caller, Depends(Need(None))]
ManagesTenant = Annotated[Caller, Depends(Need(Permission.TENANT_MANAGE))]
ManagesTenantsHere = Annotated[Caller, Depends(Need(Permission.TENANT_MANAGE, local=True))]
ManagesPeople = Annotated[Caller, Depends(Need(Permission.PEOPLE_MANAGE))]
ReadsCode = Annotated[Caller, Depends(Need(Permission.CODE_READ))]
ReadsCodeAndEvents = Annotated[Caller, Depends(Need(Permission.CODE_READ, also=Permission.EVIDENCE_READ))]
WritesStories = Annotated[Caller, Depends(Need(Permission.EVIDENCE_EXPORT, also=Permission.CODE_READ))]
ManagesStories = Annotated[Caller, Depends(Need(Permission.STORIES_MANAGE))]
ReadsCodeAndPolicies = Annotated[Caller, Depends(Need(Permission.POLICIES_READ, also=Permission.CODE_READ))]
PushesCode = Writes
ManagesCode = Annotated[Caller, Depends(Need(Permission.CODE_MANAGE))]
ReadsPolicies = Annotated[Caller, Depends(Need(Permission.POLICIES_READ))]
WritesPolicies = Annotated[Caller, Depends(Need(Permission.POLICIES_WRITE))]
ReadsCases = Annotated[Caller, Depends(Need(Permission.CASES_READ))]
ReadsCasesAndEvents = Annotated[Caller, Depends(Need(Permission.CASES_READ, also=Permission.EVIDENCE_READ))]
WritesCases = Annotated[Caller, Depends(Need(Permission.CASES_WRITE))]
SelectsForCases = Annotated[Caller, Depends(Need(Permission.CASES_WRITE, also=Permission.EVIDENCE_READ))]
ExportsCases = Annotated[Caller, Depends(Need(Permission.CASES_READ, also=Permission.EVIDENCE_EXPORT))]
ExportsAudit = Annotated[Caller, Depends(Need(Permission.AUDIT_READ, also=Permission.EVIDENCE_EXPORT))]
