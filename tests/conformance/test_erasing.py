"""Erasing payloads under holds, on both drivers: what goes, what stays, and that no interleaving takes what is held."""

from __future__ import annotations

import json
import random
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, cast

import pytest

from support.homes import SERVER, TENANT, Home
from vestige.custody import Criteria, Holds
from vestige.ledger import Draft, EvidenceBatch, Kind, Ledger, Taking
from vestige.model.errors import ConflictError, HeldError, NotFoundError, UsageError
from vestige.model.principal import Principal
from vestige.proof.canonical import canonical

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vestige.custody import Matching
    from vestige.proof.canonical import Encodable

LARGE = b"large " * 20_000
BY = Principal("ann@example.org")


def opened(home: Home, payloads: Sequence[bytes]) -> Ledger:
    """A log whose entries from seq 1 on hold the payloads."""
    ledger = home.ledger()
    ledger.create_log(TENANT, SERVER)
    batch = EvidenceBatch(
        "SRC", "ACQ", "text/plain", list(payloads), list(range(len(payloads))), list(range(len(payloads)))
    )
    prepared = ledger.prepare(batch)
    ledger.transact(TENANT, lambda _: [prepared])
    return ledger


def said(_: Taking) -> tuple[dict[str, Encodable], list[Draft]]:
    return {"reason": "privacy"}, []


def put(ledger: Ledger, kind: Kind, body: dict[str, Encodable]) -> str:
    """Append a control entry; its id."""
    return ledger.transact(TENANT, lambda _: [Draft(kind, canonical(body))]).items[0].ids[0]


def hold(ledger: Ledger, *ranges: tuple[int, int], to: int) -> str:
    """Set a hold and what it protects; its id."""
    identity = put(ledger, Kind.HOLD, {"reason": "litigation"})
    scope(ledger, identity, *ranges, to=to)
    return identity


def scope(ledger: Ledger, identity: str, *ranges: tuple[int, int], to: int) -> None:
    put(ledger, Kind.HOLD_SCOPE, {"evaluated_to": to, "hold": identity, "ranges": [[lo, hi] for lo, hi in ranges]})


def test_payload_and_salt_go_and_the_leaf_stays(home: Home) -> None:
    ledger = opened(home, [b"one", b"two secret", LARGE, b"four"])
    before = ledger.read(TENANT, 0, 5)
    proof = ledger.checkpoint(TENANT)
    erased = ledger.erasures.erase(TENANT, [(2, 4)], said)
    assert (erased.taken.ranges, erased.taken.entries, len(erased.taken.blobs)) == ([(2, 4)], 2, 1)
    after = ledger.read(TENANT, 0, 5)
    assert [entry.leaf for entry in after] == [entry.leaf for entry in before]
    assert [entry.salt is None for entry in after] == [False, False, True, True, False]
    with pytest.raises(NotFoundError, match="erased"):
        ledger.payload(TENANT, 2)
    assert ledger.payload(TENANT, 4) == b"four"
    assert ledger.payload(TENANT, erased.position) == canonical(
        {"blobs": list(erased.taken.blobs), "ranges": [[2, 4]], "reason": "privacy"}
    )
    report = ledger.verify(TENANT)
    assert report.ok, report.reason
    assert report.size >= proof.size
    with pytest.raises(ConflictError, match="nothing of that is left"):
        ledger.erasures.erase(TENANT, [(2, 4)], said)


def test_control_entries_are_passed_over_and_ranges_must_be_of_the_log(home: Home) -> None:
    ledger = opened(home, [b"one"])
    for ranges in ([], [(3, 2)], [(0, 99)], [(-1, 1)]):
        with pytest.raises(UsageError, match="no entries of the log"):
            ledger.erasures.erase(TENANT, ranges, said)
    assert ledger.erasures.erase(TENANT, [(0, 2)], said).taken.ranges == [(1, 2)]
    assert ledger.verify(TENANT).ok


def test_a_hold_forbids_it_until_it_is_released(home: Home) -> None:
    ledger = opened(home, [b"%d" % i for i in range(10)])
    identity = hold(ledger, (3, 5), to=11)
    with pytest.raises(HeldError, match="a hold forbids") as refused:
        ledger.erasures.erase(TENANT, [(1, 11)], said)
    assert identity in refused.value.got
    assert ledger.payload(TENANT, 3) == b"2"
    assert ledger.erasures.erase(TENANT, [(1, 3), (5, 11)], said).taken.entries == 8
    put(ledger, Kind.RELEASE, {"hold": identity})
    assert ledger.erasures.erase(TENANT, [(3, 5)], said).taken.entries == 2
    assert ledger.verify(TENANT).ok


