"""What the ledger says of policies, as it is taken in: where an entry cannot be read, and where several ask at once."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import orjson
import pytest

from vestige.app.policies import Policies
from vestige.app.policy_book import APPLIED, DECIDED, REMOVED, WAIVED, Held, PolicyBook
from vestige.app.policy_decisions import Decisions, asked_of
from vestige.app.policy_trials import PolicyTrials
from vestige.ledger import act_entry
from vestige.ledger.models import StoredEntry
from vestige.model.errors import BusyError, NotFoundError
from vestige.model.principal import Principal
from vestige.policy import body_of, read_document

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vestige.ledger import Draft, Kind

ANN = Principal("ann")


class Told:
    """A ledger of what was appended here, which can fail at one entry, once."""

    def __init__(self) -> None:
        self.entries: list[StoredEntry] = []
        self.fails_at = -1
        self.opens: list[int] = []

    def append(self, draft: Draft) -> str:
        at = len(self.entries)
        identity = f"E{at}"
        leaf = b'{"at":"2026-03-02T10:00:00Z"}'
        self.entries.append(StoredEntry(at, identity, draft.kind, "", leaf, b"", draft.payload, b"salt", None, at))
        return identity

    def head(self, _tenant: str) -> int:
        return len(self.entries)

    def entries_of(self, _tenant: str, _kinds: Sequence[Kind], lo: int, hi: int) -> Iterator[StoredEntry]:
        yield from self.entries[lo:hi]

    def read(self, _tenant: str, lo: int, hi: int) -> list[StoredEntry]:
        return self.entries[lo:hi]

    def beginning(self, entry: StoredEntry, most: int = -1) -> bytes:
        return (entry.payload or b"")[: most if most >= 0 else None]

    def opened(self, entry: StoredEntry) -> bytes:
        if entry.position == self.fails_at:
            self.fails_at = -1
            raise OSError(5, "Input/output error")
        if entry.salt is None:
            raise NotFoundError("the payload was erased")
        self.opens.append(entry.position)
        return entry.payload or b""


@pytest.fixture
def ledger() -> Told:
    return Told()


@pytest.fixture
def book(ledger: Told) -> PolicyBook:
    return PolicyBook(cast("Any", SimpleNamespace(ledger=ledger, tenant="t")))


@pytest.fixture
def policies(book: PolicyBook) -> Policies:
    nothing = cast("Any", SimpleNamespace())
    return Policies(book, nothing, nothing)


@pytest.fixture
def decisions(book: PolicyBook) -> Decisions:
    nothing = cast("Any", SimpleNamespace())
    return Decisions(book, nothing, nothing, lambda: 0)


def apply(ledger: Told, name: str) -> None:
    (policy,) = read_document(f"version: 1\npolicy: [{{name: {name}, type: trace_completeness}}]\n", "yaml")
    ledger.append(act_entry(APPLIED, ANN, {"policy": body_of(policy), "sha256": "0"}, f"policy:{name}"))


def test_an_entry_that_cannot_be_read_does_not_have_those_before_it_counted_twice(
    policies: Policies, decisions: Decisions, ledger: Told
) -> None:
    for name in ("a", "a", "b"):
        apply(ledger, name)
    ledger.append(act_entry("policy.undecided", ANN, {"repository": "r", "gate": "", "reason": "why"}, "repository:r"))
    apply(ledger, "a")
    ledger.fails_at = 4
    with pytest.raises(OSError, match="Input/output"):
        policies.all()
    assert {one["name"]: one["revision"] for one in policies.all()} == {"a": 3, "b": 1}
    assert [one["id"] for one in decisions.newest(10)] == ["E3"]


def test_what_could_not_be_decided_names_the_commits_that_were_asked_about(
    book: PolicyBook, ledger: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(book, "append", lambda *drafts: [ledger.append(one) for one in drafts])
    nothing = cast("Any", SimpleNamespace())
    busy = Decisions(book, nothing, nothing, lambda: 1)
    commits = [f"{number:040x}" for number in range(101)]
    with pytest.raises(BusyError):
        busy.check(asked_of("r", "ci", [], [], commits), ANN)
    with pytest.raises(BusyError):
        busy.check(asked_of("r", "", [("refs/heads/main", "", commits[1])], []), ANN)
    details = [orjson.loads(entry.payload or b"")["detail"] for entry in ledger.entries]
    assert [one.get("commits") for one in details] == [commits[:100], None]
    assert [len(one["updates"]) for one in details] == [0, 1]


def test_pushes_whose_facts_are_not_known_here_are_counted(book: PolicyBook, ledger: Told) -> None:
    nothing = cast("Any", SimpleNamespace())
    trials = PolicyTrials(book, nothing, nothing)
    (policy,) = read_document("version: 1\npolicy: [{name: a, type: trace_completeness}]\n", "yaml")
    outcome = {"passed": True, "blocked": False, "results": []}
    for facts in ({}, {"of_later": 1}, {"of_later": 2}, {}):
        detail: dict[str, Any] = {"facts": {"repository": "r", **facts}, "outcome": outcome}
        ledger.append(act_entry(DECIDED, ANN, detail, "repository:r"))
    found, unread = trials.of_pushes([policy], "r", 20)
    assert ([one["decision"] for one in found], unread) == (["E3", "E0"], 2)
    found, unread = trials.of_pushes([policy], "r", 1)
    assert ([one["decision"] for one in found], unread) == (["E3"], 0)


def test_what_one_looks_through_another_does_not_change(
    policies: Policies, ledger: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply(ledger, "a")
    apply(ledger, "b")
    detail = {"policy": "a", "repository": "r", "commit": "", "until": "2026-03-03T10:00:00Z", "reason": "why"}
    ledger.append(act_entry(WAIVED, ANN, detail, "policy:a"))
    to_json = Held.to_json

    def meanwhile(held: Held) -> dict[str, Any]:
        if len(ledger.entries) == 3:
            ledger.append(act_entry(REMOVED, ANN, {"name": "b", "sha256": "0"}, "policy:b"))
            assert len(policies.waivers()) == 1
        return to_json(held)

    monkeypatch.setattr(Held, "to_json", meanwhile)
    assert [one["name"] for one in policies.all()] == ["a", "b"]
    assert [one["name"] for one in policies.all()] == ["a"]


def test_of_one_repository_only_its_own_decisions_are_opened(decisions: Decisions, ledger: Told) -> None:
    def undecided(repository: str) -> str:
        detail = {"repository": repository, "gate": "", "reason": 'no "resource":"repository:other"'}
        return ledger.append(act_entry("policy.undecided", ANN, detail, f"repository:{repository}"))

    odd = 'a "resource":"repository:x" \\'
    ids = {name: [undecided(name) for _ in range(3)][::-1] for name in ("mine", "other", odd)}
    for name, wanted in ids.items():
        ledger.opens.clear()
        assert [one["id"] for one in decisions.newest(2, name)] == wanted[:2]
        assert len(ledger.opens) == 2
    assert len(decisions.newest(100)) == 9
    assert decisions.newest(100, "x") == []
