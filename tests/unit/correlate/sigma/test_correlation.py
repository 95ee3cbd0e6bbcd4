"""Correlations on events placed by hand: what is found, and what just falls short of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from support.detecting import Scene
from support.engine import START, opened
from vestige.correlate.sigma import RuleFile
from vestige.model.event import Event

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vestige.correlate.sigma import Found
    from vestige.index import Index

SECOND = 10**9
BASES = """title: failed
name: failed
logsource: {product: okta, service: okta}
detection: {selection: {type: failed}, condition: selection}
---
title: passed
name: passed
logsource: {product: okta, service: okta}
detection: {selection: {type: passed}, condition: selection}
---
title: export
name: export
logsource: {product: okta, service: okta}
detection: {selection: {type: export}, condition: selection}
"""


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    with opened(tmp_path_factory.mktemp("correlation")) as index:
        yield index


def scan(index: Index, correlation: str, events: list[tuple[float | None, dict[str, Any]]], name: str = "it") -> Found:
    """What a correlation finds in events given by their second and fields."""
    scene = Scene(index)
    made = [
        Event("auth.login", None if at is None else START + round(at * SECOND), attributes=json.dumps(fields))
        for at, fields in events
    ]
    scene.add("x", "okta/1", made)
    text = f"{BASES}---\ntitle: {name}\nname: {name}\nlevel: high\ncorrelation: {{{correlation}}}\n"
    return scene.scan([RuleFile("pack.yml", text)])


def found(index: Index, correlation: str, events: list[tuple[float | None, dict[str, Any]]]) -> list[list[int]]:
    """The places of each finding's evidence."""
    answer = scan(index, correlation, events)
    assert not answer.refused, answer.refused
    assert all(list(one.evidence) == sorted(one.evidence) for one in answer.detections)
    return [sorted(spot.seq for spot in one.evidence) for one in answer.detections if one.detector.name == "it"]


def failed(at: float | None, user: str | None = "ann", **more: object) -> tuple[float | None, dict[str, Any]]:
    return at, {"type": "failed", **({} if user is None else {"user": user}), **more}


def passed(at: float, user: str = "ann") -> tuple[float, dict[str, Any]]:
    return at, {"type": "passed", "user": user}


def export(at: float, user: str = "ann") -> tuple[float, dict[str, Any]]:
    return at, {"type": "export", "user": user}


COUNT = "type: event_count, rules: [failed], group-by: [user], timespan: 10s, condition: {gte: 3}"


def test_so_many_events_of_one_group_within_the_span(index: Index) -> None:
    assert found(index, COUNT, [failed(0), failed(5), failed(10)]) == [[0, 1, 2]]
    assert found(index, COUNT, [failed(0), failed(5), failed(10.000000001)]) == []
    assert found(index, COUNT, [failed(0), failed(5), failed(6, "bob")]) == []
    assert found(index, COUNT, [failed(0), failed(1), failed(2, None), passed(3)]) == []
    assert found(index, COUNT, [failed(None), failed(None), failed(None)]) == []
    late = [failed(0), failed(9), failed(11), failed(12)]
    assert found(index, COUNT, late) == [[1, 2, 3]]


def test_what_is_found_does_not_change_when_more_of_the_same_follows(index: Index) -> None:
    burst = [failed(n / 10) for n in range(50)]
    assert found(index, COUNT, burst) == [[0, 1, 2]]
    assert found(index, COUNT, [*burst, failed(11), failed(12), failed(13)]) == [[0, 1, 2], [50, 51, 52]]


def test_many_values_are_counted_once_each(index: Index) -> None:
    rule = "type: value_count, rules: [failed], group-by: [ip], timespan: 10s, condition: {field: user, gt: 2}"
    spray = [failed(n, f"u{n % 4}", ip="1.2.3.4") for n in range(4)]
    assert found(index, rule, [*spray[:2], spray[0], spray[2]]) == [[0, 1, 2, 3]]
    assert found(index, rule, [spray[0], spray[1], spray[0], failed(3, None, ip="1.2.3.4")]) == []


def test_rules_together_in_any_order(index: Index) -> None:
    rule = "type: temporal, rules: [failed, passed, export], group-by: [user], timespan: 10s"
    assert found(index, rule, [export(0), passed(4), failed(10)]) == [[0, 1, 2]]
    assert found(index, rule, [export(0), passed(4), failed(11)]) == []
    assert found(index, rule, [export(0), passed(4), export(5), failed(11)]) == [[1, 2, 3]]
    assert found(index, rule, [export(0), passed(4), failed(5, "bob")]) == []
    two = rule + ", condition: {gte: 2}"
    assert found(index, two, [export(0), failed(4), passed(20)]) == [[0, 1]]


