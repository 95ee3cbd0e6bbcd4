"""Statements about a source: what holds, field by field, and that every payload reads back."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from vestige.ingest.contexts import KeyRule, Reader
from vestige.ingest.reading import correct
from vestige.ingest.source_settings import Change, Offset, SourceSettings, checked, find_values, read_change
from vestige.model.errors import UsageError
from vestige.model.event import Event
from vestige.model.instant import MAX_INSTANT
from vestige.sources import Context, format_named

OFFSET = Offset(300, (), "ntp_log")


def said(*changes: Change) -> SourceSettings:
    settings = SourceSettings()
    for position, change in enumerate(changes, start=1):
        settings = settings.after(change, position * 10)
    return settings


def test_the_latest_statement_holds_field_by_field() -> None:
    settings = said(
        Change({"zone": "UTC", "keys.a": "session"}),
        Change({"year": 2025, "clock_offset": OFFSET}),
        Change({"zone": "+02:00", "keys.b": "custom:order"}, ("year",)),
    )
    assert settings.to_json() == {
        "zone": "+02:00",
        "clock_offset": "+0.0000003s",
        "because": "ntp_log",
        "keys": {"a": "session", "b": "custom:order"},
    }
    assert (settings.since("zone"), settings.since("keys.a"), settings.since("year")) == (30, 10, -1)
    assert said(Change({"keys.a": "ip", "keys.b": "ip"}), Change({}, ("keys",))).keys == {}


def test_payloads_read_back_as_what_was_said() -> None:
    change = Change(
        {"zone": "+02:00", "year": 2025, "date_order": "dmy", "format": "syslog", "keys.größe.id": "hash"}
        | {"clock_offset": Offset(-(2**60), ("01KAP00000000000000000TENA.1",))},
        ("keys.x",),
    )
    assert read_change(orjson.loads(change.payload("owner"))) == change


def test_what_holds_already_is_not_said_again() -> None:
    settings = said(Change({"zone": "UTC", "keys.a": "ip"}))
    assert checked(Change({"zone": "UTC", "keys.a": "ip"}, ("year",)), settings) == Change({}, ())
    assert checked(Change({"keys.a": "hash"}), settings) == Change({"keys.a": "hash"}, ())


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (Change({}), ""),
        (Change({"year": 0}), "year"),
        (Change({"date_order": "ymd"}), "date_order"),
        (Change({"clock_offset": Offset(1)}), "clock_offset"),
        (Change({"clock_offset": Offset(1, ("01KAP00000000000000000TENA",), "both")}), "clock_offset"),
        (Change({"clock_offset": Offset(1, ("nonsense",))}), "evidence"),
        (Change({"clock_offset": Offset(1, ("01KAP00000000000000000TENA",) * 17)}), "evidence"),
        (Change({"clock_offset": Offset(1, (), "Because I say so")}), "because"),
        (Change({"clock_offset": Offset(2**62, (), "code")}), "clock_offset"),
        (Change({"keys.a": "colour"}), "keys"),
        (Change({"keys.a": "ip:label"}), "keys"),
        (Change({"keys.a": "custom:No Label"}), "keys"),
        (Change({"keys.": "ip"}), "keys"),
        (Change({f"keys.{'p' * 401}": "ip"}), "keys"),
        (Change({f"keys.{n}": "ip" for n in range(33)}), "keys"),
        (Change({}, ("colour",)), "unset"),
        (Change({"zone": "UTC"}, ("zone",)), "unset"),
        (Change({"keys.a": "ip"}, ("keys",)), "unset"),
    ],
)
def test_what_cannot_be_said(change: Change, field: str) -> None:
    with pytest.raises(UsageError) as caught:
        checked(change, SourceSettings())
    assert caught.value.field == field


def test_bounds_are_on_both_sides() -> None:
    checked(Change({f"keys.{n}": "ip" for n in range(32)}), SourceSettings())
    checked(Change({f"keys.{'p' * 400}": "ip"}), SourceSettings())
    checked(Change({"clock_offset": Offset(1, ("01KAP00000000000000000TENA",) * 16)}), SourceSettings())


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("a.b", ["named"]),
        ("deep.er", ["1"]),
        ("attributes.deep.er", ["1"]),
        ("many", ["x", "2"]),
        ("flag", []),
        ("deep", []),
        ("long", []),
        ("longest", ["l" * 1024]),
        ("none.of.it", []),
    ],
)
def test_values_at_a_path(path: str, values: list[str]) -> None:
    attributes: dict[str, Any] = {
        "a.b": "named",
        "a": {"b": "nested"},
        "deep": {"er": 1},
        "many": ["x", 2, None, {}, "cut off"],
        "flag": True,
        "long": "l" * 1025,
        "longest": "l" * 1024,
    }
    assert find_values(attributes, path, 4) == values


def test_a_corrected_event_keeps_what_the_source_wrote() -> None:
    form = format_named("json")
    reader = Reader(
        form, Context(0), "json/1", 7, (KeyRule("s", "session"), KeyRule("ip", "ip"), KeyRule("s", "custom", "k"))
    )
    event = Event(
        "auth.login", 5, "t", "exact", observed_at=6, attributes='{"s":"v","ip":"not one"}', keys=(("session", "v"),)
    )
    after = correct(event, reader)
    assert (after.occurred_at, after.observed_at, after.time_text, after.time_quality) == (12, 13, "t", "exact")
    assert after.keys == (("session", "v"), ("custom", "k:v"))
    undated = correct(event._replace(occurred_at=None, observed_at=None), reader)
    assert (undated.occurred_at, undated.observed_at) == (None, None)
    far = correct(event._replace(occurred_at=MAX_INSTANT), reader)
    assert (far.occurred_at, far.time_quality, far.tags) == (None, "missing", ("time:out_of_range",))
