from __future__ import annotations

import io
import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestige.model.event import Event, Skipped, Unparsed
from vestige.model.instant import parse_rfc3339
from vestige.sources import Context, Sample
from vestige.sources.general.json_lines import FORMAT

WHEN = "2026-04-09T12:00:00.123Z"
FULL = {
    "event_type": "acme.invoice_paid", "occurred_at": WHEN, "observed_at": "2026-04-09T12:00:01Z",
    "action": "Pay", "outcome": "success", "severity": "High",
    "actor": {"id": "alice", "name": "Alice", "type": "user"},
    "subject": {"id": "bob", "name": "Bob", "type": "user"},
    "object": {"id": "inv-1", "name": "Invoice 1", "type": "invoice"},
    "network": {"src_ip": "203.0.113.010", "dst_ip": "2001:DB8::1", "src_port": 4431, "dst_port": "443",
                "protocol": "tcp"},
    "device": {"device_id": "d-1", "device_name": "laptop", "device_type": "pc", "hostname": "web-1"},
    "session": "s-1", "trace_id": "t-1", "message": "paid", "tags": ["a", "b"],
    "keys": {"commit": "c0ffee", "order": ["o-1", "o-2"]}, "access_token": "secret", "own": {"x": 1},
}  # fmt: skip


def read(value: object, context: Context | None = None) -> Any:
    payload = value if isinstance(value, bytes) else json.dumps(value).encode()
    (reading,) = FORMAT.parse([payload], context or Context(received_at=0))
    return reading


def test_a_declared_event_maps_field_by_field() -> None:
    text = json.dumps(FULL)
    assert read(FULL) == Event(
        event_type="acme.invoice_paid",
        occurred_at=parse_rfc3339(WHEN)[0],
        time_text=WHEN,
        time_quality="exact",
        observed_at=parse_rfc3339("2026-04-09T12:00:01Z")[0],
        action="Pay",
        outcome="success",
        severity=3,
        actor_id="alice", actor_name="Alice", actor_type="user",
        subject_id="bob", subject_name="Bob", subject_type="user",
        object_id="inv-1", object_name="Invoice 1", object_type="invoice",
        src_ip="", dst_ip="2001:db8::1", src_port=4431, dst_port=443, protocol="tcp",
        device_id="d-1", device_name="laptop", device_type="pc", host="web-1",
        session="s-1", trace_id="t-1", message="paid", tags=("a", "b"),
        attributes=text,
        keys=(("token", "secret"), ("commit", "c0ffee"), ("custom", "o-1"), ("custom", "o-2")),
    )  # fmt: skip


def test_a_declared_event_may_be_short_and_its_parts_plain() -> None:
    event = read(
        {"event_type": "auth.login", "occurred_at": WHEN, "actor": "alice", "session": {"id": 7}, "device": "d"}
    )
    assert (event.actor_id, event.session, event.device_id, event.keys) == ("alice", "7", "d", ())
    assert read({"event_type": "auth.login", "actor": {"id": 5, "name": None, "type": ["x"]}})[8:11] == ("5", "", "")
    assert read({"event_type": "auth.login", "actor": {"id": "a"}}).time_quality == "missing"
    assert read({"event_type": "auth.login", "timestamp": WHEN}).time_text == WHEN


@pytest.mark.parametrize(
    ("when", "quality", "tag"),
    [
        ("1601-01-01T00:00:00Z", "missing", "time:out_of_range"),
        ("9999-12-31T23:59:59Z", "missing", "time:out_of_range"),
        ("03/04/2026 10:00", "missing", "time:ambiguous_date"),
        ("not yet", "missing", "time:unreadable"),
        ("2026-04-09T12:00:00", "assumed_zone", ""),
        ("2199-01-01T00:00:00Z", "exact", ""),
        (None, "missing", ""),
    ],
)
def test_a_time_is_read_or_kept_as_text_with_the_reason(when: Any, quality: str, tag: str) -> None:
    for record in ({"event_type": "a.b", "occurred_at": when, "tags": ["t"]}, {"timestamp": when, "tags": ["t"]}):
        event = read(record)
        assert (event.time_quality, event.time_text) == (quality, when or "")
        assert event.tags == (("t", tag) if tag else ("t",))
        assert (event.occurred_at is None) == (quality == "missing")


def test_an_object_of_another_shape_is_read_by_names() -> None:
    event = read(
        {
            "@timestamp": "2026-04-09T12:00:00Z",
            "log": {"level": "error"},
            "message": "boom",
            "user": {"name": "bob", "id": "u1"},
            "source": {"ip": "10.0.0.1", "port": 55},
            "host": {"name": "web-1"},
            "trace": {"id": "t"},
            "event": {"action": "pay", "outcome": "failure"},
            "sha256": "ab",
        }
    )
    assert (event.event_type, event.severity, event.message) == ("service.error", 3, "boom")
    assert (event.actor_id, event.actor_name, event.src_ip, event.src_port) == ("u1", "bob", "10.0.0.1", 55)
    assert (event.host, event.trace_id, event.action, event.outcome) == ("web-1", "t", "pay", "failure")
    assert event.keys == (("hash", "ab"),)


