"""Aliases on events placed by hand, one rule at a time; and on made-up logs against the rule said again, slowly."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import pytest

from support.engine import START, block, fresh_log, opened
from support.entity_world import World
from vestige.correlate import Key, aliases
from vestige.correlate.aliases import Aliases, local_part
from vestige.correlate.entity_store import EntityStore
from vestige.model.event import Event
from vestige.query import Reader, normal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.entities import Truth
    from vestige.index import Index

SID = "S-1-5-21-1-2-3-1104"
ANN = Key("identity", "ann@example.com")


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    with opened(tmp_path_factory.mktemp("aliases")) as index:
        yield index


class Log:
    """Events by source: 0, 1 or 2, in the order they are added."""

    def __init__(self, index: Index) -> None:
        self.index, self.log = index, fresh_log()
        self.rows: list[tuple[int, int, Event, int]] = []

    def add(self, actor_id: str = "", actor_name: str = "", source: int = 0, **fields: Any) -> int:
        # A made-up block gives an entry its source by its seq.
        seq = (self.rows[-1][0] + 1 if self.rows else 0) // 3 * 3 + 3 + source
        at = fields.pop("at", START + seq)
        self.rows.append((seq, 0, Event("a.b", at, actor_id=actor_id, actor_name=actor_name, **fields), 0))
        return seq

    def of(self, key: Key) -> Aliases:
        self.index.write(block(self.log, 0, self.rows))
        return aliases.aliases(EntityStore(Reader(self.index), self.log), key)


@pytest.fixture
def log(index: Index) -> Log:
    return Log(index)


def links(found: Aliases) -> list[tuple[str, str, str]]:
    return [(link.one.value, link.other.value, link.strength) for link in found.links]


def names(found: Aliases) -> list[str]:
    return [key.value for key in found.names]


def test_an_id_and_a_name_of_one_event_are_joined_and_the_event_shows_it(log: Log) -> None:
    log.add("ann@example.com")
    first = log.add(SID, "Ann@Example.com")
    log.add(SID, "ann@example.com")
    found = log.of(ANN)
    assert names(found) == ["ann@example.com", SID.lower()]
    (link,) = found.links
    assert (link.rule, link.strength, link.events) == ("account", "joined", 2)
    assert (link.first_at, link.shown) == (START + first, (START + first, first, 0))
    assert link.sources == ("aws.cloudtrail",)
    assert [(one.text, one.times) for one in found.spellings] == [("ann@example.com", 2), ("Ann@Example.com", 1)]


def test_subjects_state_names_as_actors_do(log: Log) -> None:
    log.add("root", subject_id=SID, subject_name="CORP\\ann", keys=(("identity", SID), ("identity", "CORP\\ann")))
    assert names(log.of(Key("identity", SID.lower()))) == [SID.lower(), "corp\\ann"]


def test_several_systems_may_each_have_an_id_of_one_scoped_name(log: Log) -> None:
    log.add("00u1", "ann@example.com", source=0)
    log.add("U77", "ann@example.com", source=1)
    assert names(log.of(Key("identity", "u77"))) == ["u77", "ann@example.com", "00u1"]


def test_a_name_that_one_source_gives_to_two_ids_joins_nobody(log: Log) -> None:
    log.add(SID, "CORP\\svc")
    log.add(SID + "5", "CORP\\svc")
    found = log.of(Key("identity", "corp\\svc"))
    assert names(found) == ["corp\\svc"]
    assert {link.strength for link in found.links} == {"ambiguous"}
    assert all("gives the name to 2 ids" in link.reason for link in found.links)
    # Nor from the other end.
    assert names(aliases.aliases(EntityStore(Reader(log.index), log.log), Key("identity", SID.lower()))) == [
        SID.lower()
    ]


def test_an_id_with_many_names_is_shared_and_with_few_is_renamed(log: Log) -> None:
    for number in range(aliases.NAMES):
        log.add("id-1", f"ann{number}@example.com")
        log.add("id-2", f"bob{number}@example.com")
    log.add("id-2", "bob9@example.com")
    found = log.of(Key("identity", "id-1"))
    assert len(found.names) == 1 + aliases.NAMES
    shared = aliases.aliases(EntityStore(Reader(log.index), log.log), Key("identity", "id-2"))
    assert names(shared) == ["id-2"]
    assert {link.reason for link in shared.links} == {f"aws.cloudtrail gives the id {aliases.NAMES + 1} names"}


@pytest.mark.parametrize(
    ("sid", "strength"), [("S-1-5-18", "ambiguous"), ("S-1-5-32-544", "ambiguous"), (SID, "joined")]
)
def test_an_id_built_into_windows_is_nobodys(log: Log, sid: str, strength: str) -> None:
    log.add(sid, "CORP\\PC7$")
    assert links(log.of(Key("identity", "corp\\pc7$"))) == [(sid.lower(), "corp\\pc7$", strength)]


def test_a_bare_name_is_joined_only_where_every_source_that_has_it_states_the_id(log: Log) -> None:
    log.add("00u1", "admin", source=0)
    log.add("00u2", "deploy", source=0)
    log.add("deploy", source=1)
    found = log.of(Key("identity", "00u1"))
    assert links(found) == [("00u1", "admin", "joined")]
    assert "every source that has the name does" in found.links[0].reason
    (link,) = aliases.aliases(EntityStore(Reader(log.index), log.log), Key("identity", "00u2")).links
    assert link.strength == "possible"
    assert "linux.auth has that name too" in link.reason


def test_the_same_local_part_is_possible_and_joins_nothing(log: Log) -> None:
    for name in ("ann@example.com", "ann", "CORP\\ann", "ann@other.org", "joann@example.com", "app/ann@example.com"):
        log.add(name)
    found = log.of(ANN)
    assert names(found) == ["ann@example.com"]
    assert {link.other.value for link in found.links} == {"ann", "corp\\ann", "ann@other.org", "app/ann@example.com"}
    assert {(link.rule, link.strength, link.shown) for link in found.links} == {("local-part", "possible", None)}


@pytest.mark.parametrize(
    ("key", "local"),
    [
        (Key("identity", "ann@example.com"), "ann"),
        (Key("identity", "corp\\ann"), "ann"),
        (Key("identity", "arn:aws:iam::1:user/team/ann"), "ann"),
        (Key("identity", "s-1-5-18"), ""),
        (Key("identity", "ab@example.com"), ""),
        (Key("identity", "@"), ""),
        (Key("host", "web-1.example.org"), "web-1"),
        (Key("host", "10.0.0.1"), ""),
        (Key("ip", "10.0.0.1"), ""),
    ],
)
def test_what_a_local_part_is(key: Key, local: str) -> None:
    assert local_part(key) == local


def test_a_device_and_its_host_are_joined_unless_many_share_it(log: Log) -> None:
    log.add(device_id="dev-1", host="pc7.example.org")
    log.add(device_id="dev-2", host="kiosk")
    log.add(device_id="dev-3", host="kiosk")
    found = log.of(Key("host", "pc7.example.org"))
    assert found.names == [Key("host", "pc7.example.org"), Key("device", "dev-1")]
    assert [(link.rule, link.strength) for link in found.links] == [("device", "joined")]
    kiosk = aliases.aliases(EntityStore(Reader(log.index), log.log), Key("host", "kiosk"))
    assert (len(kiosk.names), {link.strength for link in kiosk.links}) == (1, {"ambiguous"})


def test_names_are_not_joined_without_end(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(6):
        log.add(f"id-{number}", f"ann{number}@example.com", source=0)
        log.add(f"id-{number + 1}", f"ann{number}@example.com", source=1)
    found = log.of(Key("identity", "id-0"))
    assert names(found) == ["id-0", "ann0@example.com", "id-1"]
    monkeypatch.setattr(aliases, "MOST", 2)
    found = aliases.aliases(EntityStore(Reader(log.index), log.log), Key("identity", "id-3"))
    assert len(found.names) == 2
    assert found.left_out == [("more names than are joined to one", 2)]


def test_what_too_many_share_is_told_and_not_read(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(9):
        log.add(f"id-{number}", "ann@example.com")
    monkeypatch.setattr(aliases, "STATEMENTS", 9)
    found = log.of(ANN)
    assert (names(found), found.links) == (["ann@example.com"], [])
    assert found.left_out == [("shared by too many to tell", 9)]
    monkeypatch.setattr(aliases, "STATEMENTS", 10)
    monkeypatch.setattr(aliases, "TOLD", 5)
    found = aliases.aliases(EntityStore(Reader(log.index), log.log), ANN)
    assert (len(found.links), found.left_out) == (5, [("ambiguous links beyond the 5 with most events", 4)])


def test_what_is_no_name_has_no_alias(log: Log) -> None:
    log.add("ann@example.com", "Ann", session="ann")
    found = log.of(Key("session", "ann"))
    assert (names(found), found.links, found.spellings) == (["ann"], [], [])


def test_no_event_of_another_log_states_anything(index: Index) -> None:
    one, other = Log(index), Log(index)
    one.add("id-1", "ann@example.com")
    other.add("id-2", "ann@example.com")
    assert links(one.of(ANN)) == [("id-1", "ann@example.com", "joined")]
    assert links(other.of(ANN)) == [("id-2", "ann@example.com", "joined")]


def judged(truth: Truth) -> dict[tuple[str, str], str]:
    """Every statement of a log and its strength, by the rule as the documentation says it."""
    stated = truth.stated()
    ids: dict[tuple[str, str], set[str]] = defaultdict(set)
    called: dict[tuple[str, str], set[str]] = defaultdict(set)
    having: dict[str, set[str]] = defaultdict(set)
    for (one, other), by in stated.items():
        for source, _ in by:
            ids[other, source] |= {one} - {other}
            called[one, source] |= {other} - {one}
    for row in truth.rows.values():
        event = row.event
        for text in (event.actor_id, event.actor_name, event.subject_id, event.subject_name):
            having[normal("identity", text)].add(row.source)
    found = {}
    for (one, other), by in stated.items():
        sources = {source for source, _ in by}
        shared = any(len(ids[other, source]) > 1 or len(called[one, source]) > aliases.NAMES for source in sources)
        scoped = other.startswith("arn:")
        strength = "ambiguous" if shared else "joined" if scoped or having[other] <= sources else "possible"
        if one != other:
            found[one, other] = strength
    return found


@pytest.mark.parametrize("seed", [3, 4, 5])
def test_every_statement_of_a_made_up_log_is_judged_by_the_rule(index: Index, seed: int) -> None:
    world = World(index, seed, 90)
    expected = judged(world.truth)
    assert expected
    for key in [key for key in sorted(world.truth.keys) if key.kind == "identity"]:
        found = aliases.aliases(world.entities, key)
        told = {(link.one.value, link.other.value): link.strength for link in found.links if link.rule == "account"}
        own = {pair: strength for pair, strength in expected.items() if key.value in pair}
        assert own.items() <= told.items() <= expected.items()
        assert set(names(found)) >= {name for pair in own if own[pair] == "joined" for name in pair} | {key.value}
        for link in found.links:
            if link.rule == "account":
                spots = [spot for _, spot in world.truth.stated()[link.one.value, link.other.value]]
                assert link.events == len(spots)
                assert link.shown in spots
