"""Erasing payloads under holds, on both drivers: what goes, what stays, and that no interleaving takes what is held."""

from __future__ import annotations

import random
import threading
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


def hold(ledger: Ledger, *ranges: tuple[int, int], to: int) -> str:
    """Set a hold and what it protects; its id."""
    committed = ledger.transact(TENANT, lambda _: [Draft(Kind.HOLD, canonical({"reason": "litigation"}))])
    identity = committed.items[0].ids[0]
    scope(ledger, identity, *ranges, to=to)
    return identity


def scope(ledger: Ledger, identity: str, *ranges: tuple[int, int], to: int) -> None:
    body = {"evaluated_to": to, "hold": identity, "ranges": [list(one) for one in ranges]}
    ledger.transact(TENANT, lambda _: [Draft(Kind.HOLD_SCOPE, canonical(body), refs=(identity,))])


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
        {"blobs": erased.taken.blobs, "ranges": [[2, 4]], "reason": "privacy"}
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
    ledger.transact(TENANT, lambda _: [Draft(Kind.RELEASE, canonical({"hold": identity}))])
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


@pytest.mark.parametrize("seed", range(3))
def test_no_interleaving_of_holds_and_erasures_takes_what_is_held(home: Home, seed: int, schedules: int) -> None:
    """Two ledgers of two connections: one sets, evaluates and releases holds while the other erases, at random."""
    first = opened(home, [b"%d" % i for i in range(400)])
    second = home.ledger(home.db())
    chance = random.Random(seed)
    steps = [
        (chance.random(), chance.randrange(1, 395), chance.randrange(1, 6), chance.random() / 500)
        for _ in range(schedules)
    ]
    done = threading.Event()
    failures: list[BaseException] = []

    def pause(seconds: float) -> None:
        done.wait(seconds)

    def holder() -> None:
        try:
            held: list[str] = []
            for what, lo, width, wait in steps:
                if what < 0.6 or not held:
                    identity = (
                        first.transact(TENANT, lambda _: [Draft(Kind.HOLD, canonical({"reason": "litigation"}))])
                        .items[0]
                        .ids[0]
                    )
                    pause(wait)
                    scope(first, identity, (lo, lo + width), to=401)
                    held.append(identity)
                else:
                    identity = held.pop(0)
                    first.transact(TENANT, lambda _, one=identity: [Draft(Kind.RELEASE, canonical({"hold": one}))])
                pause(wait)
        except BaseException as error:  # noqa: BLE001 - told below
            failures.append(error)
        finally:
            done.set()

    erased = refused = 0
    thread = threading.Thread(target=holder)
    thread.start()
    tries = random.Random(seed + 1000)
    while not done.is_set():
        lo = tries.randrange(1, 395)
        try:
            second.erasures.erase(TENANT, [(lo, lo + tries.randrange(1, 5))], said)
            erased += 1
        except ConflictError:
            refused += 1
    thread.join()
    assert not failures, failures
    report = first.verify(TENANT)
    print(
        f"{home.driver} seed {seed}: {schedules} acts on holds, {erased} erasures, {refused} refused; {report.reason or 'right'}"
    )
    assert report.ok, report.reason
    assert erased
    assert refused