@pytest.mark.parametrize(
    ("record", "kind"),
    [
        ({"type": "data.export", "user": "a"}, "data.export"),
        ({"level": "info", "msg": "started"}, "log.line"),
        ({"level": "fatal", "msg": "died"}, "service.error"),
        ({"method": "GET", "status": 200, "path": "/"}, "service.request"),
        ({"type": "something.else", "msg": "x"}, "event.generic"),
        ({"a": 1}, "event.generic"),
    ],
)
def test_a_type_is_taken_from_the_vocabulary_or_not_at_all(record: dict[str, Any], kind: str) -> None:
    assert read(record).event_type == kind


@pytest.mark.parametrize(
    ("published", "actor", "ip"),
    [
        (
            {
                "published": WHEN,
                "actor": {"alternateId": "homer@x", "displayName": "H"},
                "client": {"ipAddress": "1.1.1.1"},
            },
            "homer@x",
            "1.1.1.1",
        ),
        ({"created_at": 1775736000123, "actor": "cat", "actor_ip": "1.1.1.1"}, "cat", "1.1.1.1"),
        ({"time": WHEN, "callerIpAddress": "1.1.1.1", "identity": "x", "userPrincipalName": "u@x"}, "u@x", "1.1.1.1"),
        ({"ts": 1775736000.123, "id.orig_h": "1.1.1.1", "user": "z"}, "z", "1.1.1.1"),
    ],
)
def test_known_clouds_and_tools_are_understood(published: Any, actor: str, ip: str) -> None:
    event = read(published)
    assert (event.occurred_at, event.actor_id, event.src_ip) == (parse_rfc3339(WHEN)[0], actor, ip)


def test_attributes_are_the_original_text_even_with_a_key_twice() -> None:
    payload = b' {"a": 1,  "a": "\\u00e9", "time": "2026-01-01T00:00:00Z"}\r'
    assert read(payload).attributes == payload.decode().strip()


def test_bytes_that_are_no_utf8_are_replaced_for_views_and_said_so() -> None:
    event = read(b'{"msg": "gr\xfcn", "level": "info"}')
    assert (event.message, event.tags) == ("gr\ufffdn", ("encoding:replaced",))
    assert orjson.loads(event.attributes)["msg"] == "gr\ufffdn"
    halves = read(rb'{"msg": "a \ud83d b \ude00 c \ud83d\ude00 d \\ud83d", "level": "info"}')
    assert halves.message == "a \ufffd b \ufffd c 😀 d \\ud83d"


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b'{"a": ', "Skipped"),
        (b'{"a": 1', "not JSON"),
        (b"plain words", "not JSON"),
        (b'{"a": "nul \0 inside"}', "not JSON"),
        (b'{"a": NaN}', "not JSON"),
        (b"[1]", "a JSON array"),
        (b"5", "a JSON number"),
        (b'"x"', "a JSON string"),
        (b"null", "a JSON literal"),
        (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "not JSON"),
        (b'{"gr\xfc": "torn', "not JSON"),
        (b"", "Skipped"),
        (b" \r", "Skipped"),
        (b',"next":"t"}', "Skipped"),
    ],
)
def test_what_is_no_object_is_unparsed_or_skipped_with_the_reason(payload: bytes, reason: str) -> None:
    reading = read(payload)
    if reason == "Skipped":
        assert isinstance(reading, Skipped)
    else:
        assert isinstance(reading, Unparsed)
        assert reason in reading.reason


def test_a_value_of_too_many_parts_is_kept_but_not_taken_apart() -> None:
    payload = b'{"a":[' + b"0," * 8_500_000 + b"0]}"
    assert "not taken apart" in read(payload).reason
    assert isinstance(read(b'{"a":"' + b"x" * 17_000_000 + b'"}'), Event)


@pytest.mark.parametrize(
    "body",
    [
        json.dumps(FULL),
        json.dumps(FULL, indent=2),
        json.dumps([FULL]),
        json.dumps({"events": [FULL]}),
        json.dumps(FULL) + "\n",
    ],
)
def test_without_a_context_the_layout_is_told_by_the_beginning(body: str) -> None:
    records = [record for batch in FORMAT.split(io.BytesIO(body.encode())) for record in batch]
    assert [orjson.loads(record.payload) for record in records] == [FULL]
    assert body.encode()[records[0].offset :].startswith(records[0].payload)


