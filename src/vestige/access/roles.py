"""Roles of people and scopes of keys, each as the set of permissions it stands for. Nothing else grants any.

The first five roles and what they may are TraceVault's ("Role-Based Access Control" in its README), taken literally;
its table is the columns Push Traces, Manage Policies, View All Traces, View Audit Log, Manage Users. A developer sees
own agent sessions and nothing else; an auditor reads everything and writes nothing. An investigator is ours: reads
evidence, writes cases and holds, and erases only if given ``evidence.erase`` beside the role.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from vestige.model.errors import ForbiddenError, UsageError
from vestige.model.permission import Permission

if TYPE_CHECKING:
    from collections.abc import Iterable


class Role(StrEnum):
    """What a person is in a tenant."""

    OWNER = "owner"
    ADMIN = "admin"
    POLICY_ADMIN = "policy_admin"
    DEVELOPER = "developer"
    AUDITOR = "auditor"
    INVESTIGATOR = "investigator"


class Scope(StrEnum):
    """What a key is for.

    ``admin`` is all that an admin may, because nobody gives what they do not have; ``owner`` is the scope of the key
    made at first start, and of no other.
    """

    INGEST = "ingest"
    READ = "read"
    CASES = "cases"
    POLICY = "policy"
    CODE = "code"
    ADMIN = "admin"
    OWNER = "owner"


_READING: Final = frozenset(
    {
        Permission.EVIDENCE_READ,
        Permission.EVIDENCE_REVEAL,
        Permission.EVIDENCE_EXPORT,
        Permission.LEDGER_READ,
        Permission.STATUS_READ,
        Permission.CASES_READ,
        Permission.POLICIES_READ,
    }
)
_CASES: Final = frozenset({Permission.CASES_READ, Permission.CASES_WRITE, Permission.HOLDS_WRITE})
_SAYING: Final = frozenset({Permission.EVIDENCE_REDACT, Permission.EVIDENCE_AMEND})
_CODE: Final = frozenset({Permission.CODE_READ})
"""Apart from reading evidence: source code is more than what happened."""
_POLICY: Final = frozenset({Permission.POLICIES_READ, Permission.POLICIES_WRITE})
_ADMIN: Final = (
    frozenset(Permission)
    # An owner's alone; and what reading everything makes pointless.
    - {Permission.TENANT_MANAGE, Permission.EVIDENCE_READ_OWN}
)
EVERYTHING: Final = frozenset(Permission)

ROLES: Final = {
    Role.OWNER: EVERYTHING,
    Role.ADMIN: _ADMIN,
    Role.POLICY_ADMIN: _READING | _CODE | _POLICY | {Permission.EVIDENCE_WRITE, Permission.AUDIT_READ},
    Role.DEVELOPER: frozenset({Permission.EVIDENCE_WRITE, Permission.EVIDENCE_READ_OWN}),
    Role.AUDITOR: _READING | _CODE | {Permission.AUDIT_READ},
    Role.INVESTIGATOR: _READING | _CODE | _CASES | _SAYING | {Permission.VIEWS_WRITE},
}
SCOPES: Final = {
    Scope.INGEST: frozenset({Permission.EVIDENCE_WRITE}),
    Scope.READ: _READING,
    Scope.CASES: _CASES,
    Scope.POLICY: _POLICY,
    Scope.CODE: _CODE,
    Scope.ADMIN: _ADMIN,
    Scope.OWNER: EVERYTHING,
}


def permissions_of(scopes: Iterable[Scope]) -> frozenset[Permission]:
    """All that a key with these scopes may do."""
    return frozenset().union(*(SCOPES[scope] for scope in scopes))


def permissions_with(role: Role, *, may_erase: bool) -> frozenset[Permission]:
    """All that a person with this role may do, and whether they erase besides."""
    return ROLES[role] | ({Permission.EVIDENCE_ERASE} if may_erase else frozenset())


def role_named(text: str) -> Role:
    """The role of that name.

    Raises:
        UsageError: there is none.
    """
    try:
        return Role(text)
    except ValueError:
        raise UsageError("there is no such role", expected=", ".join(Role), got=text[:40], field="role") from None


def scopes_named(names: Iterable[str]) -> tuple[Scope, ...]:
    """The scopes of those names, each once, in the order they are listed in.

    Raises:
        UsageError: one is none, or may not be given, or there are none.
    """
    known = [scope for scope in Scope if scope is not Scope.OWNER]
    given = set(names)
    wrong = sorted(given - {scope.value for scope in known})
    if wrong or not given:
        raise UsageError(
            "there is no such scope" if wrong else "a key needs a scope",
            expected=", ".join(known),
            got=", ".join(wrong)[:100] or "none",
            field="scopes",
        )
    return tuple(scope for scope in known if scope.value in given)


def may_give(held: frozenset[Permission], given: frozenset[Permission]) -> bool:
    """Whether somebody who holds these may give those."""
    return not _missing(held, given)


def _missing(held: frozenset[Permission], given: frozenset[Permission]) -> list[Permission]:
    covered = {Permission.EVIDENCE_READ_OWN} if Permission.EVIDENCE_READ in held else set()
    return sorted(given - held - covered)


def check_may_give(held: frozenset[Permission], given: frozenset[Permission]) -> None:
    """Nobody gives what they do not have: neither to a key nor to a person.

    Raises:
        ForbiddenError: something of what is given is not held by who gives it.
    """
    missing = _missing(held, given)
    if missing:
        raise ForbiddenError(
            "this would give more than you may do yourself",
            expected="permissions of your own",
            got=", ".join(missing)[:200],
            hint="ask an owner to do it",
        )
