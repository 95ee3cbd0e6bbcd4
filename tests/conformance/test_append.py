"""Appending: order, density, deduplication, group commit, blobs. On both drivers."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from typing import TYPE_CHECKING, Any

import orjson
import pytest
import sqlalchemy as sa

from support.homes import SERVER, TENANT, Home, blob_names
from vestige.ledger import Draft, EvidenceBatch, Kind, Ledger, Sender, Status
from vestige.ledger.strict import read_leaf
from vestige.model.errors import ConflictError, InputError, LedgerError, NotFoundError, StorageError, TooLargeError
from vestige.model.ids import is_ulid
from vestige.proof import canonical

if TYPE_CHECKING:
    from collections.abc import Callable

    from vestige.ledger import Appended, Committed, PreparedBatch, Transaction

OTHER = "01KAP000000000000000000THR"


@pytest.fixture
def ledger(home: Home) -> Ledger:
    made = home.ledger()
    made.create_log(TENANT, SERVER)
    return made


def evidence(text: bytes, **fields: Any) -> Draft:
    return Draft(Kind.EVIDENCE, text, media_type="text/plain", **fields)


def batch(*payloads: bytes, dedup: list[bytes] | None = None, first: int = 0) -> EvidenceBatch:
    numbers = list(range(first, first + len(payloads)))
    return EvidenceBatch("S", "A", "text/plain", list(payloads), [n * 10 for n in numbers], numbers, dedup)


def put(ledger: Ledger, *items: Any) -> Committed:
    return ledger.transact(TENANT, lambda _: list(items))


def test_a_log_begins_with_its_key(ledger: Ledger) -> None:
    (first,) = ledger.read(TENANT, 0, 10)
    assert first.kind is Kind.KEY
    assert first.payload == canonical({"from_size": 0, "vkey": ledger.keys(TENANT)[0].vkey})
    log = ledger.log(TENANT)
    assert (log.number, log.epoch, log.origin) == (1, 0, f"{SERVER}/t/{TENANT}/0")


def test_a_tenant_has_one_log_and_needs_a_ulid(ledger: Ledger) -> None:
    with pytest.raises(ConflictError):
        ledger.create_log(TENANT, SERVER)
    with pytest.raises(InputError):
        ledger.create_log("../../etc", SERVER)
    assert ledger.create_log(OTHER, SERVER).number == 2
    assert [log.tenant for log in ledger.logs()] == [TENANT, OTHER]


def test_entries_are_dense_in_order_and_exact(ledger: Ledger) -> None:
    payloads = [f"line {i}".encode() for i in range(700)]
    prepared = ledger.prepare(batch(*payloads))
    done = put(ledger, Draft(Kind.ACQUISITION, b"{}"), prepared, evidence(b"last"))
    assert done.size == 703
    assert [item.first_seq for item in done.items] == [1, 2, 702]
    stored = ledger.read(TENANT, 0, 10_000)
    assert [entry.seq for entry in stored] == list(range(703))
    assert [entry.payload for entry in stored[2:702]] == payloads
    ids = [entry.id for entry in stored]
    assert ids == sorted(set(ids))
    assert all(map(is_ulid, ids))
    assert ids[2:702] == done.items[1].ids
    for entry in stored:
        fields = orjson.loads(entry.leaf)
        assert fields["seq"] == entry.seq
        assert fields["id"] == entry.id
        assert fields["kind"] == entry.kind.value
    fields = orjson.loads(stored[5].leaf)
    assert (fields["n"], fields["off"], fields["acq"], fields["src"]) == (3, 30, "A", "S")
    assert done.items[1].at % 1000 == 0


def test_two_tenants_do_not_meet(ledger: Ledger) -> None:
    ledger.create_log(OTHER, SERVER)
    mine = put(ledger, evidence(b"mine")).items[0]
    theirs = ledger.transact(OTHER, lambda _: [evidence(b"theirs")]).items[0]
    assert mine.first_seq == theirs.first_seq == 1
    assert ledger.entry(TENANT, mine.ids[0]).payload == b"mine"
    with pytest.raises(NotFoundError):
        ledger.entry(TENANT, theirs.ids[0])
    assert ledger.read(OTHER, 1, 2)[0].payload == b"theirs"
    assert ledger.dedup_key(TENANT, b"x") != ledger.dedup_key(OTHER, b"x")


def test_entries_are_found_by_id(ledger: Ledger) -> None:
    ids = put(ledger, ledger.prepare(batch(*[b"%d" % i for i in range(300)]))).items[0].ids
    for seq in (0, 1, 128, 299):
        assert ledger.entry(TENANT, ids[seq]).seq == seq + 1
    for missing in ("00000000000000000000000000", "7ZZZZZZZZZZZZZZZZZZZZZZZZZ", ids[5][:-1] + "x"):
        with pytest.raises(NotFoundError):
            ledger.entry(TENANT, missing)


def test_control_entries_are_listed_without_the_evidence(ledger: Ledger) -> None:
    for i in range(3):
        put(ledger, evidence(b"e"), Draft(Kind.AUDIT, b'{"n":%d}' % i), Draft(Kind.SEAL, b"{}"))
    audits = list(ledger.entries_of(TENANT, [Kind.AUDIT]))
    assert [(entry.seq, entry.payload) for entry in audits] == [(2, b'{"n":0}'), (5, b'{"n":1}'), (8, b'{"n":2}')]
    assert [entry.seq for entry in ledger.entries_of(TENANT, [Kind.SEAL, Kind.AUDIT], 3, 8)] == [3, 5, 6]


def test_a_leaf_has_bounds(ledger: Ledger) -> None:
    refused: list[tuple[type[Exception], Draft]] = [
        (InputError, evidence(b"x", refs=tuple("r" * 17))),
        (InputError, evidence(b"x", offset=-1)),
        (InputError, evidence(b"x", number=2**53)),
        (InputError, evidence(b"x", sender_epoch="boot")),
        (InputError, Draft(Kind.EVIDENCE, b"x", media_type="")),
        (TooLargeError, evidence(b"x", source="s" * 4096)),
        (InputError, evidence(b"x", source="\ud800")),
    ]
    for error, draft in refused:
        with pytest.raises(error):
            put(ledger, draft)
    long = batch(b"x")
    long.media_type = "m" * 4096
    with pytest.raises(TooLargeError):
        put(ledger, ledger.prepare(long))
    with pytest.raises(InputError):
        ledger.prepare(EvidenceBatch("S", "A", "text/plain", [b"x"], [0], [0, 1]))
    assert ledger.head(TENANT) == 1
    put(ledger, evidence(b"x", refs=("r",) * 16, offset=0, number=2**53 - 1, sender_seq=1, sender_epoch="boot"))
    assert ledger.head(TENANT) == 2


@pytest.mark.parametrize("payload", [b"", b"[]", b"{} ", b'{"b":1,"a":2}', b'{"a":1.5}', b'{"a":null}'])
def test_our_own_payloads_are_canonical(ledger: Ledger, payload: bytes) -> None:
    with pytest.raises(InputError, match="not canonical JSON"):
        put(ledger, Draft(Kind.HOLD, payload))
    put(ledger, Draft(Kind.HOLD, b'{"a":1,"b":2}'), evidence(payload))
    assert ledger.head(TENANT) == 3


def test_the_same_key_and_payload_is_a_duplicate_with_the_original_answer(ledger: Ledger) -> None:
    key = ledger.dedup_key(TENANT, b"src", b"request")
    first = put(ledger, evidence(b"one", dedup=key)).items[0]
    assert first.statuses == [Status.ACCEPTED]
    again = put(ledger, evidence(b"one", dedup=key)).items[0]
    assert again.statuses == [Status.DUPLICATE]
    assert (again.ids, list(again.positions), again.leaf_hashes) == (
        first.ids,
        list(first.positions),
        first.leaf_hashes,
    )
    assert ledger.head(TENANT) == 2
    other = put(ledger, evidence(b"one", dedup=ledger.dedup_key(TENANT, b"src", b"another"))).items[0]
    assert other.statuses == [Status.ACCEPTED]


def test_the_same_key_with_another_payload_is_a_conflict_and_one_audit_entry(ledger: Ledger) -> None:
    key = ledger.dedup_key(TENANT, b"k")
    first = put(ledger, evidence(b"one", dedup=key)).items[0]
    done = put(ledger, evidence(b"two", dedup=key))
    assert done.items[0].statuses == [Status.CONFLICT]
    assert (done.items[0].ids, list(done.items[0].positions)) == (first.ids, [1])
    assert done.size == 3
    audit = ledger.read(TENANT, 2, 3)[0]
    assert audit.kind is Kind.AUDIT
    assert orjson.loads(audit.payload or b"") == {"act": "ledger.conflict", "count": 1, "originals": first.ids}
    assert orjson.loads(audit.leaf)["refs"] == first.ids
    assert b"two" not in b"".join(data for data in (audit.payload, audit.leaf) if data)


def test_batches_are_deduplicated_record_by_record(ledger: Ledger) -> None:
    keys = [ledger.dedup_key(TENANT, b"%d" % i) for i in range(5)]
    put(ledger, ledger.prepare(batch(b"p0", b"p1", dedup=keys[:2])))
    offered = batch(b"p1", b"p2", b"CHANGED", b"p2", b"p4", dedup=[keys[1], keys[2], keys[0], keys[2], keys[4]])
    answer = put(ledger, ledger.prepare(offered)).items[0]
    assert [status.value for status in answer.statuses] == [
        "duplicate",
        "accepted",
        "conflict",
        "duplicate",
        "accepted",
    ]
    assert list(answer.positions) == [2, 3, 1, 3, 4]
    stored = {entry.seq: entry for entry in ledger.read(TENANT, 0, 10)}
    assert [stored[seq].id for seq in answer.positions] == answer.ids
    assert [stored[seq].leaf_hash for seq in answer.positions] == answer.leaf_hashes
    assert stored[4].payload == b"p4"
    assert orjson.loads(stored[4].leaf)["n"] == 4
    assert stored[5].kind is Kind.AUDIT
    assert len(stored) == 6
    assert ledger.verify(TENANT).ok


def test_an_act_and_its_entry_commit_together(ledger: Ledger, home: Home) -> None:
    with home.db().write() as connection:
        connection.execute(sa.text("CREATE TABLE acts (seq bigint, what text)"))
    told: list[int] = []

    def fn(tx: Transaction) -> list[Draft]:
        def after(items: Any) -> None:
            told.append(items[0].first_seq)
            found = tx.connection.execute(sa.text("SELECT count(*) FROM ledger_entries")).scalar()
            assert found == tx.head_size + 1
            tx.connection.execute(sa.text("INSERT INTO acts VALUES (:seq, 'x')"), {"seq": items[0].first_seq})

        tx.after(after)
        return [Draft(Kind.AUDIT, b"{}")]

    ledger.transact(TENANT, fn)
    with home.db().read() as connection:
        assert connection.execute(sa.text("SELECT seq FROM acts")).scalars().all() == told == [1]


def together(ledger: Ledger, *fns: Callable[[Transaction], Any]) -> list[Any]:
    """Run functions of several threads in one group: the first holds its transaction open until the others wait."""
    lane_ready, goes_on = threading.Event(), threading.Event()
    answers: list[Any] = [None] * (len(fns) + 1)

    def opening(_: Transaction) -> list[Draft]:
        lane_ready.set()
        deadline = time.monotonic() + 20
        while len(ledger._lanes[ledger.log(TENANT).number]._queue) < len(fns) and time.monotonic() < deadline:
            time.sleep(0.001)
        goes_on.set()
        return [Draft(Kind.AUDIT, b'{"act":"opening"}')]

    def call(place: int, fn: Callable[[Transaction], Any]) -> None:
        try:
            answers[place] = ledger.transact(TENANT, fn)
        except Exception as error:  # noqa: BLE001 - the test looks at what each caller got
            answers[place] = error

    leader = threading.Thread(target=call, args=(0, opening))
    leader.start()
    assert lane_ready.wait(20)
    threads = []
    for place, fn in enumerate(fns, 1):
        threads.append(threading.Thread(target=call, args=(place, fn)))
        threads[-1].start()
        # Once the first goes on, the queue is emptied, perhaps before it was seen full from here.
        while not goes_on.is_set() and len(ledger._lanes[ledger.log(TENANT).number]._queue) < place:
            time.sleep(0.001)
    for thread in (leader, *threads):
        thread.join(30)
    return answers[1:]


def test_one_callers_failure_in_a_group_is_its_own(ledger: Ledger, home: Home) -> None:
    with home.db().write() as connection:
        connection.execute(sa.text("CREATE TABLE acts (what text PRIMARY KEY)"))
    key = ledger.dedup_key(TENANT, b"k")
    transactions: set[int] = set()

    def insert(tx: Transaction, what: str) -> None:
        transactions.add(tx.at)
        tx.connection.execute(sa.text("INSERT INTO acts VALUES (:what)"), {"what": what})

    def pure(tx: Transaction) -> list[Draft]:
        transactions.add(tx.at)
        return [evidence(b"pure", dedup=key)]

    def good(tx: Transaction) -> list[Draft]:
        insert(tx, "good")
        return [evidence(b"good")]

    def raises(tx: Transaction) -> list[Draft]:
        insert(tx, "raises")
        raise InputError("mine alone")

    def bad_draft(tx: Transaction) -> list[Draft]:
        insert(tx, "bad")
        return [evidence(b"fine"), evidence(b"too long", source="s" * 5000)]

    def breaks_a_rule(tx: Transaction) -> list[Draft]:
        insert(tx, "good")
        return [evidence(b"never")]

    def hook_fails(tx: Transaction) -> list[Draft]:
        def after(_: Any) -> None:
            raise InputError("in the hook")

        tx.after(after)
        return [evidence(b"never either")]

    def duplicate(tx: Transaction) -> list[Draft]:
        transactions.add(tx.at)
        return [evidence(b"pure", dedup=key)]

    got = together(ledger, pure, good, raises, bad_draft, breaks_a_rule, hook_fails, duplicate)
    assert len(transactions) == 1
    assert [type(answer).__name__ for answer in got] == [
        "Committed",
        "Committed",
        "InputError",
        "TooLargeError",
        "StorageError",
        "InputError",
        "Committed",
    ]
    assert got[6].items[0].statuses == [Status.DUPLICATE]
    assert got[6].items[0].ids == got[0].items[0].ids
    assert [entry.payload for entry in ledger.read(TENANT, 2, 20)] == [b"pure", b"good"]
    with home.db().read() as connection:
        assert connection.execute(sa.text("SELECT what FROM acts")).scalars().all() == ["good"]
    assert ledger.verify(TENANT).ok


def test_a_transaction_the_engine_ended_acknowledges_nobody(ledger: Ledger, home: Home) -> None:
    with home.db().write() as connection:
        connection.execute(sa.text("CREATE TABLE acts (what text)"))
    size = ledger.head(TENANT)

    def pure(_: Transaction) -> list[Draft]:
        return [evidence(b"of one who did nothing wrong")]

    def fills_the_disk(tx: Transaction) -> list[Draft]:
        if home.driver == "sqlite":
            # SQLite then rolls back everything: https://www.sqlite.org/lang_transaction.html
            pages = tx.connection.exec_driver_sql("PRAGMA page_count").scalar()
            tx.connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
            tx.connection.exec_driver_sql("INSERT INTO acts VALUES (hex(zeroblob(100000)))")
        else:
            tx.connection.exec_driver_sql("ROLLBACK")
            raise InputError("the connection was lost meanwhile")
        return [evidence(b"never")]

    def keeps_it_quiet(tx: Transaction) -> list[Draft]:
        with contextlib.suppress(Exception):
            fills_the_disk(tx)
        return []

    for bad in (fills_the_disk, keeps_it_quiet):
        got = together(ledger, pure, bad, pure)
        assert all(isinstance(answer, Exception) for answer in got), got
        ledger = home.ledger(home.db())
        size += 1  # the group before it, which waited for these three
        assert ledger.head(TENANT) == size
        assert [entry.seq for entry in ledger.read(TENANT, 0, 10)] == list(range(size))
        put(ledger, evidence(b"kept"))
        size += 1
        assert ledger.verify(TENANT).ok


def test_a_group_takes_no_caller_in_beyond_its_size(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vestige.ledger.sequencer.MAX_ENTRIES", 2)
    transactions: list[int] = []

    def one(tx: Transaction) -> list[Draft]:
        transactions.append(tx.at)
        return [evidence(b"x")]

    got = together(ledger, one, one, one, one, one)
    assert [type(answer).__name__ for answer in got] == ["Committed"] * 5
    assert len(set(transactions)) == 3
    assert ledger.head(TENANT) == 7
    assert ledger.verify(TENANT).ok


def test_a_failing_commit_tells_every_caller_and_leaves_nothing(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = type(ledger._store)

    def full(*_: Any) -> None:
        raise sa.exc.OperationalError("INSERT", {}, Exception("disk full"))

    monkeypatch.setattr(store, "put_head", full)
    with pytest.raises(StorageError):
        put(ledger, evidence(b"lost"))
    monkeypatch.undo()
    assert ledger.head(TENANT) == 1
    put(ledger, evidence(b"kept"))
    assert [entry.payload for entry in ledger.read(TENANT, 1, 9)] == [b"kept"]


def test_a_transaction_inside_a_transaction_is_refused(ledger: Ledger) -> None:
    def nested(_: Transaction) -> list[Draft]:
        put(ledger, evidence(b"inner"))
        return [evidence(b"outer")]

    with pytest.raises(LedgerError):
        ledger.transact(TENANT, nested)
    assert put(ledger, evidence(b"after")).size == 2


def test_large_payloads_are_blobs(ledger: Ledger, home: Home) -> None:
    small, large = os.urandom(65536), os.urandom(65537)
    done = put(ledger, ledger.prepare(batch(small, large, b"tiny")), evidence(large))
    stored = ledger.read(TENANT, 1, 5)
    assert [entry.blob is None for entry in stored] == [True, False, True, False]
    assert stored[0].payload == small
    assert stored[1].payload is None
    assert ledger.payload(TENANT, 2) == ledger.payload(TENANT, 4) == large
    assert ledger.payload(TENANT, 3) == b"tiny"
    assert stored[1].blob != stored[3].blob
    assert {entry.blob for entry in stored if entry.blob} == set(blob_names(home))
    with pytest.raises(NotFoundError):
        ledger.payload(TENANT, 99)
    report = ledger.verify(TENANT)
    assert report.ok
    assert done.size == 5


def test_another_process_appends_between(ledger: Ledger, home: Home) -> None:
    put(ledger, evidence(b"first"))
    second = home.ledger(home.db())
    second.transact(TENANT, lambda _: [evidence(b"second")])
    put(ledger, evidence(b"third"))
    assert [entry.payload for entry in second.read(TENANT, 1, 4)] == [b"first", b"second", b"third"]
    assert second.verify(TENANT).ok


def test_a_head_that_does_not_fit_its_entries_stops_the_writer(ledger: Ledger, home: Home) -> None:
    put(ledger, evidence(b"a"), evidence(b"b"))
    with home.raw() as raw:
        raw.execute("UPDATE ledger_head SET root = ?", (b"\x01" * 32,))
    fresh = home.ledger(home.db())
    with pytest.raises(Exception, match="does not fit"):
        fresh.transact(TENANT, lambda _: [evidence(b"c")])
    assert fresh.head(TENANT) == 3


def test_answers_are_per_record(ledger: Ledger) -> None:
    answer: Appended = put(ledger, ledger.prepare(batch(b"a", b"b"))).items[0]
    assert answer.duplicates == [False, False]
    empty = put(ledger, ledger.prepare(batch())).items[0]
    assert (empty.ids, empty.statuses, empty.first_seq) == ([], [], 3)


def test_a_key_made_of_the_content_is_enough_to_know_a_record_by(ledger: Ledger) -> None:
    def offered(payload: bytes, at: int) -> PreparedBatch:
        key = [ledger.dedup_key(TENANT, b"record", b"one"), ledger.dedup_key(TENANT, b"record", b"%d" % at)]
        senders = [Sender(7, "log"), None]
        return ledger.prepare(
            EvidenceBatch(
                "S", "A", "text/plain", [payload, b"new"], [at, at + 1], [0, 1], key, content_keys=True, senders=senders
            )
        )

    (first,) = put(ledger, offered(b"at 0", 0)).items
    (again,) = put(ledger, offered(b"at 900", 900)).items
    assert first.statuses == [Status.ACCEPTED] * 2
    assert again.statuses == [Status.DUPLICATE, Status.ACCEPTED]
    assert again.ids[0] == first.ids[0]
    leaves = [read_leaf(entry.leaf) for entry in ledger.read(TENANT, 1, 10)]
    assert [(leaf.get("sseq"), leaf.get("sep"), leaf["off"]) for leaf in leaves] == [
        (7, "log", 0), (None, None, 1), (None, None, 901),
    ]  # fmt: skip
    assert ledger.verify(TENANT).ok


def test_ids_are_told_from_entries_in_one_look(ledger: Ledger) -> None:
    assert ledger.known(TENANT, {OTHER}) == set()
    ids = [ledger.transact(TENANT, lambda _: [evidence(b"x")]).items[0].ids[0] for _ in range(20)]
    first = ledger.read(TENANT, 0, 1)[0].id
    absent = {OTHER, "0" * 26, "7" + "Z" * 25, ids[3][:-1] + ("0" if ids[3][-1] != "0" else "1"), ""}
    assert ledger.known(TENANT, {first, *ids, *absent}) == {first, *ids}
    assert ledger.known(TENANT, set()) == set()
