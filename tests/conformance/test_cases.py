"""Cases on both drivers: acts and rows in one transaction, tables the ledger alone makes again, checks that find."""

from __future__ import annotations

import contextlib
import json
import random
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from support.homes import TENANT
from vestige.cases import Cases, Found, Saying, store
from vestige.cases.check import Held, check
from vestige.cases.models import BATCH
from vestige.ledger import Draft, Kind
from vestige.ledger.sequencer import Lane
from vestige.model.errors import ConflictError, NotFoundError, StaleError, UsageError
from vestige.model.principal import Principal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from support.homes import Home
    from vestige.db import Database
    from vestige.ledger import Ledger, Transaction

ANN, BEN = Principal("ann@example.org"), Principal("key:ben")
SERVER = "vestige.example"


@dataclass
class World:
    """A ledger with twelve records, and its cases."""

    home: Home
    db: Database
    ledger: Ledger
    cases: Cases
    saying: Saying
    events: list[Found]

    def rows(self) -> dict[str, list[tuple[Any, ...]]]:
        with self.db.read() as connection:
            return store.dump(connection, TENANT)

    def acts(self, case: str) -> list[dict[str, Any]]:
        """What the ledger says was done, the oldest first."""
        return [
            json.loads(self.ledger.payload(TENANT, position)) for position in reversed(self.cases.acts(case, 10_000))
        ]

    def states(self, case: str) -> list[tuple[str, str]]:
        pins = self.cases.pins(case, 1000)
        held = [Held(pin.event, pin.position, pin.leaf_hash, pin.entry) for pin in pins]
        return [(one.state, one.reason) for one in check(self.ledger, TENANT, held)]


def _recorded(ledger: Ledger, payload: bytes) -> Found:
    made = ledger.transact(TENANT, lambda _: [Draft(Kind.EVIDENCE, payload)]).items[0]
    return Found(made.ids[0], made.positions[0], 0)


@pytest.fixture
def world(home: Home) -> Iterator[World]:
    db = home.db()
    ledger = home.ledger(db)
    ledger.create_log(TENANT, SERVER)
    cases = Cases(db, ledger, TENANT)
    events = [_recorded(ledger, f"record {number}".encode()) for number in range(12)]
    yield World(home, db, ledger, cases, Saying(db, ledger, cases), events)
    ledger.close()


def test_every_act_is_an_entry_with_author_and_time_of_the_ledger(world: World) -> None:
    case = world.cases.create(ANN, {"name": "one", "claimed": "somebody else"})
    assert (case.created_by, case.owner, case.claimed, case.revision) == (ANN.name, ANN.name, "somebody else", 1)
    changed = world.cases.change(case.id, BEN, {"status": "investigating", "tags": ["b", "a", "a"]})
    assert (changed.status, changed.tags, changed.revision, changed.changed_by) == (
        "investigating",
        ("a", "b"),
        2,
        BEN.name,
    )
    assert world.cases.change(case.id, BEN, {"status": "investigating"}).revision == 2
    acts = world.acts(case.id)
    assert [(act["act"], act["by"], act["resource"]) for act in acts] == [
        ("case.created", ANN.name, f"case:{case.id}"),
        ("case.changed", BEN.name, f"case:{case.id}"),
    ]
    assert acts[1]["detail"]["before"] == {"status": "open", "tags": []}
    (entry,) = world.ledger.read(TENANT, (last := world.cases.acts(case.id, 1)[0]), last + 1)
    assert json.loads(entry.leaf)["refs"] == []


