"""Scans of a real index: which groups are candidates, whose events are read, in which span, and what is left out."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from support.engine import opened
from support.sequence_log import Act, SequenceLog, act, instant
from support.sequence_patterns import tried
from vestige.correlate import Key, matcher, sequence_store
from vestige.correlate.pattern_file import read_pattern
from vestige.correlate.search import StepEvent
from vestige.correlate.sequences import Span
from vestige.correlate.store import Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vestige.correlate.patterns import Pattern
    from vestige.index import Index


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    with opened(tmp_path_factory.mktemp("scans")) as index:
        yield index


def made(steps: str, by: str = "identity", within: str = "10s") -> Pattern:
    head = f"name: p\nversion: 1\ntitle: t\nseverity: low\nby: {by}\nwithin: {within}\nsteps:\n"
    return read_pattern((head + steps).encode(), "p.yaml")


PAIR = "  - {name: a, where: type:t.a}\n  - {name: b, where: type:t.b}\n"
ANN = {"actor_id": "ann"}


@pytest.mark.parametrize(
    ("by", "one", "other", "stranger"),
    [
        ("identity", {"actor_id": "Stra\u00dfe"}, {"actor_name": "STRASSE"}, {"actor_id": "strase"}),
        ("identity", {"actor_id": "x"}, {"keys": (("identity", "X"),)}, {"keys": (("host", "X"),)}),
        ("host", {"host": "WS-7"}, {"keys": (("host", "ws-7"),)}, {"host": "ws-70"}),
        ("ip", {"src_ip": "10.0.0.1"}, {"dst_ip": "10.0.0.1"}, {"dst_ip": "10.0.0.11"}),
        ("token", {"keys": (("token", "Tk"),)}, {"keys": (("token", "Tk"),)}, {"keys": (("token", "tk"),)}),
        ("session", {"session": "s"}, {"session": "s"}, {"session": "S"}),
        ("object", {"object_id": "K"}, {"object_name": "k"}, {"object_id": ""}),
        ("network.src_ip/network", {"src_ip": "10.1.2.3"}, {"src_ip": "10.1.9.9"}, {"src_ip": "10.2.2.3"}),
        ("network.src_ip/network", {"src_ip": "2001:db8::1"}, {"src_ip": "2001:db8:ff::2"}, {"src_ip": "2001:db9::1"}),
        ("attributes.a.b", {"attributes": '{"a":{"b":7}}'}, {"attributes": '{"a":{"b":"7"}}'}, {"attributes": "{}"}),
        ("tag", {"tags": ("VIP", "x")}, {"tags": ("vip",)}, {"tags": ()}),
        ("network.src_port", {"src_port": 22}, {"src_port": 22}, {"src_port": 0}),
        ("severity", {"severity": 0}, {"severity": 0}, {"severity": 1}),
        ("[session, host]", {"session": "s", "host": "h"}, {"session": "s", "host": "H"}, {"session": "s"}),
    ],
)
def test_events_belong_together_by_keys_and_fields_as_these_are_compared(
    index: Index, by: str, one: dict[str, object], other: dict[str, object], stranger: dict[str, object]
) -> None:
    pattern = made(PAIR, by)
    assert SequenceLog(index, [act(0, "t.a", **one), act(1, "t.b", **other)]).found(pattern) == [[0, 1]]
    assert SequenceLog(index, [act(0, "t.a", **one), act(1, "t.b", **stranger)]).found(pattern) == []
    assert SequenceLog(index, [act(0, "t.a", **stranger), act(1, "t.b", **other)]).found(pattern) == []


def test_a_step_may_go_by_another_field(index: Index) -> None:
    pattern = made("  - {name: a, where: type:t.a, by: subject}\n  - {name: b, where: type:t.b}\n")
    acts = [act(0, "t.a", actor_id="root", subject_name="Ann"), act(1, "t.b", actor_id="root"), act(2, "t.b", **ANN)]
    assert SequenceLog(index, acts).found(pattern) == [[0, 2]]


def test_a_thing_of_several_names_is_told_once(index: Index) -> None:
    both = {"actor_id": "u1", "actor_name": "ann"}
    log = SequenceLog(
        index, [act(0, "t.a", **both), act(1, "t.b", **both), act(20, "t.a", **ANN), act(21, "t.b", **ANN)]
    )
    found = log.scan(made(PAIR)).detections
    assert [[spot.seq for spot in one.evidence] for one in found] == [[0, 1], [2, 3]]
    assert found[0].keys == (Key("identity", "ann"), Key("identity", "u1"))
    assert found[1].keys == (Key("identity", "ann"),)


def test_undated_events_have_no_part_in_it(index: Index) -> None:
    assert SequenceLog(index, [act(None, "t.a", **ANN), act(1, "t.b", **ANN)]).found(made(PAIR)) == []
    assert SequenceLog(index, [act(None, "t.a", **ANN)]).found(made(PAIR)) == []


def test_no_event_of_another_log_has_a_part_in_it(index: Index) -> None:
    first = SequenceLog(index, [act(0, "t.a", **ANN)])
    second = SequenceLog(index, [act(1, "t.b", **ANN), act(2, "t.a", **ANN), act(3, "t.b", **ANN)])
    assert first.found(made(PAIR)) == []
    assert second.found(made(PAIR)) == [[1, 2]]


def test_a_scan_reports_what_ends_in_its_span_however_early_it_began(index: Index) -> None:
    acts = [act(0, "t.a", **ANN), act(10, "t.b", **ANN), act(21, "t.a", **ANN), act(31, "t.b", **ANN)]
    log, pattern = SequenceLog(index, acts), made(PAIR)
    assert log.found(pattern, Span(instant(10), instant(30))) == [[0, 1]]
    assert log.found(pattern, Span(instant(10) + 1, instant(31) + 1)) == [[2, 3]]
    assert log.found(pattern, Span(instant(40), instant(50))) == []
    assert log.found(pattern, Span(None, instant(-5))) == []


def test_what_goes_on_without_a_pause_is_one_act_wherever_a_scan_begins(index: Index) -> None:
    """Fifty pairs; in the middle a pause of just the pattern's time, and then one of a nanosecond more."""
    kinds, pattern = ("t.a", "t.b"), made(PAIR)
    times = [n * 5.0 + (5 if n >= 40 else 0) + (5.000000001 if n >= 80 else 0) for n in range(100)]
    acts = [act(at, kinds[n % 2], **ANN) for n, at in enumerate(times)]
    log = SequenceLog(index, acts)
    whole, rest = list(range(80)), list(range(80, 100))
    assert log.found(pattern) == [whole, rest]
    (first, second) = log.scan(pattern).detections
    assert [spot.seq for spot in first.onset] == [0, 1]
    assert (first.times, second.times) == (40, 10)
    for start in range(0, 400, 23):
        assert log.found(pattern, Span(instant(start))) == [whole, rest], start
    # It is told as far as the span goes, and by the same onset.
    assert log.found(pattern, Span(instant(100), instant(111))) == [list(range(22))]
    assert log.scan(pattern, Span(instant(100), instant(111))).detections[0].onset == first.onset


