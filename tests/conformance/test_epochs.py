"""A log that can be signed no more goes on as the next epoch, and what is left of it is not lost. On both drivers."""

from __future__ import annotations

import json
import threading
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from support.golden import erase
from support.homes import SERVER, TENANT, Home
from vestige.ledger import Draft, EvidenceBatch, Kind, Ledger, Status
from vestige.ledger.epochs import Restore
from vestige.model.errors import (
    ConflictError,
    LedgerError,
    NotFoundError,
    ProofError,
    SettingsError,
    SignerError,
    StorageError,
)
from vestige.proof import VerifierKey, canonical, decode_entries, open_checkpoint, parse_tlog_proof, verify_tlog_proof

if TYPE_CHECKING:
    from collections.abc import Callable

    from vestige.ledger import Committed, VerifyReport

ORIGINS = [f"{SERVER}/t/{TENANT}/{epoch}" for epoch in range(4)]


def add(ledger: Ledger, name: str, count: int, *, keyed: bool = False) -> Committed:
    payloads = [b"%s %d" % (name.encode(), i) for i in range(count)]
    dedup = [ledger.dedup_key(TENANT, payload) for payload in payloads] if keyed else None
    batch = ledger.prepare(
        EvidenceBatch("SRC", "ACQ", "text/plain", payloads, list(range(count)), list(range(count)), dedup)
    )
    return ledger.transact(TENANT, lambda _: [batch])


def rolled_back(home: Home) -> Ledger:
    """A log of 51 entries of which 101 were signed; positions 1 to 50 hold the payloads ``kept 0`` to ``kept 49``."""
    ledger = home.ledger()
    ledger.create_log(TENANT, SERVER)
    add(ledger, "kept", 50, keyed=True)
    ledger.checkpoint(TENANT)
    home.snapshot()
    add(ledger, "gone", 50, keyed=True)
    ledger.checkpoint(TENANT)
    home.put_back()
    return home.ledger()


def details(report: VerifyReport) -> dict[str, str]:
    return {check.name: check.detail for check in report.checks}


def failed(report: VerifyReport) -> set[str]:
    return {check.name for check in report.checks if not check.ok}


def state(home: Home, epoch: int) -> Any:
    return json.loads((home.signer / f"{TENANT}-{epoch}.json").read_bytes())


def test_a_database_put_back_goes_on_as_the_next_epoch(home: Home) -> None:
    ledger = rolled_back(home)
    with pytest.raises(SignerError, match="has shrunk") as refused:
        ledger.checkpoint(TENANT)
    assert "vestige ledger new-epoch" in refused.value.hint
    before = ledger.verify(TENANT)
    assert (before.ok, before.interval) == (False, (51, 101))
    root = before.root

    made = ledger.new_epoch(TENANT, lambda: [Draft(Kind.AUDIT, b'{"act":"ledger.new_epoch"}')])
    signed = {"root": state(home, 0)["root"], "size": 101}
    assert made.log.origin == ORIGINS[1]
    assert made.restore.to_json() == {
        "lost": [[51, 101]],
        "lost_logs": [],
        "origin": ORIGINS[0],
        "root": root,
        "signed": signed,
        "signer": "ahead",
        "size": 51,
        "unsure": [],
    }
    restore, key, audit = ledger.read(TENANT, 51, 99)
    assert (restore.kind, key.kind, audit.kind) == (Kind.RESTORE, Kind.KEY, Kind.AUDIT)
    assert (restore.seq, restore.position) == (0, 51)
    assert restore.payload == canonical(made.restore.to_json())
    assert json.loads(restore.leaf)["log"] == ORIGINS[1]
    assert key.payload == canonical({"from_size": 0, "vkey": ledger.keys(TENANT)[1].vkey})

    done = add(ledger, "new", 10)
    assert (done.size, done.items[0].first_seq, done.items[0].positions) == (13, 3, range(54, 64))
    checkpoint = ledger.checkpoint(TENANT)
    opened = open_checkpoint(checkpoint.note.encode(), [VerifierKey.parse(ledger.keys(TENANT)[1].vkey)], ORIGINS[1])
    assert opened.checkpoint.size == 13
    report = ledger.verify(TENANT)
    assert report.ok, report
    assert (report.size, report.root) == (13, checkpoint.root.hex())
    told = details(report)
    assert "epoch 0: KNOWN LOSS: size 101 was signed, the log was closed at size 51" in told["signer"]
    assert "lost: entries 51 to 100" in told["signer"]
    assert f"goes on from {ORIGINS[0]} at size 51, root {root}" in told["epochs"]
    assert home.ledger().verify(TENANT).ok


