from __future__ import annotations

import pytest

from vestige.access.roles import ROLES, SCOPES, Role, Scope, check_may_give, permissions_of, role_named, scopes_named
from vestige.model.errors import ForbiddenError, UsageError
from vestige.model.permission import Permission

PUSH, MANAGE, VIEW = Permission.EVIDENCE_WRITE, Permission.POLICIES_WRITE, Permission.EVIDENCE_READ
AUDIT, USERS = Permission.AUDIT_READ, Permission.PEOPLE_MANAGE
COLUMNS = (PUSH, MANAGE, VIEW, AUDIT, USERS)


@pytest.mark.parametrize(
    ("role", "row"),
    [
        (Role.OWNER, "yes yes yes yes yes"),
        (Role.ADMIN, "yes yes yes yes yes"),
        (Role.POLICY_ADMIN, "yes yes yes yes no"),
        (Role.DEVELOPER, "yes no own no no"),
        (Role.AUDITOR, "no no yes yes no"),
    ],
)
def test_the_table_of_tracevault_is_taken_literally(role: Role, row: str) -> None:
    held = ROLES[role]
    own = {VIEW: Permission.EVIDENCE_READ_OWN}
    found = ["yes" if one in held else "own" if own.get(one) in held else "no" for one in COLUMNS]
    assert " ".join(found) == row


def test_an_auditor_writes_nothing_and_an_investigator_no_evidence() -> None:
    writes = {one for one in Permission if one.value.endswith((".write", ".manage", ".erase"))}
    assert not ROLES[Role.AUDITOR] & writes
    assert ROLES[Role.INVESTIGATOR] & writes == {
        Permission.CASES_WRITE, Permission.HOLDS_WRITE, Permission.VIEWS_WRITE,
    }  # fmt: skip


def test_only_an_owner_may_everything() -> None:
    assert [role for role in Role if ROLES[role] == frozenset(Permission)] == [Role.OWNER]
    assert [scope for scope in Scope if SCOPES[scope] == frozenset(Permission)] == [Scope.OWNER]
    assert SCOPES[Scope.ADMIN] == ROLES[Role.ADMIN]


def test_scopes_add_up_and_an_ingest_key_reads_nothing() -> None:
    assert permissions_of([Scope.INGEST, Scope.CASES]) == SCOPES[Scope.INGEST] | SCOPES[Scope.CASES]
    assert permissions_of([]) == frozenset()
    assert SCOPES[Scope.INGEST] == {Permission.EVIDENCE_WRITE}


def test_what_is_given_is_held() -> None:
    check_may_give(ROLES[Role.ADMIN], ROLES[Role.DEVELOPER])
    check_may_give(ROLES[Role.AUDITOR], SCOPES[Scope.READ])
    with pytest.raises(ForbiddenError, match=r"tenant\.manage"):
        check_may_give(ROLES[Role.ADMIN], ROLES[Role.OWNER])
    with pytest.raises(ForbiddenError, match=r"evidence\.read_own"):
        check_may_give(SCOPES[Scope.INGEST], ROLES[Role.DEVELOPER])


@pytest.mark.parametrize("names", [["owner"], ["x"], [], ["read", "x"]])
def test_names_that_are_none_are_refused(names: list[str]) -> None:
    with pytest.raises(UsageError):
        scopes_named(names)
    assert scopes_named(["read", "ingest", "read"]) == (Scope.INGEST, Scope.READ)
    with pytest.raises(UsageError):
        role_named("king")
    assert role_named("auditor") is Role.AUDITOR