def test_an_act_of_more_events_than_are_looked_at_is_told_from_where_it_is_read(
    index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    acts = [act(n * 5.0, ("t.a", "t.b")[n % 2], **ANN) for n in range(100)]
    log = SequenceLog(index, acts)
    monkeypatch.setattr(sequence_store, "MOST_EVENTS", 20)
    (found,) = log.scan(made(PAIR), Span(instant(490))).detections
    assert found.evidence[-1].seq == 99
    assert len(found.evidence) <= 20


def test_what_is_followed_by_nothing_is_decided_by_the_log_or_by_the_end_that_is_given(index: Index) -> None:
    pattern = made("  - {name: a, where: type:t.a}\n  - {name: b, where: type:t.b, absent: true}\n")
    log = SequenceLog(index, [act(0, "t.a", **ANN), act(9, "t.c")])
    assert log.found(pattern) == []
    assert log.found(pattern, Span(known=instant(10))) == [[0]]
    assert SequenceLog(index, [act(0, "t.a", **ANN), act(10, "t.c")]).found(pattern) == [[0]]
    assert SequenceLog(index, [act(0, "t.a", **ANN), act(10, "t.b", **ANN)]).found(pattern) == []
    # What follows behind the span that is scanned is seen.
    late = SequenceLog(index, [act(0, "t.a", **ANN), act(8, "t.b", **ANN), act(60, "t.c")])
    assert late.found(pattern, Span(instant(0), instant(5))) == []


def test_what_is_not_looked_at_is_told(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    people = [act(n / 10, kind, actor_id=f"user{n}") for n in range(4) for kind in ("t.a", "t.b")]
    log = SequenceLog(index, people)
    monkeypatch.setattr(sequence_store, "MOST_GROUPS", 4)
    assert len(log.found(made(PAIR))) == 4
    monkeypatch.setattr(sequence_store, "MOST_GROUPS", 3)
    found = log.scan(made(PAIR))
    assert len(found.detections) == 3
    assert ["groups" in cut.reason for cut in found.cuts] == [True]
    monkeypatch.setattr(sequence_store, "MOST_EVENTS", 2)
    busy = SequenceLog(index, [act(0, "t.a", **ANN), act(1, "t.b", **ANN), act(2, "t.a", **ANN), act(3, "t.b", **ANN)])
    found = busy.scan(made(PAIR))
    assert len(found.detections) == 1
    assert [(cut.keys, "events" in cut.reason) for cut in found.cuts] == [((Key("identity", "ann"),), True)]
    monkeypatch.setattr(matcher, "TRIES", 1)
    assert "tries" in SequenceLog(index, people[:2]).scan(made(PAIR)).cuts[0].reason


def test_groups_are_read_in_portions(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sequence_store, "AT_ONCE", 2)
    pattern = made(PAIR, "[session, host]")
    acts = [
        act(place, kind, session=session, host=host)
        for place, kind in enumerate(("t.a", "t.b"))
        for session, host in (("s1", "h1"), ("s2", "h2"), ("s1", "h2"))
    ]
    assert SequenceLog(index, acts).found(pattern) == [[0, 3], [1, 4], [2, 5]]


STEPS = {
    "distinct": "  - {name: a, where: type:t.a, distinct: object >= 2}\n  - {name: b, where: type:t.b}\n",
    "differs": "  - {name: a, where: type:t.a}\n  - {name: b, where: type:t.b, differs: object}\n",
    "absent": "  - {name: a, where: type:t.a, count: 2}\n  - {name: n, where: type:t.c, absent: true}\n"
    "  - {name: b, where: type:t.b}\n",
    "absent first": "  - {name: n, where: type:t.c, absent: true}\n  - {name: a, where: type:t.a}\n"
    "  - {name: b, where: type:t.b}\n",
    "absent last": "  - {name: a, where: type:t.a}\n  - {name: b, where: type:t.b}\n"
    "  - {name: n, where: type:t.c, absent: true}\n",
    "one query for both": "  - {name: a, where: 'type:(t.a t.b)'}\n  - {name: b, where: 'type:(t.b t.a)'}\n",
}


def joined(pattern: Pattern, matches: list[tuple[Spot, ...]]) -> list[list[int]]:
    """Matches that follow one another within the pattern's time, as one."""
    found: list[list[int]] = []
    last = None
    for evidence in matches:
        seqs = [spot.seq for spot in evidence]
        if last is not None and evidence[0].occurred_at <= last + pattern.within:
            found[-1] += seqs
        else:
            found.append(seqs)
        last = evidence[-1].occurred_at
    return found


@pytest.mark.parametrize("name", STEPS)
def test_the_engine_leaves_out_no_group_that_has_a_match(index: Index, name: str) -> None:
    """All matches of all groups, against trying everything on the acts themselves."""
    chance = random.Random(name)
    pattern = made(STEPS[name], by="session", within="7s")
    kinds = ["t.a", "t.b", "t.c"]
    of = {kind: [place for place, step in enumerate(pattern.steps) if kind in step.where] for kind in kinds}
    acts: list[Act] = []
    for group in range(150):
        for _ in range(chance.randint(1, 9)):
            kind = chance.choice(("t.a", "t.a", "t.b", "t.c"))
            acts.append(act(chance.randint(0, 30), kind, session=f"s{group:02}", object_id=chance.choice("xyz")))
    wanted = []
    for group in range(150):
        own = sorted(
            (
                StepEvent(
                    Spot(instant(one.at or 0), seq, 0),
                    frozenset(of[one.event_type]),
                    ((str(one.fields["object_id"]),),),
                )
                for seq, one in enumerate(acts)
                if one.fields["session"] == f"s{group:02}" and of[one.event_type]
            ),
            key=lambda event: event.spot,
        )
        wanted += joined(pattern, tried(pattern, own, instant(100)))
    found = SequenceLog(index, acts).found(pattern, Span(known=instant(100)))
    assert sorted(found) == sorted(wanted)
    assert len(found) > 5
