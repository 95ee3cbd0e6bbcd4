from __future__ import annotations

import pytest

from vestige.model.instant import parse_rfc3339
from vestige.sources import Context
from vestige.sources.cloud.audit import (
    dig,
    first,
    first_ip,
    first_time,
    in_utc,
    items,
    named_values,
    opened,
    paths,
    sentence,
)
from vestige.sources.reading.timefield import clock_for

CLOCK = clock_for(Context(received_at=0))


def test_a_path_leads_through_objects_lists_and_json_text_in_either_case() -> None:
    record = {"a": [{"b": '{"c": 7}'}], "userid": "u", "x.y": {"z": 1}, "e": None, "E": 2}
    assert dig(record, ("a", "b", "c")) == 7
    assert dig(record, ("userId",)) == "u"
    assert dig(record, ("x.y", "z")) == 1
    assert first(record, paths("nothing a.b.c")) == "7"
    assert first(record, paths("x|y.z")) == "1"
    for path in (("a", "c"), ("userId", "q"), ("e",), ("a", "b", "c", "d")):
        assert dig(record, path) is None


def test_the_first_path_that_holds_something_wins() -> None:
    record = {"a": "", "b": "null", "c": {}, "d": [], "e": ["x", "y"], "ip": "private", "ip2": "192.0.2.7:80"}
    assert first(record, paths("a b c d e")) == "x"
    assert first(record, paths("a b c")) == ""
    assert first_ip(record, paths("ip ip2")) == "192.0.2.7"


def test_times_read_and_unread() -> None:
    record = {"a": "soon", "b": "2026-01-02T03:04:05Z", "c": "2026-01-02 03:04:05 (UTC)"}
    assert first_time(record, paths("a b"), CLOCK).at == parse_rfc3339("2026-01-02T03:04:05Z")[0]
    stamp = first_time(record, paths("c"), CLOCK)
    assert (stamp.at, stamp.text, stamp.quality) == (parse_rfc3339("2026-01-02T03:04:05Z")[0], record["c"], "exact")
    assert first_time(record, paths("a"), CLOCK)[:2] == (None, "soon")
    assert in_utc("2026-01-02T03:04:05", CLOCK).quality == "exact"
    assert in_utc("never", CLOCK).at is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (
            [{"name": "a", "value": 1}, {"Name": "b", "Value": 2}, {"name": "c", "multiValue": [3]}],
            {"a": 1, "b": 2, "c": [3]},
        ),
        ('[{"name": "a", "value": 1}]', {"a": 1}),
        ({"a": 1}, {"a": 1}),
        ([7, None, {"name": 1}], {}),
        ("text", {}),
        (None, {}),
    ],
)
def test_lists_of_named_values(value: object, expected: dict[str, object]) -> None:
    assert named_values(value) == expected


def test_json_text_that_is_none_opens_to_nothing() -> None:
    for value in ("{torn", "[7]", "[]", "text", None, 7, [], [7]):
        assert opened(value) == {}
    assert items("[1, 2]") == [1, 2]
    assert items("[torn") == []
    assert items("{" + "x" * 2_000_000) == []


def test_a_sentence_has_only_the_parts_there_are() -> None:
    assert sentence("did", "ann", "it", "192.0.2.7", "no") == "did by ann on it from 192.0.2.7: no"
    assert sentence("did", "ann", "ann") == "did by ann"
    assert sentence("did") == "did"
