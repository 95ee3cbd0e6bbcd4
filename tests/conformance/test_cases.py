"""Cases on both drivers: acts and rows in one transaction, tables the ledger alone makes again, checks that find."""

from __future__ import annotations

import json
import random
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from support.homes import TENANT
from vestige.cases import Cases, Found, Saying, store
from vestige.cases.check import Held, check
from vestige.cases.models import BATCH
from vestige.ledger import Draft, Kind
from vestige.model.errors import ConflictError, NotFoundError, StaleError, UsageError
from vestige.model.principal import Principal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from support.homes import Home
    from vestige.db import Database
    from vestige.ledger import Ledger

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
    ):
        with pytest.raises(ConflictError, match="the case is closed"):
            refused()
    assert world.ledger.head(TENANT) == head
    world.cases.change(case, ANN, {"status": "open"})
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