NESTED = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@given(
    record=st.dictionaries(
        st.sampled_from([*FULL, "timestamp", "user", "level", "source.ip", "status"]), NESTED, max_size=9
    )
)
def test_fields_of_any_value_give_an_event_of_the_models_types(record: dict[str, Any]) -> None:
    event = read(record)
    for name, value in zip(Event._fields, event, strict=True):
        if name in {"occurred_at", "observed_at"}:
            assert value is None or isinstance(value, int)
        elif name in {"severity", "src_port", "dst_port"}:
            assert isinstance(value, int)
        elif name in {"tags", "keys"}:
            assert isinstance(value, tuple)
        else:
            assert isinstance(value, str), name
    assert json.loads(event.attributes) == json.loads(json.dumps(record))


def test_a_fraction_too_long_for_a_float_keeps_its_digits(context: Context) -> None:
    (event,) = FORMAT.parse([b'{"msg":"m","time":1764086400.123456789}'], context)
    assert isinstance(event, Event)
    assert (event.occurred_at, event.time_text) == (1_764_086_400_123_456_789, "1764086400.123456789")
    (short,) = FORMAT.parse([b'{"msg":"m","time":1764086400.25}'], context)
    assert isinstance(short, Event)
    assert (short.occurred_at, short.time_text) == (1_764_086_400_250_000_000, "1764086400.25")


def test_a_declared_type_of_our_own_is_taken_from_no_file() -> None:
    for kind in ("vestige.audit", "record.skipped", "vestige"):
        event = read({"event_type": kind, "occurred_at": WHEN, "message": "m"})
        assert (event.event_type, event.message) == ("event.generic", "m")
        assert json.loads(event.attributes)["event_type"] == kind


def test_a_declared_stream_keeps_its_types_and_knows_one_time() -> None:
    context = Context(received_at=0, extra=(("declared", "yes"),))
    event = read({"event_type": "z.z", "received_at": WHEN, "timestamp": WHEN, "odd": 1}, context)
    assert (event.event_type, event.occurred_at, event.time_quality) == ("z.z", None, "missing")
    assert read({"event_type": "z.z", "occurred_at": WHEN}, context).occurred_at == parse_rfc3339(WHEN)[0]
    in_a_file = read({"event_type": "auth.login", "received_at": WHEN})
    assert (in_a_file.event_type, in_a_file.occurred_at) == ("auth.login", None)


@pytest.mark.parametrize("number", ["9" * 400, "-" + "9" * 5000, "1e400", "-1E+999", str(2**64)])
def test_numbers_larger_than_any_of_ours_are_json(number: str) -> None:
    event = read(b'{"time":"%s","n":%s}' % (WHEN.encode(), number.encode()))
    assert event.occurred_at == parse_rfc3339(WHEN)[0]
    assert str(orjson.loads(event.attributes)["n"]) in {number, str(float(number)) if len(number) < 30 else ""}


def test_what_is_no_number_is_not_read_and_said_so() -> None:
    for word in ("NaN", "Infinity", "-Infinity"):
        assert read(b'{"time":"%s","n":%s}' % (WHEN.encode(), word.encode())) == Unparsed(
            f"not JSON: {word} is no JSON number"
        )


def test_odd_numbers_at_the_beginning_do_not_hide_the_format() -> None:
    lines = [b'{"time":"%s","n":%s}' % (WHEN.encode(), n) for n in (b"NaN", b"1e400", b"9" * 400, b"Infinity", b"1")]
    detection = FORMAT.detect(Sample("x", b"\n".join(lines) + b"\n", complete=True))
    assert detection is not None
    assert detection.confidence >= 0.5
    assert FORMAT.detect(Sample("x", b'{"a":1}\n{no\n{"b"\n{x}\n', complete=True)) is None


def test_the_text_of_a_time_is_as_it_is_written() -> None:
    for written in ("1e+30", "1.5e300", "1" + "0" * 30, "1.7115448161e18"):
        event = read(b'{"timestamp": %s, "a": 1}' % written.encode())
        assert (event.occurred_at, event.time_text, event.tags) == (None, written, ("time:unreadable",))


@pytest.mark.parametrize(
    ("text", "repeated"),
    [
        ('{"type":"a.b","time":"2026-01-01T00:00:00Z","type":"c.d"}', True),
        ('{"a":1,"b":{"c":1,"c":2}}', True),
        ('{"a" : 1, "a" : 2}', True),
        ('{"a" : 1, "b" : 2}', False),
        ('{"a":1,"b":[{"c":1},{"c":2},[{"a":1}]]}', False),
        ('{"a":"\\":\\":","b":1}', False),
        ('{"a\\\\":1,"b":{"a":1}}', False),
        ('{"a\\\\":1,"b":1,"b":2}', True),
        ('{"a":1,"a":2,"b" :3}', True),
        ('{"a":1,"a":2,"b"\\n:3}'.replace("\\n", "\n"), True),
    ],
)
def test_a_name_that_comes_twice_is_said_to(text: str, repeated: bool) -> None:
    assert ("json:duplicate_keys" in read(text.encode()).tags) == repeated
