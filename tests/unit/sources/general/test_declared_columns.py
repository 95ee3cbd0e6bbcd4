"""Declared events read by column are those read one by one, or none are."""

from __future__ import annotations

import os
import random
from itertools import islice
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from vestige.demo import json_lines
from vestige.index import Block
from vestige.index.columns import transpose
from vestige.model.event import Event
from vestige.sources import Context
from vestige.sources.general.json_lines import FORMAT

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

CONTEXT = Context(received_at=1_764_000_000_000_000_000)
FULL = {
    "event_type": "acme.invoice_paid", "occurred_at": "2026-04-09T12:00:00.123Z",
    "observed_at": "2026-04-09T12:00:01Z", "action": "Pay", "outcome": "success", "severity": "High",
    "actor": {"id": "alice", "name": "Alice", "type": "user"}, "subject": {"id": "bob"}, "object": {"name": "Invoice"},
    "network": {"src_ip": "203.0.113.9", "dst_ip": "2001:DB8::1", "src_port": 4431, "protocol": "tcp"},
    "device": {"device_id": "d-1", "name": "laptop", "hostname": "web-1"}, "session": "s-1", "trace_id": "t-1",
    "message": "paid \u00e9\U0001f600", "tags": ["a", "", "b"], "commit": "c0ffee", "sha256": "", "session_id": "s-2",
    "own": {"x": [1, 2.5e3, None]},
}  # fmt: skip
SHORT = {"event_type": "auth.login", "occurred_at": "2026-04-09T12:00:00Z"}


def by_column(payloads: Sequence[bytes]) -> pa.RecordBatch | None:
    return FORMAT.read_columns(payloads, CONTEXT)


def rows(parts: Sequence[Any], count: int) -> list[dict[str, object]]:
    """The rows of the index that some parts of events give, without what is empty."""
    block = Block(1, 0, count, "", range(count), [0] * count, ["0" * 26] * count, [0] * count, ["s"] * count,
                  ["p"] * count, parts, [0] * count)  # fmt: skip
    table = transpose(block, 1).table().to_pylist()
    return [{name: value for name, value in row.items() if value not in ("", 0, [], None)} for row in table]


def agree(payloads: Sequence[bytes]) -> bool:
    """Whether the payloads are read by column; what is, must be what is read one by one."""
    batch = by_column(payloads)
    if batch is None:
        return False
    events = FORMAT.parse(payloads, CONTEXT)
    assert all(isinstance(event, Event) for event in events), events
    assert rows([batch], len(payloads)) == rows([events], len(payloads))
    return True


def dump(*records: object) -> list[bytes]:
    return [orjson.dumps(record) for record in records]


def test_what_the_demonstration_makes_is_read_by_column() -> None:
    payloads = [line.rstrip(b"\n") for line in islice(json_lines(7, 2000), 2000)]
    assert agree(payloads)


def test_a_full_and_a_short_event_are_read_by_column() -> None:
    assert agree(dump(FULL, SHORT, FULL))
    assert agree(dump(SHORT))
    batch = by_column(dump(FULL))
    assert batch is not None
    assert batch.to_pylist()[0]["keys"] == [{"kind": "commit", "value": "c0ffee"}, {"kind": "session", "value": "s-2"}]
    assert by_column([]) is None


@pytest.mark.parametrize(
    "text",
    [
        "{}", "[]", "", "null", "1", '{"event_type":"auth.login"}',
        '{"event_type":"","occurred_at":"2026-04-09T12:00:00Z"}',
        '{"event_type":"vestige.audit","occurred_at":"2026-04-09T12:00:00Z"}',
        '{"event_type":"auth.login","occurred_at":"yesterday"}', '{"event_type":"auth.login","occurred_at":1764000000}',
        '{"event_type":"auth.login","occurred_at":"2026-04-09T12:00:00Z","x":NaN}',
        '{"event_type":"auth.login","occurred_at":"2026-04-09T12:00:00Z","x":Infinity}',
        '{"event_type":"auth.login","occurred_at":"2026-04-09T12:00:00Z","x":"\\udc00"}',
        '{"event_type":"auth.login","occurred_at":"2026-04-09T12:00:00Z","x":"\\uD800"}',
        '{"event_type":"auth.login","occurred_at":"2026-04-09T12:00:00Z"}{"event_type":"a"}',
        '{"event_type":"auth.login","occurred_at":"2026-04-09T12:00:00Z","x":' + "[" * 1100 + "]" * 1100 + "}",
        '{"event_type":"auth.login","occurred_at":"2026-04-09T12:00:00Z","token":"secret"}',
        '{"event_type":"auth.login","occurred_at":"2026-04-09T12:00:00Z","keys":{"order":"1"}}',
        '{"event_type":"auth.login","event_type":"auth.logout","occurred_at":"2026-04-09T12:00:00Z"}',
        '{"event_type":"auth.login","occurred_at":"2026-04-09T12:00:00Z","actor":"alice"}',
        '{"event_type":"auth.login","occurred_at":"2026-04-09T12:00:00Z","severity":true}',
        '{"event_type":"auth.login","occurred_at":"2026-04-09T24:00:00Z"}',
        '{"event_type":"auth.login","occurred_at":"2026-02-30T12:00:00Z"}',
        '{"event_type":"auth.login","occurred_at":"1601-01-01T00:00:00Z"}',
        '{"event_type":"auth.login","occurred_at":"2026-04-09T12:00:00Z"',
    ],
)  # fmt: skip
def test_what_must_be_read_by_itself_is_not_read_by_column(text: str) -> None:
    assert agree(dump(SHORT, FULL))
    assert by_column([*dump(SHORT), text.encode(), *dump(FULL)]) is None


