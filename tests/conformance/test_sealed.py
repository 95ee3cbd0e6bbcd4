"""Sealed payloads on both drivers: the same leaves and answers, ciphertext beneath, and nothing without the key."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from support.homes import SERVER, TENANT, Home, blob_names
from vestige.custody.rule_store import asks_for_sealing
from vestige.custody.two_persons import SELF, TwoPersons
from vestige.ledger import Draft, EvidenceBatch, Kind, Ledger, Taking
from vestige.ledger.models import BLOB_BYTES
from vestige.model.errors import NotFoundError
from vestige.proof.canonical import Encodable, canonical

if TYPE_CHECKING:
    from vestige.ledger import Transaction

SMALL, LARGE = b"planted-small-7f3a", b"planted-large-91cc" * 5000
NOTE = canonical({"act": "a.note", "text": "planted-note-5e5e"})
PLANTED = (b"planted-small-7f3a", b"planted-large-91cc", b"planted-note-5e5e")


def said(_: Taking) -> tuple[dict[str, Encodable], list[Draft]]:
    return {"reason": "privacy"}, []


def found(home: Home) -> set[bytes]:
    """Which of the planted bytes lie anywhere."""
    return {
        planted for _, data in home.files() for planted in PLANTED if planted in data or planted.hex().encode() in data
    }


def filled(home: Home, *, sealed: bool = True) -> Ledger:
    ledger = home.ledger(asked=lambda *_: sealed)
    ledger.create_log(TENANT, SERVER)
    prepared = ledger.prepare(
        EvidenceBatch("SRC", "ACQ", "text/plain", [SMALL, LARGE, b"other"], [0, 1, 2], [0, 1, 2]), TENANT
    )
    ledger.transact(TENANT, lambda _: [prepared, Draft(Kind.AUDIT, NOTE)])
    return ledger


def test_what_is_sealed_is_read_as_it_came_and_lies_nowhere_in_clear(home: Home) -> None:
    ledger = filled(home)
    assert [ledger.payload(TENANT, at) for at in range(1, 5)] == [SMALL, LARGE, b"other", NOTE]
    assert found(home) == set()
    report = ledger.verify(TENANT)
    assert report.ok, report.reason
    # What came before it was asked for, and after it no longer is, is read beside it.
    ledger = home.ledger()
    clear = ledger.prepare(EvidenceBatch("SRC", "ACQ", "text/plain", [SMALL], [3], [3]), TENANT)
    ledger.transact(TENANT, lambda _: [clear])
    assert [ledger.payload(TENANT, at) for at in (1, 5)] == [SMALL, SMALL]
    assert ledger.verify(TENANT).ok
    assert found(home) == {PLANTED[0]}


def test_what_was_said_through_one_server_is_heeded_by_another_at_once(home: Home) -> None:
    here, there = (home.ledger(asked=asks_for_sealing) for _ in range(2))
    here.create_log(TENANT, SERVER)
    rule = TwoPersons(home.db(), here, TENANT)

    def take(payload: bytes) -> set[bytes]:
        batch = EvidenceBatch("SRC", "ACQ", "text/plain", [payload], [0], [0])
        there.transact(TENANT, lambda _: [there.prepare(batch, TENANT), Draft(Kind.AUDIT, NOTE)])
        return found(home)

    rule.change(rule.rule()._replace(sealed=True), SELF)
    assert take(SMALL) == take(LARGE) == set()
    rule.change(rule.rule()._replace(sealed=False), SELF)
    assert take(SMALL) == {PLANTED[0], PLANTED[2]}
    assert there.verify(TENANT).ok


def test_a_rule_that_was_undone_with_its_caller_is_not_the_next_ones(home: Home) -> None:
    """Several callers share a transaction: one that sets the rule, says so and fails leaves the others theirs."""
    ledger = home.ledger(asked=asks_for_sealing)
    ledger.create_log(TENANT, SERVER)
    rule = TwoPersons(home.db(), ledger, TENANT)
    rule.change(rule.rule()._replace(sealed=True), SELF)
    asked = iter([False])  # what the one that fails is told, by its own change
    ledger.sealing.asked = lambda connection, tenant: next(asked, asks_for_sealing(connection, tenant))
    lane_is_led, waiting = threading.Event(), threading.Event()

    def lead(_: Transaction) -> list[Draft]:
        lane_is_led.set()
        waiting.wait()
        return []

    def fail(_: Transaction) -> list[Draft]:
        return [Draft(Kind.AUDIT, NOTE), Draft(Kind.AUDIT, b"no JSON")]

    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(ledger.transact, TENANT, lead)
        lane_is_led.wait()
        (lane,) = ledger._lanes.values()
        second = pool.submit(ledger.transact, TENANT, fail)
        while len(lane._queue) < 1:
            time.sleep(0.01)
        third = pool.submit(ledger.transact, TENANT, lambda _: [Draft(Kind.AUDIT, NOTE)])
        while len(lane._queue) < 2:
            time.sleep(0.01)
        waiting.set()
        first.result()
        assert second.exception() is not None
        third.result()
    assert found(home) == set()


def test_in_clear_the_same_bytes_are_found(home: Home) -> None:
    filled(home, sealed=False)
    assert found(home) == set(PLANTED)


def test_an_erasure_names_the_keys_and_a_copy_of_before_says_nothing(home: Home) -> None:
    ledger = filled(home)
    ledger.checkpoint(TENANT)
    proof = ledger.tlog_proof(TENANT, ledger.read(TENANT, 1, 2)[0].id)
    rows = ledger.read(TENANT, 1, 3)
    home.snapshot()
    (file,) = (home.folder / "blobs").glob("*/s*")
    copy = file.read_bytes()
    erased = ledger.erasures.erase(TENANT, [(1, 3)], said)
    assert sum(hi - lo for lo, hi in erased.taken.keys) == 2
    ledger.sealing.keys.destroy(number for lo, hi in erased.taken.keys for number in range(lo, hi))
    for name in erased.taken.blobs:
        ledger.blobs.remove(name)
    assert ledger.verify(TENANT).ok
    assert ledger.tlog_proof(TENANT, rows[0].id) == proof
    # The backup: rows and blob are there again, and nobody opens them.
    home.put_back()
    file.write_bytes(copy)
    ledger = home.ledger()
    assert [entry.salt for entry in ledger.read(TENANT, 1, 3)] == [None, None]
    assert ledger.payload(TENANT, 3) == b"other"
    for at in (1, 2):
        with pytest.raises(NotFoundError, match="erased"):
            ledger.payload(TENANT, at)
    assert not ledger.verify(TENANT).ok
    ((undone, ranges),) = ledger.erasures.undone(TENANT)
    assert (undone.entry, ranges) == (erased.entry, [(1, 3)])
    salts = [entry.salt for entry in rows]
    assert not [
        name for name, data in home.files() for salt in salts if salt and (salt in data or salt.hex().encode() in data)
    ]


def test_a_sealed_row_that_was_altered_is_located(home: Home) -> None:
    ledger = filled(home)
    assert ledger.verify(TENANT).ok
    with home.raw() as raw:
        where = "seq = 3" if home.server is None else "log = 1 AND seq = 3"
        raw.execute(f"UPDATE ledger_payloads SET payload = ? WHERE {where}", (b"x" * 21,))
    report = ledger.verify(TENANT)
    assert (report.ok, report.first_bad_seq) == (False, 3)


def test_a_key_that_is_lost_is_a_payload_that_is_missing(home: Home) -> None:
    ledger = filled(home)
    ledger.sealing.keys.destroy(range(3))
    report = ledger.verify(TENANT)
    assert (report.ok, report.first_bad_seq) == (False, 1)
    assert "missing and no erasure covers it" in report.reason


def test_what_was_never_undone_is_nothing_to_replay(home: Home) -> None:
    ledger = filled(home, sealed=False)
    assert ledger.erasures.undone(TENANT) == []
    ledger.erasures.erase(TENANT, [(1, 2)], said)
    assert ledger.erasures.undone(TENANT) == []
    assert blob_names(home)


def test_a_large_payload_that_is_never_erased_is_read_without_any_key(home: Home) -> None:
    ledger = filled(home)
    hold = ledger.transact(TENANT, lambda _: [Draft(Kind.HOLD, canonical({"reason": "litigation"}))]).items[0].ids[0]
    ranges: list[Encodable] = [[1, 2]] * (BLOB_BYTES // 4)
    large: dict[str, Encodable] = {"evaluated_to": 3, "hold": hold, "ranges": ranges}
    said_large = canonical({"act": "case.item_added", "detail": {"text": "x" * BLOB_BYTES}})
    ledger.transact(TENANT, lambda _: [Draft(Kind.HOLD_SCOPE, canonical(large)), Draft(Kind.AUDIT, said_large)])
    scope, act = ledger.read(TENANT, 6, 8)
    assert scope.blob is not None
    assert act.blob is not None
    assert (scope.blob.startswith("s"), act.blob.startswith("s")) == (False, True)
    ledger.sealing.keys.destroy(range(100))
    assert ledger.erasures.holding(TENANT).holding(1) == [hold]
    with pytest.raises(NotFoundError, match="key was destroyed"):
        ledger.blobs.get(act.blob)