def test_rules_in_their_order_only(index: Index) -> None:
    rule = "type: temporal_ordered, rules: [failed, passed, export], group-by: [user], timespan: 10s"
    assert found(index, rule, [failed(0), passed(4), export(10)]) == [[0, 1, 2]]
    assert found(index, rule, [passed(0), failed(4), export(10)]) == []
    assert found(index, rule, [failed(0), passed(4), export(10.5)]) == []
    # An earlier beginning is out of the span, a later one is not.
    assert found(index, rule, [failed(0), failed(3), passed(4), export(12)]) == [[1, 2, 3]]
    # A step cannot be two.
    twice = "type: temporal_ordered, rules: [failed, failed], group-by: [user], timespan: 10s"
    assert found(index, twice, [failed(0)]) == []


def test_too_few_is_judged_when_the_window_is_over(index: Index) -> None:
    rule = "type: event_count, rules: [failed], group-by: [user], timespan: 10s, condition: {lt: 3}"
    assert found(index, rule, [failed(0), failed(1)]) == []
    assert found(index, rule, [failed(0), failed(1), failed(30, "bob")]) == [[0, 1]]
    assert found(index, rule, [failed(0), failed(1), failed(2), failed(30, "bob")]) == []


def test_a_field_goes_by_another_name_in_each_rule(index: Index) -> None:
    rule = (
        "type: temporal, rules: [failed, other], group-by: [who], timespan: 10s, "
        "aliases: {who: {failed: user, other: account}}"
    )
    base = (
        "title: other\nname: other\nlogsource: {product: okta, service: okta}\n"
        "detection: {selection: {type: other}, condition: selection}\n"
    )
    scene = Scene(index)
    events: list[tuple[int, dict[str, str]]] = [
        (0, {"type": "failed", "user": "ann"}),
        (1, {"type": "other", "account": "bob"}),
        (2, {"type": "other", "account": "ann"}),
    ]
    scene.add("x", "okta/1", [Event("x.y", START + at * SECOND, attributes=json.dumps(one)) for at, one in events])
    text = f"{BASES}---\n{base}---\ntitle: it\nname: it\ncorrelation: {{{rule}}}\n"
    (one,) = scene.scan([RuleFile("pack.yml", text)]).detections
    assert [spot.seq for spot in one.evidence] == [0, 2]
    assert [key.value for key in one.keys] == ["who=ann"]


def test_a_correlation_of_correlations_and_base_rules_that_are_findings_too(index: Index) -> None:
    outer = (
        "title: outer\nname: outer\ncorrelation: "
        "{type: temporal_ordered, rules: [it, passed], group-by: [user], timespan: 1m, generate: true}\n"
    )
    scene = Scene(index)
    events = [failed(0), failed(1), failed(2), passed(30), passed(31, "bob")]
    made = [Event("x.y", START + round((at or 0) * SECOND), attributes=json.dumps(fields)) for at, fields in events]
    scene.add("x", "okta/1", made)
    text = f"{BASES}---\ntitle: it\nname: it\ncorrelation: {{{COUNT}}}\n---\n{outer}"
    answer = scene.scan([RuleFile("pack.yml", text)])
    told = sorted((one.detector.name, [spot.seq for spot in one.evidence]) for one in answer.detections)
    # `failed` serves only the correlation within; `passed` and `it` are wanted as findings of their own.
    assert told == [("it", [0, 1, 2]), ("outer", [0, 1, 2, 3]), ("passed", [3]), ("passed", [4])]


@pytest.mark.parametrize(
    ("correlation", "said"),
    [
        ("type: value_sum, rules: [failed], timespan: 1m, condition: {field: n, gte: 3}", "value_sum"),
        ("type: temporal, rules: [failed, passed], timespan: 1m, condition: failed and passed", "expression"),
        ("type: event_count, rules: [nobody], timespan: 1m, condition: {gte: 3}", "nobody"),
        ("type: event_count, rules: [failed], timespan: 2y, condition: {gte: 3}", "timespan"),
        ("type: event_count, rules: [failed], timespan: 1x, condition: {gte: 3}", "1x"),
        ("type: value_count, rules: [failed], timespan: 1m, condition: {gte: 3}", "field"),
    ],
)
def test_what_cannot_be_evaluated_is_refused_with_its_reason(index: Index, correlation: str, said: str) -> None:
    answer = scan(index, correlation, [failed(0), failed(1), failed(2)])
    (refused,) = answer.refused
    assert said in refused.reason
    assert "it" not in {one.detector.name for one in answer.detections}
