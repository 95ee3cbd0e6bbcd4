"""A scan as a whole: what is grouped, what is bounded, and what is told on the way."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING

import pytest

from support.detecting import Scene
from support.engine import START, opened
from vestige.correlate.sigma import RuleFile, Store, Window, passes, read_rules, scan
from vestige.model.event import Event
from vestige.query import Reader, Scope

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vestige.index import Index

SECURITY = "{product: windows, service: security}"


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    with opened(tmp_path_factory.mktemp("passes")) as index:
        yield index


def rule(name: str, detection: str, condition: str = "a", source: str = SECURITY) -> RuleFile:
    return RuleFile(
        f"{name}.yml",
        f"title: {name}\nname: {name}\nlogsource: {source}\ndetection: {{{detection}, condition: {condition}}}\n",
    )


def scene_of(index: Index, *numbers: int, at: int | None = START) -> Scene:
    """Events of the Security log by their numbers, a second apart."""
    scene = Scene(index)
    for place, number in enumerate(numbers):
        attributes = json.dumps({"Channel": "Security", "EventID": number, "User": f"u{number}"})
        when = None if at is None else at + place * 10**9
        event = Event("x.y", when, action=f"Microsoft-Windows-Security-Auditing {number}", attributes=attributes)
        scene.add(str(place), "windows_json/2", [event])
    return scene


def matched(scene: Scene, *files: RuleFile) -> set[tuple[str, int]]:
    found = scene.scan(files)
    assert not found.refused
    return {(one.detector.name, one.evidence[0].seq) for one in found.detections}


def test_leaving_out_events_of_other_numbers_leaves_out_no_match(index: Index) -> None:
    scene = scene_of(index, 4624, 4625, 4634)
    files = [
        rule("one", "a: {EventID: 4624}"),
        rule("text", "a: {EventID: '4625'}"),
        rule("either", "a: {EventID: [4624, 4634]}"),
        rule("or", "a: {EventID: 4624}, b: {User: u4634}", "a or b"),
        rule("and", "a: {EventID: [4624, 4625]}, b: {EventID: [4625, 4634]}", "a and b"),
        rule("not", "a: {EventID: 4624}", "not a"),
        rule("wild", "a: {EventID: '46?4'}"),
        rule("none", "a: {EventID: 1102}"),
        rule("any", "a: {User: '*'}"),
    ]
    assert matched(scene, *files) == {
        ("one", 0),
        ("text", 1),
        *(("either", seq) for seq in (0, 2)),
        *(("or", seq) for seq in (0, 2)),
        ("and", 1),
        *(("not", seq) for seq in (1, 2)),
        *(("wild", seq) for seq in (0, 2)),
        *(("any", seq) for seq in (0, 1, 2)),
    }
    # One by one they find the same.
    assert set().union(*(matched(scene, file) for file in files)) == matched(scene, *files)


def test_more_rules_than_a_statement_takes_are_all_evaluated(index: Index) -> None:
    scene = scene_of(index, *range(1, 6))
    count = 2 * passes.AT_ONCE + 1
    files = [rule(f"r{n}", f"a: {{User: u{n % 5 + 1}}}") for n in range(count)]
    assert matched(scene, *files) == {(f"r{n}", n % 5) for n in range(count)}


def test_of_one_rule_the_oldest_matches_are_taken_and_it_is_told(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passes, "MOST_MATCHES", 2)
    scene = scene_of(index, 1, 1, 1, 2, 2)
    found = scene.scan([rule("three", "a: {EventID: 1}"), rule("two", "a: {EventID: 2}")])
    assert found.capped == ["three"]
    assert sorted((one.detector.name, one.evidence[0].seq) for one in found.detections) == [
        ("three", 0),
        ("three", 1),
        ("two", 3),
        ("two", 4),
    ]


def test_undated_events_are_matched_and_other_logs_are_not(index: Index) -> None:
    scene_of(index, 1, 1).write()
    assert matched(scene_of(index, 1, at=None), rule("r", "a: {EventID: 1}")) == {("r", 0)}


def test_a_span_has_its_start_but_not_its_end_and_nothing_undated(index: Index) -> None:
    scene = scene_of(index, 1, 1, 1)
    scene.add("undated", "windows_json/2", [_undated()])
    scene.write()
    reader = Reader(index)

    def seqs(start: int | None, end: int | None) -> list[int]:
        window = Window(reader.filter("", Scope(scene.log)), start, end)
        found = scan(Store(reader), window, read_rules([rule("r", "a: {EventID: 1}")]))
        return sorted(one.evidence[0].seq for one in found.detections)

    assert seqs(None, None) == [0, 1, 2, 3]
    assert seqs(START + 10**9, None) == [1, 2]
    assert seqs(None, START + 10**9) == [0]
    assert seqs(START + 1, START + 2 * 10**9) == [1]


def _undated() -> Event:
    return Event("x.y", None, action="P 1", attributes='{"Channel": "Security", "EventID": 1}')


def test_it_tells_how_far_it_is_and_stops_when_nobody_waits(index: Index) -> None:
    scene = scene_of(index, 1)
    scene.write()
    reader = Reader(index)
    window = Window(reader.filter("", Scope(scene.log)))
    pack = read_rules([rule("r", "a: {EventID: 1}"), rule("s", "a: {x: y}", source="{product: okta, service: okta}")])
    told: list[tuple[int, int]] = []
    found = scan(Store(reader), window, pack, progress=lambda done, of: told.append((done, of)))
    assert told == [(0, 2), (1, 2)]
    assert (len(found.detections), found.rules) == (1, 2)
    stop = threading.Event()
    stop.set()
    assert scan(Store(reader), window, pack, stop=stop).detections == []
