"""API keys over HTTP, at StreamTrace's path and with its body besides our own."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Depends
from pydantic import BaseModel, ConfigDict, Field

from vestige.api.answers import access as answers
from vestige.api.callers import ManagesKeys
from vestige.api.limits import only_known_parameters
from vestige.app import LONGEST_SECONDS, WantedKey
from vestige.model.errors import UsageError

ROUTER = APIRouter(prefix="/v1/admin/keys", tags=["access"], dependencies=[Depends(only_known_parameters)])
_STREAMTRACE: Final = {"read": ("read",), "write": ("ingest", "cases"), "admin": ("admin",)}
"""Its permissions as scopes of ours."""
Names = Annotated[list[Annotated[str, Field(max_length=200)]], Field(max_length=100)]


class KeyRequest(BaseModel):
    """What is wanted of a new key."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=100)]
    scopes: Names = []
    permissions: Names = []
    """StreamTrace's word: `read`, `write`, `admin`. Given instead of `scopes`."""
    sources: Names = []
    """The only sources an ingest key may write."""
    expires_in: Annotated[int, Field(ge=0, le=LONGEST_SECONDS)] = 0
    """Seconds; 0: it does not expire."""

    def wanted(self) -> WantedKey:
        """The same, checked."""
        if bool(self.scopes) == bool(self.permissions):
            raise UsageError("a key needs scopes", expected="scopes, or permissions, and not both", field="scopes")
        unknown = sorted(set(self.permissions) - set(_STREAMTRACE))
        if unknown:
            raise UsageError(
                "there is no such permission", expected=", ".join(_STREAMTRACE), got=unknown[0], field="permissions"
            )
        scopes = self.scopes or [scope for name in self.permissions for scope in _STREAMTRACE[name]]
        return WantedKey.of(self.name, scopes, self.sources, self.expires_in)


class Rotation(BaseModel):
    """How a key is succeeded."""

    model_config = ConfigDict(extra="forbid")

    grace: Annotated[int, Field(ge=0, le=LONGEST_SECONDS)] = 0
    """Seconds the old one still opens; 0: it ends at once."""


@ROUTER.get("", responses={200: {"model": answers.Keys}})
def keys(caller: ManagesKeys) -> dict[str, Any]:
    """Every key without its secret: scopes, state, when it was made, last used, and ends."""
    return {"keys": caller.installation.access.all_keys(caller.rooms.tenant.id)}


@ROUTER.post("", status_code=201, responses={201: {"model": answers.NewKey}})
def make(caller: ManagesKeys, request: Annotated[KeyRequest, Body()]) -> dict[str, Any]:
    """Make a key. `token` is its secret, and stands in this answer only."""
    keys = caller.installation.access.keys
    return keys.make(caller.rooms.tenant.id, request.wanted(), caller.principal, caller.permissions)


@ROUTER.post("/{key}/rotate", status_code=201, responses={201: {"model": answers.NewKey}})
def rotate(caller: ManagesKeys, key: str, request: Annotated[Rotation, Body()]) -> dict[str, Any]:
    """Make a key's successor, with the same rights; the old one ends at once, or after `grace` seconds."""
    keys = caller.installation.access.keys
    return keys.rotate(caller.rooms.tenant.id, key, request.grace, caller.principal, caller.permissions)


@ROUTER.delete("/{key}", status_code=204)
def revoke(caller: ManagesKeys, key: str) -> None:
    """End a key at once."""
    caller.installation.access.keys.revoke(caller.rooms.tenant.id, key, caller.principal, caller.permissions)