def test_a_new_epoch_is_refused_where_the_log_can_go_on(home: Home) -> None:
    ledger = home.ledger()
    ledger.create_log(TENANT, SERVER)
    for _ in range(2):
        with pytest.raises(ConflictError, match="not needed"):
            ledger.new_epoch(TENANT)
        add(ledger, "more", 5)
        ledger.checkpoint(TENANT)
    assert ledger.head(TENANT) == 11
    assert [log.epoch for log in ledger.logs()] == [0]
    with pytest.raises(NotFoundError):
        ledger.new_epoch("01KAP000000000000000000N0N")
    assert ledger.verify(TENANT).ok


def test_a_second_new_epoch_is_refused(home: Home) -> None:
    ledger = rolled_back(home)
    ledger.new_epoch(TENANT)
    with pytest.raises(ConflictError, match="not needed"):
        ledger.new_epoch(TENANT)
    ledger.checkpoint(TENANT)
    with pytest.raises(ConflictError, match="not needed"):
        home.ledger().new_epoch(TENANT)
    assert [log.epoch for log in ledger.logs()] == [0, 1]


def test_of_many_at_once_one_makes_the_epoch(home: Home) -> None:
    rolled_back(home)
    ledgers = [home.ledger() for _ in range(4)]
    answers: list[object] = []

    def go(one: Ledger) -> None:
        try:
            answers.append(one.new_epoch(TENANT))
        except (ConflictError, LedgerError) as error:
            answers.append(error)

    threads = [threading.Thread(target=go, args=(one,)) for one in ledgers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(isinstance(answer, tuple) for answer in answers) == 1
    assert [log.epoch for log in ledgers[0].logs()] == [0, 1]
    assert home.ledger().verify(TENANT).ok


def _forget(home: Home) -> None:
    (home.signer / f"{TENANT}-0.json").unlink()


def _garble(home: Home) -> None:
    (home.signer / f"{TENANT}-0.json").write_text("{")


@pytest.mark.parametrize(("spoil", "code"), [(_forget, "missing"), (_garble, "damaged")])
def test_a_signer_without_its_memory_goes_on_as_the_next_epoch(
    home: Home, spoil: Callable[[Home], None], code: str
) -> None:
    ledger = home.ledger()
    ledger.create_log(TENANT, SERVER)
    add(ledger, "signed", 9)
    ledger.checkpoint(TENANT)
    add(ledger, "unsigned", 5)
    spoil(home)
    with pytest.raises(SignerError):
        ledger.checkpoint(TENANT)
    assert "signer" in failed(ledger.verify(TENANT))
    made = ledger.new_epoch(TENANT).restore
    assert (made.signer.value, made.signed, made.lost, made.unsure) == (code, None, (), ((10, 15),))
    add(ledger, "new", 3)
    ledger.checkpoint(TENANT)
    report = ledger.verify(TENANT)
    assert report.ok, report
    assert f"the signer's memory was {code}" in details(report)["signer"]
    assert "perhaps not what was signed: entries 10 to 14" in details(report)["signer"]


def test_a_log_that_grew_after_it_was_put_back_is_no_longer_the_signed_one(home: Home) -> None:
    ledger = rolled_back(home)
    add(ledger, "other", 80)
    with pytest.raises(SignerError, match="not the one that was signed"):
        ledger.checkpoint(TENANT)
    made = ledger.new_epoch(TENANT).restore
    assert (made.signer.value, made.size, made.lost, made.unsure) == ("differs", 131, (), ((51, 101),))
    ledger.checkpoint(TENANT)
    report = ledger.verify(TENANT)
    assert report.ok, report
    assert "KNOWN LOSS: size 101 was signed with another root" in details(report)["signer"]


def test_a_database_put_back_to_before_an_epoch_is_found(home: Home) -> None:
    """The old log alone looks as the signer left it; that a later epoch was signed for is what tells."""
    ledger = home.ledger()
    ledger.create_log(TENANT, SERVER)
    add(ledger, "first", 5)
    ledger.checkpoint(TENANT)
    home.snapshot()
    spare = (home.signer / f"{TENANT}-0.json").read_bytes()
    _forget(home)
    ledger.new_epoch(TENANT)
    add(ledger, "second", 5)
    ledger.checkpoint(TENANT)
    signed = state(home, 1)
    home.put_back()
    (home.signer / f"{TENANT}-0.json").write_bytes(spare)

    ledger = home.ledger()
    with pytest.raises(SignerError, match="has gone on"):
        ledger.checkpoint(TENANT)
    report = ledger.verify(TENANT)
    assert (report.ok, failed(report)) == (False, {"signer"})
    assert ORIGINS[1] in report.reason
    made = ledger.new_epoch(TENANT)
    assert (made.log.epoch, made.log.origin) == (2, ORIGINS[2])
    assert made.restore.signer.value == "superseded"
    assert made.restore.to_json()["lost_logs"] == [{"origin": ORIGINS[1], "root": signed["root"], "size": 7}]
    add(ledger, "third", 5)
    ledger.checkpoint(TENANT)
    report = ledger.verify(TENANT)
    assert report.ok, report
    assert f"KNOWN LOSS: the whole of {ORIGINS[1]}" in details(report)["epochs"]


def test_epochs_follow_each_other(home: Home) -> None:
    ledger = rolled_back(home)
    for epoch in (1, 2, 3):
        if epoch > 1:
            for path in home.signer.glob(f"{TENANT}-*.json"):
                if path.name != f"{TENANT}-{epoch}.json":
                    path.unlink()
        assert ledger.new_epoch(TENANT).log.origin == ORIGINS[epoch]
        add(ledger, f"epoch{epoch}", 300)
        ledger.checkpoint(TENANT)
    fresh = home.ledger()
    log = fresh.log(TENANT)
    assert [(one.epoch, one.base) for one in log.epochs] == [(0, 0), (1, 51), (2, 353), (3, 655)]
    assert fresh.head(TENANT) == 957
    stored = fresh.read(TENANT, 0, 2000)
    assert [entry.position for entry in stored] == list(range(957))
    assert [entry.id for entry in stored] == sorted({entry.id for entry in stored})
    assert fresh.read(TENANT, 40, 660) == stored[40:660]
    assert fresh.read(TENANT, 351, 353) == stored[351:353]
    for position in (0, 50, 51, 353, 654, 655, 956):
        entry = fresh.entry(TENANT, stored[position].id)
        assert entry == stored[position]
        where, seq = log.locate(position)
        assert (where.origin, seq) == (json.loads(entry.leaf)["log"], json.loads(entry.leaf)["seq"])
        assert fresh.payload(TENANT, position) == entry.payload
    controls = list(fresh.entries_of(TENANT, [Kind.KEY, Kind.RESTORE]))
    assert [entry.position for entry in controls] == [0, 51, 52, 353, 354, 655, 656]
    assert [e.position for e in fresh.entries_of(TENANT, [Kind.KEY, Kind.RESTORE], 52, 355)] == [52, 353, 354]
    told: list[tuple[int, int]] = []
    report = fresh.verify(TENANT, lambda done, total: told.append((done, total)))
    assert report.ok, report
    assert told == sorted(told)
    assert told[-1] == (957, 957)


def test_nothing_is_appended_to_or_signed_for_a_closed_log(home: Home) -> None:
    ledger = rolled_back(home)
    stale = home.ledger()
    add(stale, "late", 1)
    made = ledger.new_epoch(TENANT)
    assert stale.log(TENANT).epoch == 0
    with pytest.raises(LedgerError, match="is closed"):
        add(stale, "later", 1)
    with pytest.raises(SignerError, match="is closed"):
        stale.checkpoint(TENANT)
    with pytest.raises(LedgerError, match="is closed"):
        stale.rotate(TENANT)
    for sql in (
        "UPDATE ledger_head SET size = size + 1 WHERE log = 1",
        "UPDATE ledger_head SET closed = 0 WHERE log = 1",
        "INSERT INTO ledger_checkpoints SELECT log, size + 1, root, at, note FROM ledger_checkpoints",
    ):
        with pytest.raises(StorageError, match="closed log"), home.db().write() as connection:
            connection.execute(sa.text(sql))
    with home.raw() as raw:
        rows = raw.execute("SELECT log, wrapped FROM ledger_keys WHERE purpose = 'sign' ORDER BY log").fetchall()
    assert [(row[0], row[1] is None) for row in rows] == [(1, True), (made.log.number, False)]
    assert home.ledger().head(TENANT) == 54
    ledger.checkpoint(TENANT)
    assert ledger.verify(TENANT).ok
    assert state(home, 0)["size"] == 101


def test_a_writer_that_waits_while_the_log_is_closed_learns_of_it(home: Home) -> None:
    """It holds the old log and is already in its transaction: only under the head's lock can it be told."""
    ledger = rolled_back(home)
    stale = home.ledger()
    stale.log(TENANT)
    inside = threading.Event()
    answers: list[object] = []
    begin = ledger._begin

    def slow(*args: Any, **kwargs: Any) -> None:
        inside.set()
        waiting.join(0.5)
        begin(*args, **kwargs)

    def write() -> None:
        inside.wait()
        try:
            answers.append(add(stale, "late", 1))
        except LedgerError as error:
            answers.append(error)

    waiting = threading.Thread(target=write)
    waiting.start()
    ledger._begin = slow  # type: ignore[method-assign]
    ledger.new_epoch(TENANT)
    waiting.join()
    assert [type(answer) for answer in answers] == [LedgerError]
    ledger.checkpoint(TENANT)
    assert ledger.verify(TENANT).ok


def test_what_was_known_is_known_in_the_next_epoch(home: Home) -> None:
    ledger = rolled_back(home)
    originals = ledger.read(TENANT, 1, 51)
    ledger.new_epoch(TENANT)
    again = add(ledger, "kept", 50, keyed=True).items[0]
    assert set(again.statuses) == {Status.DUPLICATE}
    assert again.ids == [entry.id for entry in originals]
    assert list(again.positions) == list(range(1, 51))
    assert again.leaf_hashes == [entry.leaf_hash for entry in originals]
    anew = add(ledger, "gone", 50, keyed=True).items[0]
    assert set(anew.statuses) == {Status.ACCEPTED}
    assert list(anew.positions) == list(range(53, 103))
    twice = add(home.ledger(), "gone", 50, keyed=True).items[0]
    assert (twice.ids, list(twice.positions)) == (anew.ids, list(anew.positions))
    clash = Draft(Kind.EVIDENCE, b"other", media_type="text/plain", dedup=ledger.dedup_key(TENANT, b"kept 7"))
    answer = ledger.transact(TENANT, lambda _: [clash]).items[0]
    assert (answer.statuses, answer.ids) == ([Status.CONFLICT], [originals[7].id])
    ledger.checkpoint(TENANT)
    assert ledger.verify(TENANT).ok


def test_old_epochs_are_proved_under_their_last_checkpoint(home: Home) -> None:
    ledger = rolled_back(home)
    uncovered = add(ledger, "uncovered", 4).items[0].ids[0]
    ledger.new_epoch(TENANT)
    add(ledger, "new", 5)
    ledger.checkpoint(TENANT)
    keys = ledger.keys(TENANT)
    assert [(key.epoch, key.origin) for key in keys] == [(0, ORIGINS[0]), (1, ORIGINS[1])]
    assert [key.vkey.startswith(f"{key.origin}+") for key in keys] == [True, True]
    for position, key in ((20, keys[0]), (56, keys[1])):
        entry = ledger.read(TENANT, position, position + 1)[0]
        proof = parse_tlog_proof(ledger.tlog_proof(TENANT, entry.id).encode())
        verify_tlog_proof(proof, entry.leaf, [VerifierKey.parse(key.vkey)], key.origin)
    with pytest.raises(NotFoundError, match="closed log"):
        ledger.tlog_proof(TENANT, uncovered)
    old = ledger.latest_checkpoint(TENANT, 0)
    assert old is not None
    assert old.size == 51
    leaves = decode_entries(ledger.entries_tile(TENANT, 0, 51, epoch=0))
    assert leaves == [entry.leaf for entry in ledger.read(TENANT, 0, 51)]
    hashes = ledger.tile(TENANT, 0, 0, 51, epoch=0)
    assert hashes == b"".join(sha256(b"\x00" + leaf).digest() for leaf in leaves)
    assert len(ledger.inclusion(TENANT, 3, 51, epoch=0)) == 6
    assert ledger.consistency(TENANT, 1, 51, epoch=0)
    with pytest.raises(NotFoundError):
        ledger.tile(TENANT, 0, 0, 52, epoch=0)
    for epoch in (2, 7):
        with pytest.raises(NotFoundError, match="no such epoch"):
            ledger.latest_checkpoint(TENANT, epoch)


def test_a_later_epoch_is_a_log_like_any_other(home: Home) -> None:
    ledger = rolled_back(home)
    ledger.new_epoch(TENANT)
    add(ledger, "new", 300)
    erase(ledger, Kind.ERASURE, [(5, 8)])
    ledger.checkpoint(TENANT)
    ledger.rotate(TENANT)
    ledger.checkpoint(TENANT)
    keys = [(key.epoch, key.from_size, key.to_size) for key in ledger.keys(TENANT)]
    assert keys == [(0, 0, None), (1, 0, 304), (1, 304, None)]
    assert [entry.payload for entry in ledger.read(TENANT, 55, 60)] == [b"new 2", None, None, None, b"new 6"]
    report = ledger.verify(TENANT)
    assert report.ok, report
    assert "3 erased" in details(report)["payloads"]


def test_a_log_is_not_closed_by_whoever_cannot_open_its_keys(home: Home) -> None:
    from vestige.ledger import KeyEncryptionKey  # noqa: PLC0415 - beside its one use

    rolled_back(home)
    other = Ledger.open(home.db(), home.blobs, home.signer, KeyEncryptionKey(b"\x01" * 32))
    with pytest.raises(SettingsError, match="another key-encryption key"):
        other.new_epoch(TENANT)
    ledger = home.ledger()
    assert [log.epoch for log in ledger.logs()] == [0]
    assert ledger.new_epoch(TENANT).log.epoch == 1


def test_a_crash_before_the_commit_leaves_the_log_as_it_was(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = rolled_back(home)
    begin = ledger._signer.begin

    def crash(*args: Any) -> None:
        begin(*args)
        raise KeyboardInterrupt

    monkeypatch.setattr(ledger._signer, "begin", crash)
    with pytest.raises(KeyboardInterrupt):
        ledger.new_epoch(TENANT)
    monkeypatch.undo()
    assert state(home, 1)["size"] == 0
    fresh = home.ledger()
    assert [log.epoch for log in fresh.logs()] == [0]
    add(fresh, "still open", 1)
    assert fresh.new_epoch(TENANT).log.origin == ORIGINS[1]
    fresh.checkpoint(TENANT)
    assert fresh.verify(TENANT).ok


LIES: dict[str, Callable[[dict[str, Any]], object]] = {
    "size": lambda body: body.update(size=50, lost=[[50, 101]], unsure=[]),
    "root": lambda body: body.update(root="00" * 32),
    "origin": lambda body: body.update(origin=ORIGINS[3]),
    "lost": lambda body: body.update(lost=[]),
    "unsure": lambda body: body.update(unsure=[[3, 4]]),
    "no reason": lambda body: body.update(signer="superseded"),
    "memory": lambda body: (body.pop("signed"), body.update(signer="missing", lost=[])),
    "signed less": lambda body: body.update(signed={"root": body["root"], "size": 51}, lost=[]),
    "signed other": lambda body: body.update(signed={"root": "00" * 32, "size": 101}),
    "no restore": lambda body: body.clear(),
    "more": lambda body: body.update(note="x"),
    "no ranges": lambda body: body.update(lost=[[1]]),
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_an_epoch_that_begins_with_a_lie_is_found(
    home: Home, monkeypatch: pytest.MonkeyPatch, lie: Callable[[dict[str, Any]], object]
) -> None:
    """The liar has the keys: every hash and signature fits. What does not is what the old log and the signer say."""
    ledger = rolled_back(home)
    true = Restore.to_payload

    def false(self: Restore) -> bytes:
        body = json.loads(true(self))
        lie(body)
        return canonical(body)

    monkeypatch.setattr(Restore, "to_payload", false)
    ledger.new_epoch(TENANT)
    monkeypatch.undo()
    ledger.checkpoint(TENANT)
    report = ledger.verify(TENANT)
    assert not report.ok
    assert failed(report) <= {"epochs", "signer"}
    assert report.first_bad_seq == 0 or report.reason.startswith("epoch 0: the signer"), report
    if report.first_bad_seq == 0:
        assert report.reason.startswith("epoch 1: entry 0")


def test_the_first_entry_of_an_epoch_is_altered(home: Home) -> None:
    ledger = rolled_back(home)
    number = ledger.new_epoch(TENANT).log.number
    ledger.checkpoint(TENANT)
    assert ledger.verify(TENANT).ok
    place = f"log = {number} AND seq = 0"
    with home.raw() as raw:
        payload = bytes(raw.execute(f"SELECT payload FROM ledger_payloads WHERE {place}").fetchall()[0][0])
        for changed in (payload.replace(b"[51,101]", b"[51,100]"), payload.replace(b'"size":51', b'"size":50'), b"{}"):
            assert changed != payload
            raw.execute(f"UPDATE ledger_payloads SET payload = ? WHERE {place}", (changed,))
            report = home.ledger().verify(TENANT)
            assert (report.ok, report.first_bad_seq) == (False, 0)
            assert report.reason.startswith("epoch 1: ")
            assert {"payloads", "epochs"} <= failed(report)
        raw.execute(f"UPDATE ledger_payloads SET payload = ? WHERE {place}", (payload,))
    assert home.ledger().verify(TENANT).ok


def test_an_old_epoch_is_verified_like_any_other(home: Home) -> None:
    ledger = rolled_back(home)
    ledger.new_epoch(TENANT)
    add(ledger, "new", 60)
    ledger.checkpoint(TENANT)
    with home.raw() as raw:
        raw.execute("UPDATE ledger_payloads SET payload = ? WHERE log = 1 AND seq = 7", (b"kept 66",))
    report = home.ledger().verify(TENANT)
    assert (report.first_bad_seq, failed(report)) == (7, {"payloads"})
    assert report.reason.startswith("epoch 0: ")
    with home.raw() as raw:
        raw.execute("UPDATE ledger_payloads SET payload = ? WHERE log = 1 AND seq = 7", (b"kept 6",))
        raw.execute("UPDATE ledger_payloads SET payload = ? WHERE log = 2 AND seq = 7", (b"new 55",))
    report = home.ledger().verify(TENANT)
    assert (report.first_bad_seq, failed(report)) == (7, {"payloads"})
    assert report.reason.startswith("epoch 1: ")


def test_a_closed_log_that_is_opened_again_or_whose_successor_is_gone_is_found(home: Home) -> None:
    ledger = rolled_back(home)
    number = ledger.new_epoch(TENANT).log.number
    ledger.checkpoint(TENANT)
    with home.raw() as raw:
        raw.execute("UPDATE ledger_head SET closed = 0 WHERE log = 1")
        assert failed(home.ledger().verify(TENANT)) == {"epochs"}
        raw.execute("UPDATE ledger_head SET closed = 1 WHERE log = 1")
        assert home.ledger().verify(TENANT).ok
        raw.execute(f"DELETE FROM ledger_head WHERE log = {number}")
        raw.execute(f"DELETE FROM ledger_logs WHERE number = {number}")
    report = home.ledger().verify(TENANT)
    assert failed(report) == {"epochs", "signer"}


def test_the_signers_memory_of_a_closed_log_counts_as_the_entry_says(home: Home) -> None:
    ledger = rolled_back(home)
    ledger.new_epoch(TENANT)
    ledger.checkpoint(TENANT)
    path = home.signer / f"{TENANT}-0.json"
    good = path.read_bytes()
    assert b'"size": 101' in good
    path.write_bytes(good.replace(b'"size": 101', b'"size": 102'))
    assert failed(ledger.verify(TENANT)) == {"signer"}
    path.unlink()  # the entry has it, and the entry is signed
    report = ledger.verify(TENANT)
    assert report.ok
    assert "KNOWN LOSS" in details(report)["signer"]
    path.write_bytes(good)
    assert ledger.verify(TENANT).ok


def test_a_payload_that_is_none_is_refused() -> None:
    for bad in (
        b"[]",
        b"{}",
        b'{"lost":[],"lost_logs":[],"origin":"x","root":"zz","signer":"ahead","size":1,"unsure":[]}',
    ):
        with pytest.raises(ProofError):
            Restore.from_payload(bad)
