"""What answers about people and keys look like. For the OpenAPI document alone: nothing is made by these."""

from __future__ import annotations

from pydantic import Field

from vestige.api.answers.shape import Shape


class Key(Shape):
    """An API key without its secret."""

    id: str
    name: str
    scopes: list[str]
    state: str
    created_at: str
    by: str
    sources: list[str] = Field(default_factory=list)
    expires_at: str = ""
    revoked_at: str = ""
    last_used_at: str = ""
    replaced_by: str = ""


class Keys(Shape):
    """Every API key."""

    keys: list[Key]


class NewKey(Shape):
    """A key that was just made; `token` is its secret, which stands in this answer only."""

    id: str
    name: str
    scopes: list[str]
    token: str
    sources: list[str] = Field(default_factory=list)
    expires_at: str = ""


class PersonShown(Shape):
    """Somebody who is there."""

    id: str
    email: str
    name: str
    role: str
    created_at: str
    may_erase: bool = False
    locked_until: str = ""


class InvitationShown(Shape):
    """An invitation, or a reset, that nobody has answered yet."""

    email: str
    role: str
    purpose: str
    by: str
    expires_at: str


class PeopleShown(Shape):
    """Everybody who is there, and who is awaited."""

    people: list[PersonShown]
    invitations: list[InvitationShown]


class Opening(Shape):
    """What opens an account; `token` stands in this answer only."""

    token: str
    email: str
    role: str = ""
    expires_at: str = ""


class Asked(Shape):
    """Who asks to be invited."""

    id: str
    email: str
    name: str
    note: str
    at: str


class AskedFor(Shape):
    """Requests nobody has decided."""

    requests: list[Asked]


class LimitShown(Shape):
    """A bound in force."""

    name: str
    value: int
    default: int


class LimitsShown(Shape):
    """Every bound in force."""

    limits: list[LimitShown]