def test_no_record_makes_up_for_another() -> None:
    (short,) = dump(SHORT)
    assert by_column([short + b"\n" + short]) is None
    assert by_column([short + short, b"", short]) is None
    assert by_column([short[:-1], b"}"]) is None
    assert by_column([b'{"a":' + short, b"}"]) is None


_WORDS = st.sampled_from(
    ["", "a", "Alice", "success", "high", "203.0.113.9", "1.2.3.4:80", "::1", "\x00\u00e9\U0001f600"]
)
_ODD = st.none() | st.booleans() | st.integers(-1, 70_000) | st.floats(allow_nan=False) | st.lists(_WORDS, max_size=2)
_TIMES = st.sampled_from(
    ["2026-04-09T12:00:00Z", "2026-04-09T12:00:00.5Z", "2026-04-09T12:00:00.123456789Z", "2026-04-09T12:00:00+00:00",
     "2026-04-09T12:00:00+02:00", "2026-04-09 12:00:00", "1969-12-31T23:59:59.999Z", "2262-04-11T00:00:00Z", "x"]
)  # fmt: skip
_TYPES = st.sampled_from(["auth.login", "acme.paid", "record.odd", "", "event.generic"])
_PARTS = st.fixed_dictionaries(
    {},
    optional={
        name: _WORDS | st.integers(0, 65_536)
        for name in (
            "id", "name", "type", "src_ip", "dst_ip", "src_port", "dst_port", "protocol", "device_id", "hostname"
        )
    },
)  # fmt: skip
_VALUES = {
    "action": _WORDS, "outcome": _WORDS, "severity": _WORDS, "message": _WORDS, "trace_id": _WORDS, "session": _WORDS,
    "actor": _PARTS, "subject": _PARTS, "object": _PARTS, "network": _PARTS, "device": _PARTS, "observed_at": _TIMES,
    "tags": st.lists(_WORDS | st.none(), max_size=3), "commit": _WORDS, "sha256": _WORDS, "session_id": _WORDS,
    "extra": _ODD,
}  # fmt: skip


@st.composite
def _records(draw: st.DrawFn) -> dict[str, object]:
    record: dict[str, object] = {"event_type": draw(_TYPES), "occurred_at": draw(_TIMES)}
    for name in draw(st.lists(st.sampled_from(sorted(_VALUES)), unique=True, max_size=6)):
        record[name] = draw(_VALUES[name]) if draw(st.integers(0, 9)) else draw(_ODD)
    return record


@given(records=st.lists(_records(), min_size=1, max_size=4))
@example(records=[FULL, SHORT])
def test_both_roads_read_the_same(records: list[dict[str, object]]) -> None:
    agree(dump(*records))


def test_damaged_records_are_read_the_same_on_both_roads() -> None:
    chance = random.Random(20261126)
    good = [*dump(FULL, SHORT), *(line.rstrip(b"\n") for line in islice(json_lines(3, 50), 50))]
    pieces = [
        b"NaN",
        b"\\ud800",
        b"\\udc00",
        b"\xff",
        b"{",
        b"}",
        b'"',
        b",",
        b":",
        b"\n",
        b" ",
        b"\\",
        b"0",
        b"-",
        b".",
    ]
    read, tries = 0, 2000 * int(os.environ.get("VESTIGE_TEST_FUZZ", "1"))
    for _ in range(tries):
        payloads = chance.choices(good, k=chance.randint(1, 3))
        place = chance.randrange(len(payloads))
        text = payloads[place]
        at = chance.randrange(len(text))
        payloads[place] = text[:at] + chance.choice(pieces) + text[at + chance.randint(0, 2) :]
        read += agree(payloads)
    assert 0 < read < tries