def test_a_pin_bears_the_leaf_hash_of_its_entry(world: World) -> None:
    case = world.cases.create(ANN, {"name": "one"}).id
    assert world.cases.pin(case, ANN, world.events[:3], annotation="look") == 3
    assert world.cases.pin(case, BEN, world.events[2:4]) == 1
    entries = [world.ledger.entry(TENANT, found.event) for found in world.events[:4]]
    pins = world.cases.pins(case, 10)
    assert [pin.leaf_hash for pin in pins] == [entry.leaf_hash for entry in entries]
    assert [(pin.annotation, pin.added_by) for pin in pins] == [("look", ANN.name)] * 3 + [("", BEN.name)]
    assert world.cases.one(case).pins == 4
    assert world.states(case) == [("intact", "")] * 4
    said = world.acts(case)[1]["detail"]["pins"]
    assert [one[2] for one in said] == [entry.leaf_hash.hex() for entry in entries[:3]]
    world.cases.unpin(case, BEN, (world.events[0].position, 0))
    with pytest.raises(NotFoundError, match="not pinned"):
        world.cases.unpin(case, BEN, (world.events[0].position, 0))
    assert [pin.event for pin in world.cases.pins(case, 10)] == [found.event for found in world.events[1:4]]
    with pytest.raises(NotFoundError, match="no such entry"):
        world.cases.pin(case, ANN, [Found("01ARZ3NDEKTSV4RRFFQ69G5FAV", 10_000, 0)])


def test_an_event_names_the_cases_it_is_pinned_in_and_no_others(world: World) -> None:
    one, two, three = (world.cases.create(ANN, {"name": name}).id for name in ("one", "two", "three"))
    there, other = ((found.position, 0) for found in world.events[:2])
    world.cases.pin(two, ANN, world.events[:1], annotation="the first")
    world.cases.pin(one, ANN, world.events[:1])
    world.cases.pin(three, ANN, world.events[1:2])
    assert sorted(world.cases.naming(*there, 50)) == sorted([(one, "one", ""), (two, "two", "the first")])
    assert [name for _, name, _ in world.cases.naming(*other, 50)] == ["three"]
    assert world.cases.naming(*there, 1) == world.cases.naming(*there, 50)[:1]
    world.cases.unpin(one, ANN, there)
    assert [name for _, name, _ in world.cases.naming(*there, 50)] == ["two"]
    assert world.cases.naming(world.events[5].position, 0, 50) == world.cases.naming(there[0], 1, 50) == []


def test_a_selection_has_an_entry_a_batch_and_one_at_its_end(world: World) -> None:
    case = world.cases.create(ANN, {"name": "one"}).id
    event = world.events[0]
    many = [Found(f"{event.event}.{sub}" if sub else event.event, event.position, sub) for sub in range(BATCH + 7)]
    told = world.cases.select(case, ANN, [many[:9], many], {"query": "x"}, "all of it")
    assert told == {"selection": told["selection"], "matched": BATCH + 16, "pinned": BATCH + 7, "already": 9}
    acts = world.acts(case)[1:]
    sizes = [len(act["detail"].get("pins", ())) for act in acts]
    assert (sizes, acts[-1]["act"], acts[-1]["detail"]["query"]) == ([9, BATCH - 2, 0], "case.selected", "x")
    assert {act["detail"]["selection"] for act in acts} == {told["selection"]}
    assert len([one for portion in world.cases.every_pin(case) for one in portion]) == BATCH + 7


def test_a_selection_is_taken_out_as_one_and_what_was_pinned_otherwise_stays(world: World) -> None:
    case = world.cases.create(ANN, {"name": "one"}).id
    first, second = world.events[0], world.events[1]
    world.cases.pin(case, ANN, [first], selection="01ARZ3NDEKTSV4RRFFQ69G5FAV")
    many = [Found(f"{second.event}.{sub}" if sub else second.event, second.position, sub) for sub in range(BATCH + 7)]
    told = world.cases.select(case, ANN, [[first], many], {"query": "x"}, "")
    world.cases.unpin(case, BEN, (second.position, 3))
    world.cases.pin(case, BEN, [many[3]])
    assert world.cases.unselect(case, BEN, told["selection"]) == BATCH + 6
    assert [pin.event for pin in world.cases.pins(case, 10)] == [first.event, many[3].event]
    assert world.cases.unselect(case, BEN, told["selection"]) == 0
    for unknown in ("01ARZ3NDEKTSV4RRFFQ69G5FAW", "none"):
        with pytest.raises(NotFoundError, match="nothing was pinned so"):
            world.cases.unselect(case, BEN, unknown)
    rows = world.rows()
    world.cases.rebuild()
    assert world.rows() == rows
    again = world.cases.select(case, ANN, [many[:5]], {"query": "x"}, "")
    world.cases.change(case, ANN, {"status": "closed"})
    with pytest.raises(ConflictError, match="closed"):
        world.cases.unselect(case, ANN, again["selection"])