def test_a_hold_that_was_not_evaluated_that_far_forbids_it_too(home: Home) -> None:
    ledger = opened(home, [b"%d" % i for i in range(10)])
    identity = hold(ledger, to=5)
    with pytest.raises(ConflictError, match="set meanwhile"):
        ledger.erasures.erase(TENANT, [(4, 6)], said)
    assert ledger.erasures.erase(TENANT, [(1, 5)], said).taken.entries == 4
    scope(ledger, identity, to=11)
    assert ledger.erasures.erase(TENANT, [(5, 6)], said).taken.entries == 1
    assert ledger.verify(TENANT).ok


def test_what_failed_behind_it_takes_nothing(home: Home) -> None:
    ledger = opened(home, [b"one", b"two"])

    def broken(_: Taking) -> tuple[dict[str, Encodable], list[Draft]]:
        return {}, [Draft(Kind.AUDIT, b"{not canonical")]

    with pytest.raises(Exception, match="canonical"):
        ledger.erasures.erase(TENANT, [(1, 2)], broken)
    assert ledger.payload(TENANT, 1) == b"one"
    assert ledger.head(TENANT) == 3


def taken_though_held(ledger: Ledger) -> list[str]:
    """Erasures that took what a hold protected, or was not looked for against, replayed here by other code."""
    scopes: dict[str, set[int]] = {}
    reach: dict[str, int] = {}
    wrong = []
    for entry in ledger.read(TENANT, 0, ledger.head(TENANT)):
        if entry.kind in {Kind.EVIDENCE, Kind.KEY}:
            continue
        body = json.loads(ledger.payload(TENANT, entry.position))
        seqs = {seq for lo, hi in body.get("ranges", []) for seq in range(lo, hi)}
        if entry.kind is Kind.HOLD:
            scopes[entry.id], reach[entry.id] = set(), 0
        elif entry.kind is Kind.HOLD_SCOPE:
            scopes[body["hold"]] |= seqs
            reach[body["hold"]] = max(reach[body["hold"]], body["evaluated_to"])
        elif entry.kind is Kind.RELEASE:
            del scopes[body["hold"]], reach[body["hold"]]
        elif entry.kind is Kind.ERASURE:
            wrong += [f"{entry.seq} against {one}" for one, held in scopes.items() if held & seqs]
            wrong += [f"{entry.seq} beyond {one}" for one, to in reach.items() if to <= max(seqs)]
    return wrong


class Numbers:
    """Stands for the index: a hold's query is the seqs it is about, ``lo-hi``."""

    def ranges(self, criteria: Criteria, lo: int, hi: int) -> Iterator[tuple[int, int]]:
        begin, end = map(int, criteria.query.split("-"))
        if max(begin, lo) < min(end, hi):
            yield max(begin, lo), min(end, hi)


class Holder(threading.Thread):
    """Sets holds, looks for what they are about, and releases them, its own and others', at random."""

    def __init__(self, holds: Holds, seed: int, schedules: int, records: int) -> None:
        super().__init__()
        self._holds = holds
        self._chance = random.Random(seed)
        self._schedules = schedules
        self._records = records
        self.failure: BaseException | None = None

    def run(self) -> None:
        try:
            for _ in range(self._schedules):
                self._act(self._chance.random())
                time.sleep(self._chance.random() / 500)
        except BaseException as error:  # noqa: BLE001 - told where it is waited for
            self.failure = error

    def _act(self, what: float) -> None:
        held = [hold.id for hold in self._holds.all() if hold.in_force]
        if what < 0.4 or not held:
            lo = self._chance.randrange(1, self._records - 5)
            about = Criteria("query", query=f"{lo}-{lo + self._chance.randrange(1, 6)}")
            self._holds.set(about, BY, reason="litigation", indexed=self._records + 1)
        elif what < 0.6:
            self._holds.evaluate([(1, 5)], self._records + 1)
        else:
            with suppress(NotFoundError):
                self._holds.release(self._chance.choice(held), BY, reason="done")


