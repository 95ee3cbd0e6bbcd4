"""Single records recognised by their content: as the member they might stand in would be, whatever came before them."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import orjson
import pytest

from support.samples import SAMPLES
from vestige.model.event import Event, Skipped, Unparsed
from vestige.sources import Context, Sample, batches, detect, format_named, formats, recognise
from vestige.sources.contract import Detection
from vestige.sources.reading.kinds import LineRecords
from vestige.sources.recognise import ANY, MOST_NAMES, form_of_object, form_of_text
from vestige.sources.telemetry import carried
from vestige.sources.telemetry.carried import SURE

if TYPE_CHECKING:
    from collections.abc import Iterator

ECS = {"@timestamp": "2026-11-01T00:00:00Z", "ecs": {"version": "8.11"}, "event": {"category": ["authentication"]}}
PLAIN = {"@timestamp": "2026-11-01T00:00:00Z", "message": "x", "level": "info"}


@pytest.fixture(autouse=True)
def nothing_remembered() -> None:
    recognise._known.clear()


def objects() -> Iterator[bytes]:
    """Every record that is a JSON object, of the samples of all formats of objects."""
    for name, members in SAMPLES.items():
        form = formats()[name]
        if form.media_type != "application/json" or form.rendered:
            continue
        for member in members:
            found = form.detect(Sample("", member, complete=True))
            context = Context(received_at=0) if found is None else found.apply(Context(received_at=0))
            for records, _ in batches(form, io.BytesIO(member), context):
                yield from (record.payload for record in records)


def is_object(payload: bytes) -> bool:
    try:
        return isinstance(orjson.loads(payload), dict)
    except orjson.JSONDecodeError:
        return False


def alone(payload: bytes) -> str:
    """What a file of nothing but this object is, among the formats of objects."""
    choice = detect(Sample("", payload, complete=True), recognise._object_forms())
    return choice.format.name if choice.format is not None else ANY


def changed(value: object) -> object:
    """Another value of the same kind."""
    if isinstance(value, dict):
        return {name: changed(one) if place == 0 else one for place, (name, one) in enumerate(value.items())}
    if isinstance(value, bool):
        return not value
    return value + 1 if isinstance(value, int) else "deploy" if isinstance(value, str) else value


def siblings(record: dict[str, object]) -> Iterator[dict[str, object]]:
    """Objects of the same names, and the same kinds of values, each with one value changed."""
    for name, value in record.items():
        yield record | {name: changed(value)}


def test_an_object_is_what_a_file_of_it_would_be_whatever_came_before() -> None:
    every = [payload for payload in objects() if is_object(payload)]
    assert len(every) > 100
    names = {payload: alone(payload) for payload in every}
    for payload, name in names.items():
        choice = detect(Sample("", payload, complete=True))
        assert name == (choice.format.name if choice.format is not None else ANY)
    for payload in (*every, *every[::-1]):
        assert form_of_object(payload, orjson.loads(payload)) == names[payload]
    unlike = 0
    for payload in every:
        for sibling in siblings(orjson.loads(payload)):
            recognise._known.clear()
            written = orjson.dumps(sibling)
            first = form_of_object(written, sibling)
            assert first == alone(written)
            assert form_of_object(payload, orjson.loads(payload)) == names[payload]
            unlike += first != names[payload]
    assert unlike > 10


def test_what_one_sender_sends_changes_nothing_for_another() -> None:
    (payload, *_) = (payload for payload in objects() if alone(payload) == "github_audit" and is_object(payload))
    record = orjson.loads(payload)
    other = record | {"action": "deploy"}
    assert form_of_object(orjson.dumps(other), other) == ANY
    assert form_of_object(payload, record) == "github_audit"
    assert form_of_object(orjson.dumps(other), other) == ANY


def test_a_format_of_others_is_asked_by_its_own_detection(monkeypatch: pytest.MonkeyPatch) -> None:
    class Strange:
        name, version, media_type, source_name, rendered = "strange", "1", "application/json", None, False

        def detect(self, sample: Sample) -> Detection | None:
            return Detection(0.99, "strange") if b"strange" in sample.head else None

    monkeypatch.setattr(recognise, "_strangers", lambda: (Strange(),))
    assert form_of_object(orjson.dumps(PLAIN), PLAIN) == ANY
    strange = PLAIN | {"message": "strange"}
    assert form_of_object(orjson.dumps(strange), strange) == "strange"


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recognise, "REMEMBERED", 10)
    for number in range(100):
        plain = PLAIN | {f"f{number}" * 1000: 1}
        for _ in range(2):
            assert form_of_object(orjson.dumps(plain), plain) == ANY
        assert 0 < len(recognise._known) <= 10
        assert all(len(names) == 16 for names in recognise._known)


@pytest.mark.parametrize(("more", "remembered"), [(0, 1), (1, 0)])
def test_of_an_object_of_very_many_names_nothing_is_remembered(more: int, remembered: int) -> None:
    ecs = ECS | {f"f{number}": 1 for number in range(MOST_NAMES - len(ECS) + more)}
    assert form_of_object(orjson.dumps(ecs), ecs) == "ecs"
    assert len(recognise._known) == remembered


ACCESS = b'203.0.113.9 - - [22/Nov/2026:16:00:00 +0000] "GET /x HTTP/1.1" 200 12 "-" "curl/8"\n'
AUDIT = (
    "node=a type=USER_LOGIN msg=audit(1364481363.243:24287): pid=1 uid=0 auid=0 ses=1 msg='op=login "
    'acct="root" exe="/usr/sbin/sshd" hostname=? addr=203.0.113.9 terminal=ssh res=failed\''
)


@pytest.mark.parametrize(
    ("text", "sourcetype", "name"),
    [
        (ACCESS, "", "web_access"),
        (b"type=USER_LOGIN msg=audit(1364481363.243:24287): pid=1 res=failed\n", "linux_audit", "auditd"),
        (b'{"Records":[]}', "", None),
        (b"any words at all\n", "", None),
        (b"any words at all\n", "access_combined", None),
        (b"a,b,c\n1,2,3\n4,5,6\n", "", None),
        (b"Nov 22 16:00:00 host sshd[1]: Failed password for root from 203.0.113.9 port 22 ssh2\n", "", "syslog"),
        (b"\x00\x01\x02", "", None),
        (b"", "", None),
    ],
)  # fmt: skip
def test_text_is_what_a_format_is_sure_of(text: bytes, sourcetype: str, name: str | None) -> None:
    found = form_of_text(text, sourcetype)
    assert (None if found is None else found.form.name) == name


@pytest.mark.parametrize(
    ("said", "sourcetype", "event_type", "src_ip"),
    [
        (ACCESS.decode(), "", "service.request", "203.0.113.9"),
        (AUDIT, "",
         "auth.login_failed", "203.0.113.9"),
        ("Nov 22 16:00:00 host sshd[1]: Failed password for root from 203.0.113.9 port 22 ssh2", "linux_secure",
         "auth.login_failed", "203.0.113.9"),
        ("any words at all", "access_combined", "log.line", ""),
        ("", "access_combined", "log.line", ""),
    ],
)  # fmt: skip
def test_what_a_collectors_event_says_is_read_by_the_format_that_knows_it(
    said: str, sourcetype: str, event_type: str, src_ip: str
) -> None:
    payload = orjson.dumps({"event": said, "sourcetype": sourcetype, "time": 1_764_000_000})
    (event,) = format_named("splunk_hec").parse([payload], Context(received_at=0))
    assert (event.event_type, event.src_ip) == (event_type, src_ip)  # type: ignore[union-attr]


def texts() -> Iterator[tuple[str, str]]:
    """Of the samples of each format of lines or blocks that is asked, its name and its records."""
    for name, members in SAMPLES.items():
        form = formats()[name]
        if isinstance(form, LineRecords) and form.confidence >= SURE:
            for member in members:
                for records, _ in batches(form, io.BytesIO(member), Context(received_at=0)):
                    yield from ((name, record.payload.decode()) for record in records)


def test_a_collectors_event_of_every_format_of_lines_is_read_as_that_formats() -> None:
    read: dict[str, int] = {}
    for name, said in texts():
        form = formats()[name]
        (own,) = form.parse([said.encode()], Context(received_at=0))
        if isinstance(own, Unparsed | Skipped):
            continue
        wanted = [event.event_type for event in ([own] if isinstance(own, Event) else own)]
        (found,) = format_named("splunk_hec").parse([orjson.dumps({"event": said, "time": 1})], Context(received_at=0))
        assert not isinstance(found, Unparsed | Skipped)
        assert [event.event_type for event in ([found] if isinstance(found, Event) else found)] == wanted, (name, said)
        read[name] = read.get(name, 0) + 1
    asked = {form.name for form in formats().values() if isinstance(form, LineRecords) and form.confidence >= SURE}
    assert set(read) == asked


def test_no_format_of_lines_claims_any_words() -> None:
    for text in ("any words at all", "", "PowerShell", ">>>  [", "**********************"):
        assert [form.name for form in formats().values() if isinstance(form, LineRecords) and form.mine(text)] == []


def test_a_format_that_claims_a_line_and_cannot_read_it_leaves_it_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    def reads(reading: Unparsed | Event) -> LineRecords:
        return LineRecords(
            name="x", version="1", source_name=None, mine=lambda _: True, seen="x", read=lambda _, __: reading
        )

    forms = {"x": reads(Unparsed("no")), "y": reads(Event("service.status", message="y"))}
    monkeypatch.setattr(carried, "_texts", lambda: forms)
    for sourcetype in ("", "x"):
        payload = orjson.dumps({"event": "any words at all", "sourcetype": sourcetype})
        (event,) = format_named("splunk_hec").parse([payload], Context(received_at=0))
        assert isinstance(event, Event)
        assert event.event_type == "service.status"