TAMPERED = {
    "payload": ("UPDATE ledger_payloads SET payload = ?", b"another", "was altered"),
    "leaf": ("UPDATE ledger_entries SET leaf = ?", b"{}", "the one that was pinned"),
    "leaf hash": ("UPDATE ledger_entries SET leaf_hash = ?", b"x" * 32, "the one that was pinned"),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_evidence_that_was_altered_is_found_and_its_neighbour_is_not(world: World, what: str) -> None:
    case = world.cases.create(ANN, {"name": "one"}).id
    world.cases.pin(case, ANN, world.events[3:5])
    assert world.states(case) == [("intact", "")] * 2
    statement, value, reason = TAMPERED[what]
    with world.home.raw() as raw:
        raw.execute(f"{statement} WHERE seq = ?", (value, world.events[3].position))
    (altered, said), control = world.states(case)
    assert altered == "altered"
    assert reason in said
    assert control == ("intact", "")


def test_a_pin_that_was_altered_is_found_and_its_neighbour_is_not(world: World) -> None:
    case = world.cases.create(ANN, {"name": "one"}).id
    world.cases.pin(case, ANN, world.events[3:6])
    with world.home.raw() as raw:
        raw.execute(
            "UPDATE case_pins SET event = ?, position = ?, leaf_hash = ? WHERE position = ?",
            (
                world.events[7].event,
                world.events[7].position,
                world.ledger.entry(TENANT, world.events[7].event).leaf_hash,
                world.events[3].position,
            ),
        )
        raw.execute("UPDATE case_pins SET leaf_hash = ? WHERE position = ?", (b"y" * 32, world.events[4].position))
    hashed, control, swapped = world.states(case)
    assert swapped == ("altered", "the entry that is to have pinned it does not say so")
    assert hashed == ("altered", "the pin's leaf hash is not the one in the entry that pinned it")
    assert control == ("intact", "")
    # What was altered is a table, and the ledger makes that again as it was.
    world.cases.rebuild()
    assert world.states(case) == [("intact", "")] * 3


def test_who_was_slower_is_told_and_overwrites_nothing(world: World) -> None:
    case = world.cases.create(ANN, {"name": "one"})
    world.cases.change(case.id, ANN, {"name": "two"}, case.revision)
    head = world.ledger.head(TENANT)
    with pytest.raises(StaleError) as caught:
        world.cases.change(case.id, BEN, {"name": "three"}, case.revision)
    assert (caught.value.expected, caught.value.got) == ("revision 1", "revision 2")
    note = world.saying.add(case.id, ANN, "note", {"text": "a"})
    world.saying.change(case.id, ANN, note.id, {"text": "b"}, note.revision)
    with pytest.raises(StaleError):
        world.saying.change(case.id, BEN, note.id, {"text": "c"}, note.revision)
    assert world.cases.one(case.id).name == "two"
    assert world.saying.one(case.id, note.id).body["text"] == "b"
    assert world.ledger.head(TENANT) == head + 2


def test_of_two_who_write_on_one_revision_one_wins(world: World) -> None:
    case = world.cases.create(ANN, {"name": "one"})
    ends: list[str] = []

    def write(name: str) -> None:
        try:
            ends.append(world.cases.change(case.id, Principal(name), {"name": name}, case.revision).name)
        except StaleError:
            ends.append("stale")

    threads = [threading.Thread(target=write, args=(f"by {number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ends)[-3:] == ["stale"] * 3
    assert world.cases.one(case.id).name in ends


def test_a_shut_case_takes_nothing_until_it_is_opened(world: World) -> None:
    case = world.cases.create(ANN, {"name": "one"}).id
    world.cases.change(case, ANN, {"status": "closed"})
    head = world.ledger.head(TENANT)
    for refused in (
        lambda: world.cases.pin(case, ANN, world.events[:1]),
        lambda: world.saying.add(case, ANN, "note", {"text": "x"}),
        lambda: world.cases.change(case, ANN, {"description": "x"}),
        lambda: world.cases.change(case, ANN, {"status": "open", "tags": ["x"]}),
        lambda: world.cases.select(case, ANN, [], {"query": "x"}, ""),
    ):
        with pytest.raises(ConflictError, match="the case is closed"):
            refused()
    assert world.ledger.head(TENANT) == head
    world.cases.change(case, ANN, {"status": "archived"})
    world.cases.change(case, ANN, {"status": "open"})
    assert world.cases.change(case, ANN, {"description": "x"}).description == "x"
    assert world.cases.select(case, ANN, [], {"query": "x"}, "")["matched"] == 0
    assert world.cases.pin(case, ANN, world.events[:1]) == 1


def test_bounds_and_odd_names_are_refused_and_never_a_failure(world: World) -> None:
    case = world.cases.create(ANN, {"name": "x" * 200}).id
    for odd in ("", "\x00", "\ud800", "x" * 201, "'; DROP TABLE cases; --", "01ARZ3NDEKTSV4RRFFQ69G5FAV"):
        with pytest.raises(NotFoundError):
            world.cases.one(odd)
        with pytest.raises(NotFoundError):
            world.saying.one(case, odd)
    for name in ("", " ", "x" * 201, "a\x00b", "\ud800"):
        with pytest.raises(UsageError, match="name"):
            world.cases.create(ANN, {"name": name})
    for name in ("Q3/events", "/", ".", ".."):
        with pytest.raises(UsageError, match="cannot stand in a path"):
            world.cases.create(ANN, {"name": name})
        with pytest.raises(UsageError, match="cannot stand in a path"):
            world.cases.change(case, ANN, {"name": name})
    assert world.cases.create(ANN, {"name": "Q3 ... events"}).name == "Q3 ... events"
    for owner in ("a\x00", "x" * 201, "\ud800"):
        with pytest.raises(UsageError, match="owner"):
            world.cases.listed(10, owner=owner)
    assert world.cases.listed(10, owner="nobody") == []
    with pytest.raises(UsageError, match="too many tags"):
        world.cases.create(ANN, {"name": "y", "tags": [str(number) for number in range(101)]})
    world.cases.create(ANN, {"name": "y", "tags": [str(number) for number in range(100)]})
    world.cases.create(ANN, {"name": "y"})
    with pytest.raises(ConflictError, match="several cases"):
        world.cases.one("y")


def test_tables_are_made_again_from_the_ledger_alone_and_are_equal(world: World) -> None:
    """Two hundred acts by chance; whatever was refused has left nothing."""
    chance = random.Random(7)
    people = [ANN, BEN]
    cases = [world.cases.create(chance.choice(people), {"name": f"case {n}", "tags": ["t"]}).id for n in range(3)]
    refused = 0
    for _ in range(200):
        case, by, found = chance.choice(cases), chance.choice(people), chance.choice(world.events)
        try:
            _act(world, chance, case, by, found)
        except (ConflictError, NotFoundError, UsageError):
            refused += 1
    before = world.rows()
    assert refused
    assert all(before.values())
    number = world.cases.rebuild()
    assert world.rows() == before
    assert number == len(before["case_acts"])
    with world.home.raw() as raw:
        raw.execute("UPDATE cases SET owner = 'mallory'")
        raw.execute("DELETE FROM case_items")
    assert world.rows() != before
    world.cases.rebuild()
    assert world.rows() == before


def _act(world: World, chance: random.Random, case: str, by: Principal, found: Found) -> None:
    items = world.saying.all(case)
    item = chance.choice(items).id if items else "none"
    text = str(chance.random())
    status = chance.choice(["open", "open", "open", "closed"])
    acts: list[Callable[[], object]] = [
        lambda: world.cases.change(case, by, {"status": status, "description": text}),
        lambda: world.cases.change(case, by, {"status": "open"}),
        lambda: world.cases.pin(case, by, chance.sample(world.events, 4), annotation=text),
        lambda: world.cases.unpin(case, by, (found.position, 0)),
        lambda: world.cases.change_pin(case, by, (found.position, 0), {"annotation": text, "pinned": True}),
        lambda: world.saying.add(case, by, "note", {"text": text}, [found]),
        lambda: world.saying.add(case, by, "hypothesis", {"title": text}),
        lambda: world.saying.change(case, by, item, {"text": text}),
        lambda: world.saying.weigh(case, by, item, found, chance.choice(["for", "against"]), text),
        lambda: world.saying.discard(case, by, item, found.event),
        lambda: world.cases.exported(case, by, "json"),
    ]
    if chance.random() < 0.1:
        acts.append(lambda: world.saying.remove(case, by, item))
    chance.choice(acts)()


def test_what_was_erased_is_not_in_the_tables_that_are_made_again(world: World) -> None:
    case = world.cases.create(ANN, {"name": "one"}).id
    note = world.saying.add(case, ANN, "note", {"text": "a secret"})
    kept = world.saying.add(case, ANN, "note", {"text": "no secret"})
    with world.home.raw() as raw:
        raw.execute("DELETE FROM ledger_payloads WHERE seq = ?", (note.entry,))
    world.cases.rebuild()
    assert [one.id for one in world.saying.all(case)] == [kept.id]
    assert world.cases.one(case).name == "one"


def test_a_rebuild_knows_what_others_of_its_group_did(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rebuild and acts before and behind it in one transaction: none that was acknowledged is lost."""
    case = world.cases.create(ANN, {"name": "one"}).id
    leading, go = threading.Event(), threading.Event()

    def lead(_: Transaction) -> list[Draft]:
        leading.set()
        assert go.wait(30)
        return [Draft(Kind.EVIDENCE, b"one more")]

    numbers: list[int] = []
    followers = [
        lambda: world.cases.pin(case, ANN, world.events[:3]),
        lambda: world.ledger.transact(TENANT, lambda _: [Draft(Kind.EVIDENCE, b"not yet inserted")]),
        lambda: numbers.append(world.cases.rebuild()),
        lambda: world.saying.add(case, ANN, "note", {"text": "behind it"}),
    ]
    served: list[int] = []
    serve = Lane._serve

    def counted(lane: Lane, tickets: Sequence[Any]) -> int:
        served.append(len(tickets))
        return serve(lane, tickets)

    monkeypatch.setattr(Lane, "_serve", counted)
    threads = [threading.Thread(target=world.ledger.transact, args=(TENANT, lead))]
    threads[0].start()
    assert leading.wait(30)
    (lane,) = world.ledger._lanes.values()
    for number, follower in enumerate(followers, 1):
        threads.append(threading.Thread(target=follower))
        threads[-1].start()
        deadline = time.monotonic() + 30
        while len(lane._queue) < number and time.monotonic() < deadline:
            time.sleep(0.005)
    go.set()
    for thread in threads:
        thread.join()
    assert served == [1, len(followers)]
    assert numbers == [2]  # the case and its pins
    assert world.cases.one(case).pins == len(world.cases.pins(case, 10)) == 3
    assert len(world.saying.all(case)) == 1
    before = world.rows()
    world.cases.rebuild()
    assert world.rows() == before


def test_a_pin_that_came_again_is_there_once_though_its_going_was_erased(world: World) -> None:
    case = world.cases.create(ANN, {"name": "one"}).id
    found = world.events[0]
    world.cases.pin(case, ANN, [found], annotation="first")
    world.cases.unpin(case, ANN, (found.position, 0))
    gone = world.cases.acts(case, 1)[0]
    world.cases.pin(case, BEN, [found, world.events[1]], annotation="again")
    _erase(world, [gone])
    world.cases.rebuild()
    pins = world.cases.pins(case, 10)
    assert [(pin.event, pin.annotation, pin.added_by) for pin in pins] == [
        (one.event, "again", BEN.name) for one in world.events[:2]
    ]
    assert world.cases.one(case).pins == 2
    assert world.states(case) == [("intact", "")] * 2


@pytest.mark.parametrize("seed", range(4))
def test_whatever_acts_are_erased_the_others_make_tables(world: World, seed: int) -> None:
    chance = random.Random(seed)
    cases = [world.cases.create(ANN, {"name": f"case {n}"}).id for n in range(2)]
    for _ in range(60):
        with contextlib.suppress(ConflictError, NotFoundError, UsageError):
            _act(world, chance, chance.choice(cases), chance.choice([ANN, BEN]), chance.choice(world.events))
    positions = {case: set(world.cases.acts(case, 10_000)) for case in cases}
    _erase(world, gone := set(chance.sample(sorted(set().union(*positions.values())), 30)))
    number = world.cases.rebuild()
    assert number == len(set().union(*positions.values()) - gone)
    for case in cases:
        assert set(world.cases.acts(case, 10_000)) == positions[case] - gone
        if positions[case] <= gone:
            with pytest.raises(NotFoundError):
                world.cases.one(case)
            continue
        assert world.cases.one(case).pins == len(world.cases.pins(case, 1000))
        assert set(world.states(case)) <= {("intact", "")}
        for item in world.saying.all(case):
            assert item.to_json()["id"] == item.id
    before = world.rows()
    world.cases.rebuild()
    assert world.rows() == before


def test_what_a_later_entry_states_outlives_the_erasure_of_an_earlier_one(world: World) -> None:
    case = world.cases.create(ANN, {"name": "one"})
    made = world.cases.acts(case.id, 1)[0]
    note = world.saying.add(case.id, ANN, "note", {"text": "a secret"}, world.events[:1])
    world.saying.change(case.id, BEN, note.id, {"text": "no secret"})
    idea = world.saying.add(case.id, ANN, "hypothesis", {"title": "a secret"})
    world.saying.weigh(case.id, BEN, idea.id, world.events[2], "against", "late")
    gone = world.saying.add(case.id, ANN, "hypothesis", {"title": "a secret"})
    world.saying.weigh(case.id, BEN, gone.id, world.events[2], "for")
    world.saying.remove(case.id, BEN, gone.id)
    world.cases.pin(case.id, ANN, world.events[:2])
    world.cases.change(case.id, BEN, {"owner": "ben"})
    assert "created" not in world.cases.one(case.id).to_json()
    _erase(world, [made, note.entry, idea.entry, gone.entry])
    world.cases.rebuild()
    stub = world.cases.one(case.id)
    assert (stub.name, stub.owner, stub.created_by, stub.pins) == (case.id, "ben", "", 2)
    assert abs(stub.created_at - case.created_at) < 10**9
    assert stub.to_json()["created"] == "erased"
    said = {one.id: one for one in world.saying.all(case.id)}
    assert set(said) == {note.id, idea.id}
    assert said[note.id].body["text"] == "no secret"
    assert [one["event_id"] for one in said[note.id].body["events"]] == [world.events[0].event]
    assert (said[note.id].added_by, said[note.id].changed_by) == ("", BEN.name)
    assert said[note.id].to_json()["added"] == "erased"
    assert said[idea.id].body["title"] == "erased"
    assert [(one["side"], one["comment"]) for one in said[idea.id].body["evidence"]] == [("against", "late")]
    # And it may be gone on with.
    world.saying.change(case.id, ANN, idea.id, {"title": "it was he"})
    world.cases.change(case.id, ANN, {"name": "two"})
    before = world.rows()
    world.cases.rebuild()
    assert world.rows() == before


def test_a_page_of_items_ends_at_its_number_or_its_length(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    case = world.cases.create(ANN, {"name": "one"}).id
    made = [world.saying.add(case, ANN, "note", {"text": str(number) * 100}).id for number in range(5)]
    world.saying.add(case, ANN, "task", {"title": "t"})
    made.sort()

    def pages(limit: int) -> list[int]:
        found: list[str] = []
        sizes: list[int] = []
        more = True
        while more:
            page, more = world.saying.page(case, "note", limit, found[-1] if found else "")
            found += [one.id for one in page]
            sizes.append(len(page))
        assert found == made
        return sizes

    assert pages(2) == [2, 2, 1]
    assert pages(5) == pages(1000) == [5]
    monkeypatch.setattr("vestige.cases.saying.PAGE_LENGTH", 101)
    assert pages(1000) == [1] * 5
    assert world.saying.page(case, "entity", 10) == ([], False)


def _erase(world: World, positions: Iterable[int]) -> None:
    with world.home.raw() as raw:
        for position in positions:
            raw.execute("DELETE FROM ledger_payloads WHERE seq = ?", (position,))