@pytest.mark.parametrize("seed", range(3))
def test_no_interleaving_of_holds_and_erasures_takes_what_is_held(home: Home, seed: int, schedules: int) -> None:
    """Two who set, look for and release holds, each with a connection of its own, while a third erases, at random."""
    records = max(400, 4 * schedules)
    first = opened(home, [b"%d" % i for i in range(records)])
    ledgers = [first, home.ledger(home.db()), home.ledger(home.db())]
    holds = [Holds(ledger, TENANT, cast("Matching", Numbers())) for ledger in ledgers]
    holders = [Holder(holds[n], seed * 2 + n, schedules // 2, records) for n in range(2)]
    chance = random.Random(seed + 1000)
    erased = refused = 0
    for holder in holders:
        holder.start()
    while any(holder.is_alive() for holder in holders):
        lo = chance.randrange(1, records - 5)
        found = (lo, lo + chance.randrange(1, 5))
        try:
            # As an erasure does: what is held is looked for first, and again if that moved meanwhile.
            holds[2].evaluate([found], records + 1)
            ledgers[2].erasures.erase(TENANT, [found], said)
            erased += 1
        except ConflictError:
            refused += 1
    for holder in holders:
        holder.join()
    report = first.verify(TENANT)
    print(f"{home.driver} seed {seed}: {schedules} acts on holds, {erased} erasures, {refused} refused")
    assert [holder.failure for holder in holders] == [None, None]
    assert report.ok, report.reason
    assert taken_though_held(first) == []
    assert erased
    assert refused


def test_two_who_release_a_hold_at_once_leave_one_release(home: Home) -> None:
    ledger = opened(home, [b"%d" % i for i in range(10)])
    holds = [Holds(one, TENANT, cast("Matching", Numbers())) for one in (ledger, home.ledger(home.db()))]
    identity = holds[0].set(Criteria("query", query="2-4"), BY, reason="litigation", indexed=11).id
    holds[1].all()  # remembers it as in force
    holds[0].release(identity, BY, reason="done")
    with pytest.raises(NotFoundError, match="released already"):
        holds[1].release(identity, BY, reason="done")
    holds[1].evaluate([(1, 3)], 11)
    assert len(list(ledger.entries_of(TENANT, [Kind.RELEASE]))) == 1
    assert ledger.verify(TENANT).ok


def test_a_new_epoch_begins_with_the_holds_that_were_in_force(home: Home) -> None:
    ledger = opened(home, [b"%d" % i for i in range(10)])
    ledger.checkpoint(TENANT)
    home.snapshot()
    prepared = ledger.prepare(EvidenceBatch("SRC", "ACQ", "text/plain", [b"gone"], [0], [0]))
    ledger.transact(TENANT, lambda _: [prepared])
    ledger.checkpoint(TENANT)
    home.put_back()
    ledger = home.ledger()
    holds = Holds(ledger, TENANT, cast("Matching", Numbers()))
    kept = holds.set(Criteria("query", query="20-40"), BY, reason="litigation", because="case 7", indexed=11)
    done = holds.set(Criteria("query", query="2-3"), BY, reason="litigation", indexed=11)
    holds.release(done.id, BY, reason="done")
    ledger.new_epoch(TENANT, holds.set_again)
    (again,) = [hold for hold in holds.all() if hold.in_force]
    assert (again.criteria, again.because, again.reason) == (kept.criteria, "case 7", "litigation")
    assert holds.one(kept.id).released == "with its epoch"
    with pytest.raises(NotFoundError):
        holds.release(kept.id, BY, reason="done")
    base = ledger.log(TENANT).base
    prepared = ledger.prepare(
        EvidenceBatch("SRC", "ACQ", "text/plain", [b"%d" % i for i in range(30)], list(range(30)), list(range(30)))
    )
    ledger.transact(TENANT, lambda _: [prepared])
    top = ledger.head(TENANT)
    first = top - 30 - base
    with pytest.raises(HeldError):
        holds.permit([(top - 30, top)], top)
    free = next(seq for seq in range(first, first + 30) if not 20 <= base + seq < 40)
    holds.permit([(base + free, base + free + 1)], top)
    assert ledger.erasures.erase(TENANT, [(free, free + 1)], said).taken.entries == 1
    assert ledger.verify(TENANT).ok


def test_the_check_of_interleavings_sees_what_it_should(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = opened(home, [b"%d" % i for i in range(10)])
    hold(ledger, (3, 5), to=11)
    monkeypatch.setattr("vestige.ledger.erasing._permit", lambda _history, _found: None)
    ledger.erasures.erase(TENANT, [(2, 4)], said)
    assert len(taken_though_held(ledger)) == 1
    assert not ledger.verify(TENANT).ok
