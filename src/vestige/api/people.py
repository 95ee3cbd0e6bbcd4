"""People over HTTP: who is there, who is invited, who asks to be; and what an invitation is answered with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Request
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from vestige.api.answers import access as answers
from vestige.api.callers import ManagesPeople, ManagesTenantsHere, anonymous, note_refusal
from vestige.api.limits import only_known_parameters
from vestige.api.maintenance import absolute
from vestige.model.errors import NotFoundError, UnauthenticatedError

ROUTER = APIRouter(prefix="/v1", tags=["access"], dependencies=[Depends(only_known_parameters)])

Short = Annotated[str, Field(max_length=254)]
Text = Annotated[str, Field(max_length=500)]
Secret = Annotated[str, Field(min_length=1, max_length=1024)]
Slug = Annotated[str, Field(min_length=1, max_length=63)]


class Strict(BaseModel):
    """A body that names nothing else."""

    model_config = ConfigDict(extra="forbid")


class Invitation(Strict):
    """Whom to invite, and as what."""

    email: Short
    role: Short
    may_erase: bool = False
    """Whether the person may erase evidence besides."""


class Role(Strict):
    """What a person is from now on."""

    role: Short
    may_erase: bool | None = None
    """Left out: as it was."""


class Acceptance(Strict):
    """What an invitation, or a reset, is answered with."""

    token: Secret
    password: Secret
    name: Text = ""


class Asking(Strict):
    """Who asks to be invited, and why."""

    email: Short
    name: Text = ""
    note: Text = ""
    tenant: Slug = "default"


class Decision(Strict):
    """The role to invite with; none: the request is declined."""

    role: Short = ""


class NewTenant(Strict):
    """What a tenant is to be called."""

    slug: Slug
    signing_key_file: Annotated[Path, AfterValidator(absolute)] | None = None
    """A file of this machine with the log's signing key; none: one is made."""


@ROUTER.get("/people", responses={200: {"model": answers.PeopleShown}})
def people(caller: ManagesPeople) -> dict[str, Any]:
    """Everybody who is there, by address: role, whether the account is locked; and invitations not answered yet."""
    people, tenant = caller.installation.people, caller.rooms.tenant.id
    return {"people": people.all(tenant), "invitations": people.invited(tenant)}


@ROUTER.post("/people", status_code=201, responses={201: {"model": answers.Opening}})
def invite(caller: ManagesPeople, request: Annotated[Invitation, Body()]) -> dict[str, Any]:
    """Invite somebody with a role. `token` opens the account once, within a week; it stands in this answer only."""
    return caller.installation.people.invite(
        caller.rooms.tenant.id,
        request.email,
        request.role,
        caller.principal,
        caller.permissions,
        may_erase=request.may_erase,
    )


@ROUTER.post("/people/accept", status_code=201)
def accept(request: Request, answer: Annotated[Acceptance, Body()]) -> dict[str, Any]:
    """Set the password an invitation, or a reset, is for."""
    who, installation = anonymous(request)
    try:
        return installation.people.accept(answer.token, answer.name, answer.password, who)
    except UnauthenticatedError:
        note_refusal(request)
        raise


@ROUTER.get("/people/requests", responses={200: {"model": answers.AskedFor}})
def asked(caller: ManagesPeople) -> dict[str, Any]:
    """Requests to be invited that nobody has decided."""
    return {"requests": caller.installation.people.asked(caller.rooms.tenant.id)}


@ROUTER.post("/people/requests", status_code=202)
def ask(request: Request, asking: Annotated[Asking, Body()]) -> dict[str, Any]:
    """Ask to be invited. The answer is the same whatever becomes of it."""
    who, installation = anonymous(request)
    try:
        tenant = installation.access.tenant(asking.tenant).id
    except NotFoundError:
        return {"status": "received"}
    installation.people.ask(tenant, asking.email, asking.name, asking.note, who)
    return {"status": "received"}


@ROUTER.post("/people/requests/{request_id}", responses={200: {"model": answers.Opening}})
def decide(caller: ManagesPeople, request_id: str, decision: Annotated[Decision, Body()]) -> dict[str, Any]:
    """Invite who asked, with a role; or decline."""
    return caller.installation.people.decide(
        caller.rooms.tenant.id, request_id, decision.role, caller.principal, caller.permissions
    )


@ROUTER.patch("/people/{person}", responses={200: {"model": answers.PersonShown}})
def change_role(caller: ManagesPeople, person: str, change: Annotated[Role, Body()]) -> dict[str, Any]:
    """Give a person, by address or id, another role."""
    return caller.installation.people.change_role(
        caller.rooms.tenant.id,
        person,
        change.role,
        caller.principal,
        caller.permissions,
        may_erase=change.may_erase,
    )


@ROUTER.delete("/people/{person}", status_code=204)
def remove(caller: ManagesPeople, person: str) -> None:
    """Let a person in no more; all their sign-ins end. Of who was only invited, the invitation ends."""
    caller.installation.people.remove(caller.rooms.tenant.id, person, caller.principal, caller.permissions)


@ROUTER.post("/people/{person}/reset", status_code=201, responses={201: {"model": answers.Opening}})
def reset(caller: ManagesPeople, person: str) -> dict[str, Any]:
    """Take a person's password away, end all their sign-ins, unlock the account. `token` lets them set another."""
    return caller.installation.people.reset(caller.rooms.tenant.id, person, caller.principal, caller.permissions)


@ROUTER.get("/tenants")
def tenants(caller: ManagesTenantsHere) -> dict[str, Any]:
    """Every tenant of the installation; on the machine itself only."""
    return {"tenants": caller.installation.access.tenants()}


@ROUTER.post("/tenants", status_code=201)
def new_tenant(caller: ManagesTenantsHere, request: Annotated[NewTenant, Body()]) -> dict[str, Any]:
    """Make a tenant: its log, its signing key, and its owner's token, which stands in this answer only."""
    return caller.installation.access.new_tenant(request.slug, caller.principal, request.signing_key_file)
