"""Two persons, on both drivers: who proposed does not approve, whatever they come with; nothing is approved twice."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from support.homes import SERVER, TENANT, Home
from vestige.custody.rule_store import Rule
from vestige.custody.two_persons import ERASE, MOST_BYTES, TwoPersons
from vestige.ledger import Kind
from vestige.model.errors import (
    ConflictError,
    ForbiddenError,
    InputError,
    NotFoundError,
    TooLargeError,
    TwoPersonsError,
)
from vestige.model.instant import now
from vestige.model.principal import Principal

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

ANN, BOB = Principal("ann@example.org"), Principal("bob@example.org")
BODY = {"ids": ["01ARZ3NDEKTSV4RRFFQ69G5FAV"], "reason": "privacy"}


@pytest.fixture
def rule(home: Home) -> TwoPersons:
    return made(home)


def made(home: Home, clock: Callable[[], int] = now) -> TwoPersons:
    db = home.db()
    ledger = home.ledger(db)
    ledger.create_log(TENANT, SERVER)
    return TwoPersons(db, ledger, TENANT, clock)


def acts(rule: TwoPersons) -> list[str]:
    ledger = rule._ledger
    return [ledger.opened(entry).split(b'"act":"')[1].split(b'"')[0].decode()
            for entry in ledger.entries_of(TENANT, [Kind.AUDIT])]  # fmt: skip


def test_one_person_is_enough_until_two_are_asked_for(rule: TwoPersons) -> None:
    assert rule.rule() == Rule(two_persons=False, hours=72, sealed=False)
    rule.require_one("an erasure")
    rule.change(Rule(two_persons=True, hours=5), ANN)
    with pytest.raises(TwoPersonsError, match="two persons have to agree"):
        rule.require_one("an erasure")
    # Neither can one undo it alone.
    with pytest.raises(TwoPersonsError):
        rule.change(Rule(two_persons=False), ANN)
    assert rule.rule().hours == 5
    rule.change(Rule(two_persons=False), BOB, agreed={"proposal": "x"})
    rule.require_one("an erasure")
    assert acts(rule) == ["custody.rule_changed", "custody.rule_changed"]


@pytest.mark.parametrize(
    ("proposed", "line", "approved", "other"),
    [
        (ANN, (), ANN, ()),
        (Principal("key:one", key="K1"), ("ann@example.org",), Principal("key:two", key="K1"), ()),
        (ANN, (), Principal("key:two", key="K2"), ("K1", ANN.name)),
        (Principal("key:one", key="K1"), (ANN.name,), ANN, ()),
        (Principal("key:one", key="K1"), (ANN.name,), Principal("key:two", key="K2"), ("K3", ANN.name)),
    ],
)
def test_nobody_approves_what_is_their_own(
    rule: TwoPersons, proposed: Principal, line: Collection[str], approved: Principal, other: Collection[str]
) -> None:
    found = rule.propose(ERASE, BODY, proposed, line)
    with pytest.raises(ForbiddenError, match="a second person"):
        rule.approve(found.id, approved, other)
    assert rule.one(found.id).state == "open"
    assert rule.approve(found.id, BOB, ()).state == "approved"
    assert acts(rule) == ["custody.proposed", "custody.approved"]


def test_a_proposal_is_decided_once(rule: TwoPersons) -> None:
    first, second = (rule.propose(ERASE, BODY, ANN, ()) for _ in range(2))
    rule.decline(first.id, BOB)
    with pytest.raises(ConflictError, match="no longer waits"):
        rule.approve(first.id, BOB, ())
    done: list[str] = []

    def decide() -> None:
        try:
            rule.approve(second.id, BOB, ())
            done.append("approved")
        except ConflictError:
            done.append("refused")

    threads = [threading.Thread(target=decide) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == ["approved", *["refused"] * 5]
    assert [one["state"] for one in rule.all()] == ["approved", "declined"]
    rule.failed(second.id, BOB, "held")
    assert rule.one(second.id).state == "failed"
    assert acts(rule).count("custody.approved") == 1


def test_a_proposal_that_waited_too_long_is_approved_by_nobody(home: Home) -> None:
    clock: list[int] = [now()]
    rule = made(home, lambda: clock[0])
    rule.change(Rule(two_persons=True, hours=1), ANN)
    found = rule.propose(ERASE, BODY, ANN, ())
    clock[0] = found.expires_at
    with pytest.raises(ConflictError, match="no longer waits"):
        rule.approve(found.id, BOB, ())
    assert rule.all()[0]["state"] == "expired"
    clock[0] = found.expires_at - 1
    assert rule.approve(found.id, BOB, ()).state == "approved"


def test_bounds(rule: TwoPersons) -> None:
    for hours in (0, 2161):
        with pytest.raises(InputError, match="no time to wait"):
            rule.change(Rule(hours=hours), ANN)
    rule.change(Rule(hours=2160), ANN)
    with pytest.raises(InputError, match="nothing of that name"):
        rule.propose("burn", BODY, ANN, ())
    with pytest.raises(TooLargeError):
        rule.propose(ERASE, {"ids": ["x" * MOST_BYTES]}, ANN, ())
    rule.propose(ERASE, {"ids": ["x" * (MOST_BYTES - 100)]}, ANN, ())
    with pytest.raises(NotFoundError, match="no such proposal"):
        rule.approve("01ARZ3NDEKTSV4RRFFQ69G5FAV", BOB, ())
