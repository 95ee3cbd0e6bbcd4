"""Erasing payloads under holds, on both drivers: what goes, what stays, and that no interleaving takes what is held."""

from __future__ import annotations

import json
import random
import threading
import time
from typing import TYPE_CHECKING

import pytest

from support.homes import SERVER, TENANT, Home
from vestige.ledger import Draft, EvidenceBatch, Kind, Ledger, Taking
from vestige.model.errors import ConflictError, HeldError, NotFoundError, UsageError
from vestige.proof.canonical import canonical

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vestige.proof.canonical import Encodable

LARGE = b"large " * 20_000


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


class Holder(threading.Thread):
    """Sets, looks for and releases holds at random, with pauses between and within."""

    def __init__(self, ledger: Ledger, seed: int, schedules: int, records: int) -> None:
        super().__init__()
        self._ledger = ledger
        self._records = records
        self._chance = random.Random(seed)
        self._schedules = schedules
        self.failure: BaseException | None = None

    def run(self) -> None:
        held: list[str] = []
        try:
            for _ in range(self._schedules):
                if self._chance.random() < 0.6 or not held:
                    lo = self._chance.randrange(1, self._records - 5)
                    held.append(put(self._ledger, Kind.HOLD, {"reason": "litigation"}))
                    self._pause()
                    scope(self._ledger, held[-1], (lo, lo + self._chance.randrange(1, 6)), to=self._records + 1)
                else:
                    put(self._ledger, Kind.RELEASE, {"hold": held.pop(0)})
                self._pause()
        except BaseException as error:  # noqa: BLE001 - told where it is waited for
            self.failure = error

    def _pause(self) -> None:
        time.sleep(self._chance.random() / 500)


@pytest.mark.parametrize("seed", range(3))
def test_no_interleaving_of_holds_and_erasures_takes_what_is_held(home: Home, seed: int, schedules: int) -> None:
    """Two ledgers of two connections: one sets, looks for and releases holds while the other erases, at random."""
    records = max(400, 4 * schedules)
    first = opened(home, [b"%d" % i for i in range(records)])
    second = home.ledger(home.db())
    holder = Holder(first, seed, schedules, records)
    chance = random.Random(seed + 1000)
    erased = refused = 0
    holder.start()
    while holder.is_alive():
        lo = chance.randrange(1, records - 5)
        try:
            second.erasures.erase(TENANT, [(lo, lo + chance.randrange(1, 5))], said)
            erased += 1
        except ConflictError:
            refused += 1
    holder.join()
    report = first.verify(TENANT)
    print(f"{home.driver} seed {seed}: {schedules} acts on holds, {erased} erasures, {refused} refused")
    assert holder.failure is None
    assert report.ok, report.reason
    assert taken_though_held(first) == []
    assert erased
    assert refused


def test_the_check_of_interleavings_sees_what_it_should(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = opened(home, [b"%d" % i for i in range(10)])
    hold(ledger, (3, 5), to=11)
    monkeypatch.setattr("vestige.ledger.erasing._permit", lambda _history, _found: None)
    ledger.erasures.erase(TENANT, [(2, 4)], said)
    assert len(taken_though_held(ledger)) == 1
    assert not ledger.verify(TENANT).ok
