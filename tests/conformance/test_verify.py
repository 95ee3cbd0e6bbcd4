"""What a verification accepts and what it says: erasures, holds, senders, keys. On both drivers."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from support.golden import erase
from support.homes import SERVER, TENANT, Home
from vestige.ledger import Draft, EvidenceBatch, Kind, Ledger, tables
from vestige.ledger.findings import CHECKS
from vestige.ledger.signer import Signer
from vestige.model.errors import IntegrityError, NotFoundError
from vestige.proof import canonical

if TYPE_CHECKING:
    from vestige.ledger import VerifyReport


@pytest.fixture
def ledger(home: Home) -> Ledger:
    made = home.ledger()
    made.create_log(TENANT, SERVER)
    add(made, 100)
    return made


def add(ledger: Ledger, count: int) -> None:
    payloads = [b"line %d" % i for i in range(count)]
    numbers = list(range(count))
    batch = ledger.prepare(EvidenceBatch("SRC", "ACQ", "text/plain", payloads, numbers, numbers))
    ledger.transact(TENANT, lambda _: [batch])


def append(ledger: Ledger, kind: Kind, **payload: Any) -> str:
    return ledger.transact(TENANT, lambda _: [Draft(kind, canonical(payload))]).items[0].ids[0]


def detail(report: VerifyReport, name: str) -> str:
    return {check.name: check.detail for check in report.checks}[name]


def failed(report: VerifyReport) -> set[str]:
    return {check.name for check in report.checks if not check.ok}


def test_a_good_log_is_told_in_full(ledger: Ledger) -> None:
    ledger.checkpoint(TENANT)
    told: list[tuple[int, int]] = []
    report = ledger.verify(TENANT, lambda done, total: told.append((done, total)))
    assert (report.ok, report.size, report.first_bad_seq, report.interval, report.reason) == (True, 101, None, None, "")
    assert report.root == ledger.checkpoint(TENANT).root.hex()
    assert tuple(check.name for check in report.checks) == CHECKS
    assert told[-1] == (101, 101)
    assert "no external anchor" in detail(report, "anchors")
    with pytest.raises(NotFoundError):
        ledger.verify("01KAP000000000000000000N0N")


def test_an_altered_payload_is_not_served(ledger: Ledger, home: Home) -> None:
    ledger.transact(TENANT, lambda _: [Draft(Kind.EVIDENCE, b"x" * 70_000, media_type="text/plain")])
    assert ledger.payload(TENANT, 8) == b"line 7"
    place = "seq = 8" if home.driver == "postgresql" else f"pos = {(1 << 40) + 8}"
    with home.raw() as raw:
        raw.execute(f"UPDATE ledger_payloads SET payload = ? WHERE {place}", (b"line 8",))
    blob = next(path for path in (home.folder / "blobs").rglob("*") if path.is_file())
    blob.write_bytes(b"y" * 70_000)
    for position in (8, 101):
        with pytest.raises(IntegrityError, match="was altered"):
            ledger.payload(TENANT, position)
    assert ledger.payload(TENANT, 9) == b"line 8"
    assert ledger.verify(TENANT).first_bad_seq == 8


def test_what_is_unsigned_is_told(ledger: Ledger, home: Home) -> None:
    assert detail(ledger.verify(TENANT), "signed") == "signed up to 0 of 101 entries"
    ledger.checkpoint(TENANT)
    add(ledger, 9)
    report = ledger.verify(TENANT)
    assert (report.ok, detail(report, "signed")) == (True, "signed up to 101 of 110 entries")
    assert {check.name for check in report.checks if check.note} == {"signed", "sender_gaps", "anchors"}
    # As after a crash: another process opens the log, appends nothing, and signs what is there.
    again = home.ledger()
    assert [checkpoint.size for checkpoint in again.publish_due()] == [110]
    assert again.publish_due() == home.ledger().publish_due() == []
    assert detail(ledger.verify(TENANT), "signed") == "signed up to 110 of 110 entries"


def test_a_log_that_grows_while_it_is_verified_is_no_rollback(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger.checkpoint(TENANT)
    inner = Signer.state

    def grows(self: Signer, log: Any) -> Any:
        monkeypatch.setattr(Signer, "state", inner)
        append(ledger, Kind.AUDIT, act="meanwhile")
        ledger.checkpoint(TENANT)
        return inner(self, log)

    monkeypatch.setattr(Signer, "state", grows)
    report = ledger.verify(TENANT)
    assert (report.ok, report.size) == (True, 102), report


def test_a_checkpoint_that_is_being_stored_is_waited_for(
    ledger: Ledger, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger.checkpoint(TENANT)
    append(ledger, Kind.AUDIT, act="last")
    slow = home.ledger()
    inner = tables.insert_checkpoint

    def later(*given: Any) -> None:
        time.sleep(0.3)
        inner(*given)

    monkeypatch.setattr(tables, "insert_checkpoint", later)
    thread = threading.Thread(target=slow.checkpoint, args=(TENANT,))
    thread.start()
    while slow._signer.state(ledger.log(TENANT)).size != 102:  # type: ignore[union-attr]
        time.sleep(0.005)
    assert detail(ledger.verify(TENANT), "signed") == "signed up to 102 of 102 entries"
    thread.join()


def test_a_log_larger_than_several_blocks_verifies(ledger: Ledger) -> None:
    add(ledger, 70_000)
    for i in range(40):
        append(ledger, Kind.AUDIT, n=i)
        ledger.checkpoint(TENANT)
    report = ledger.verify(TENANT)
    assert report.ok, report
    assert report.size == 70_141
    assert detail(report, "checkpoints").startswith("40 ")
    assert ledger.tile(TENANT, 2, 0, 1) != b""


def test_erasures_cover_what_is_gone(ledger: Ledger) -> None:
    erase(ledger, Kind.ERASURE, [(10, 12), (50, 51)])
    erase(ledger, Kind.PURGE, [(12, 30)])
    ledger.checkpoint(TENANT)
    report = ledger.verify(TENANT)
    assert report.ok, report
    assert "21 erased" in detail(report, "payloads")


@pytest.mark.parametrize(
    "ranges",
    [[[12, 10]], [[0, 500]], [["a", 3]], [[1, 2, 3]], "x", [[True, 5]]],
    ids=["backwards", "above itself", "text", "three", "no list", "boolean"],
)
def test_an_erasure_must_name_ranges_below_itself(ledger: Ledger, ranges: Any) -> None:
    append(ledger, Kind.ERASURE, ranges=ranges)
    report = ledger.verify(TENANT)
    assert (report.first_bad_seq, failed(report)) == (101, {"erasures"})


def test_an_erasure_that_deleted_nothing_is_incomplete(ledger: Ledger) -> None:
    append(ledger, Kind.ERASURE, ranges=[[10, 12]])
    report = ledger.verify(TENANT)
    assert report.first_bad_seq == 10
    assert failed(report) == {"erasures"}


def test_a_hold_forbids_an_erasure_until_its_release(ledger: Ledger) -> None:
    hold = append(ledger, Kind.HOLD, case="C")
    append(ledger, Kind.HOLD_SCOPE, hold=hold, ranges=[[10, 20]], evaluated_to=101)
    erase(ledger, Kind.ERASURE, [(20, 22)])
    assert ledger.verify(TENANT).ok
    append(ledger, Kind.RELEASE, hold=hold)
    erase(ledger, Kind.ERASURE, [(15, 16)])
    assert ledger.verify(TENANT).ok
    again = append(ledger, Kind.HOLD, case="C")
    append(ledger, Kind.HOLD_SCOPE, hold=again, ranges=[[30, 40]], evaluated_to=101)
    seq = erase(ledger, Kind.ERASURE, [(39, 41)]).first_seq
    report = ledger.verify(TENANT)
    assert (report.first_bad_seq, failed(report)) == (seq, {"holds"})
    assert f"which hold {again} protects" in report.reason


def test_an_erasure_under_a_hold_needs_its_scope_evaluated_that_far(ledger: Ledger) -> None:
    hold = append(ledger, Kind.HOLD, case="C")
    append(ledger, Kind.HOLD_SCOPE, hold=hold, ranges=[[80, 90]], evaluated_to=50)
    erase(ledger, Kind.PURGE, [(10, 50)])
    assert ledger.verify(TENANT).ok
    seq = erase(ledger, Kind.PURGE, [(50, 51)]).first_seq
    report = ledger.verify(TENANT)
    assert (report.first_bad_seq, failed(report)) == (seq, {"holds"})


def padded(ledger: Ledger, kind: Kind, **payload: Any) -> str:
    """A control entry whose payload is too large for its row."""
    made = append(ledger, kind, padding="x" * 70_000, **payload)
    assert ledger.entry(TENANT, made).blob is not None
    return made


def test_what_control_entries_say_in_blobs_is_replayed(ledger: Ledger) -> None:
    hold = padded(ledger, Kind.HOLD, case="C")
    padded(ledger, Kind.HOLD_SCOPE, hold=hold, ranges=[[10, 20]], evaluated_to=101)
    erase(ledger, Kind.ERASURE, [(20, 22)], padding="x" * 70_000)
    assert ledger.verify(TENANT).ok
    seq = erase(ledger, Kind.ERASURE, [(15, 16)], padding="x" * 70_000).first_seq
    report = ledger.verify(TENANT)
    assert (report.first_bad_seq, failed(report)) == (seq, {"holds"})


@pytest.mark.parametrize("kind", [Kind.HOLD_SCOPE, Kind.RELEASE])
def test_only_a_hold_in_force_has_a_scope_or_a_release(ledger: Ledger, kind: Kind) -> None:
    append(ledger, kind, hold="01KAP000000000000000000N0N", ranges=[[1, 2]], evaluated_to=5)
    assert failed(ledger.verify(TENANT)) == {"holds"}


def test_a_hold_scope_needs_its_reach(ledger: Ledger) -> None:
    hold = append(ledger, Kind.HOLD, case="C")
    append(ledger, Kind.HOLD_SCOPE, hold=hold, ranges=[], evaluated_to=102)
    assert ledger.verify(TENANT).ok
    append(ledger, Kind.HOLD_SCOPE, hold=hold, ranges=[])
    assert failed(ledger.verify(TENANT)) == {"holds"}


def test_a_senders_holes_are_told_and_not_failed(ledger: Ledger) -> None:
    drafts = [
        Draft(Kind.EVIDENCE, b"x", source="agent", sender_seq=number, sender_epoch="boot-1")
        for number in (5, 6, 9, 10, 8, 20)
    ]
    ledger.transact(TENANT, lambda _: [*drafts, Draft(Kind.EVIDENCE, b"y", source="other", sender_seq=1)])
    report = ledger.verify(TENANT)
    assert report.ok
    assert detail(report, "sender_gaps") == "2 numbered senders; holes: agent boot-1: 7-7, 11-19"


@pytest.mark.parametrize(
    "payload",
    [
        {"from_size": 0, "vkey": "x"},
        {"from_size": 102, "old": "x", "new": "y", "sig_old": "00", "sig_new": "00"},
        {"from_size": 7},
        {"vkey": "x"},
    ],
)
def test_a_key_entry_that_does_not_follow_is_refused(ledger: Ledger, payload: dict[str, Any]) -> None:
    append(ledger, Kind.KEY, **payload)
    report = ledger.verify(TENANT)
    assert report.first_bad_seq == 101
    assert "keys" in failed(report)


def test_a_rotation_needs_both_signatures(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger.rotate(TENANT)
    assert ledger.verify(TENANT).ok
    monkeypatch.setattr("vestige.ledger.keyring.rotation_message", lambda *_: b"something else")
    ledger.rotate(TENANT)
    monkeypatch.undo()
    report = ledger.verify(TENANT)
    assert (report.first_bad_seq, "keys" in failed(report)) == (102, True)


def test_a_compromised_key_is_told(ledger: Ledger) -> None:
    ledger.checkpoint(TENANT)
    ledger.rotate(TENANT, last_good_size=50)
    report = ledger.verify(TENANT)
    assert report.ok
    assert "above size 50 alone does not count" in detail(report, "signatures")
