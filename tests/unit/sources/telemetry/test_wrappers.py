"""CloudEvents and Splunk's collector: what they carry, and what they know of it."""

from __future__ import annotations

import io
import json

import orjson
import pytest

from support.samples import SAMPLES
from vestige.model.event import Event, Skipped, Unparsed
from vestige.model.nesting import DEEPEST, TOO_DEEP
from vestige.sources import Context, Sample, Turn, detect, formats
from vestige.sources.telemetry.cloudevents import FORMAT as CLOUDEVENTS
from vestige.sources.telemetry.cloudevents import kind_of
from vestige.sources.telemetry.splunk_hec import FORMAT as HEC

CONTEXT = Context(received_at=1_767_312_000_000_000_000)
AT = 1_767_225_600_000_000_001
SSHD = "Jan  1 00:00:00 web-1 sshd[7]: Failed password for root from 192.0.2.7 port 22 ssh2"
CLOUDTRAIL = {
    "eventVersion": "1.08", "eventName": "CreateUser", "eventSource": "iam.amazonaws.com",
    "eventTime": "2026-01-01T00:00:00Z", "userIdentity": {"userName": "ann"}, "sourceIPAddress": "192.0.2.7",
    "requestParameters": {"userName": "eve"},
}  # fmt: skip


def cloud(**more: object) -> Event:
    base = {
        "specversion": "1.0", "id": "a-1", "source": "/shop", "type": "x.y", "time": "2026-01-01T00:00:00.000000001Z",
    }  # fmt: skip
    (event,) = CLOUDEVENTS.parse([orjson.dumps({**base, **more})], CONTEXT)
    assert isinstance(event, Event)
    return event


def hec(**more: object) -> Event:
    (event,) = HEC.parse([orjson.dumps({"time": 1767225600, "host": "web-9", **more})], CONTEXT)
    assert isinstance(event, Event)
    return event


def test_a_cloudevent_is_read_field_by_field() -> None:
    event = cloud(
        type="com.example.user.created.v1",
        subject="eve",
        data={"actor": "root", "ip": "192.0.2.7", "outcome": "success"},
        traceparent="00-5b8efff798038103d269b633813fc60c-eee19b7ec3c1b174-01",
    )
    assert event == Event(
        event_type="account.created",
        occurred_at=AT,
        time_text="2026-01-01T00:00:00.000000001Z",
        time_quality="exact",
        action="com.example.user.created.v1",
        outcome="success",
        actor_id="root",
        object_id="eve",
        src_ip="192.0.2.7",
        trace_id="5b8efff798038103d269b633813fc60c",
        message="com.example.user.created.v1 eve by root from /shop",
        attributes=event.attributes,
        keys=(("custom", "/shop#a-1"),),
    )
    assert json.loads(event.attributes)["specversion"] == "1.0"


@pytest.mark.parametrize("data", [CLOUDTRAIL, json.dumps(CLOUDTRAIL)])
def test_data_of_a_known_shape_is_read_by_it(data: object) -> None:
    event = cloud(data=data)
    assert (event.event_type, event.actor_name, event.subject_id) == ("account.created", "ann", "eve")
    assert (event.occurred_at, event.observed_at) == (AT - 1, AT)
    assert ("custom", "/shop#a-1") in event.keys
    assert json.loads(event.attributes)["data"] == data


def test_data_in_base64_and_as_text_is_read() -> None:
    event = cloud(
        data_base64="PDM0PkphbiAgMSAwMDowMDowMCB3ZWItMSBzc2hkWzddOiBGYWlsZWQgcGFzc3dvcmQgZm9yIHJvb3QgZnJvbSAxOTIuMC4yLjcgcG9ydCAyMiBzc2gy"
    )
    assert (event.event_type, event.actor_id, event.host) == ("auth.login_failed", "root", "web-1")
    assert (event.occurred_at, event.time_quality) == (AT, "exact")
    assert cloud(data_base64="!").event_type == "event.generic"


@pytest.mark.parametrize(("name", "kind"), [
    ("auth.login", "auth.login"), ("user.session.start", "auth.login"), ("com.x.login.failed", "auth.login_failed"),
    ("com.x.user.deleted", "account.deleted"), ("dev.cdevents.pipelinerun.finished.0.1.0", ""),
    ("dev.cdevents.pipelinerun.finished", "ci.run"), ("com.github.push", "code.pushed"),
    ("google.cloud.storage.object.v1.finalized", ""), ("Microsoft.Storage.BlobCreated", "file.created"),
    ("com.x.order.created", "resource.created"), ("com.x.payment.failed", "payment.refused"), ("x.y", ""),
    ("a" * 100_000, ""),
])  # fmt: skip
def test_types_that_end_in_what_was_done(name: str, kind: str) -> None:
    assert kind_of(name, "") == kind


def test_a_failed_act_says_so() -> None:
    assert cloud(type="com.x.login.failed").outcome == "failure"


def test_a_batch_is_an_array() -> None:
    one = {"specversion": "1.0", "id": "1", "source": "/s", "type": "x.created"}
    data = orjson.dumps([one, {**one, "id": "2"}])
    choice = detect(Sample("x", data, complete=True))
    assert choice.format is CLOUDEVENTS
    assert choice.detection is not None
    records: list[bytes] = []
    for batch in choice.format.split(io.BytesIO(data), context=choice.detection.apply(CONTEXT)):
        assert not isinstance(batch, Turn)
        records += [record.payload for record in batch]
    assert [event.keys for event in choice.format.parse(records, CONTEXT) if isinstance(event, Event)] == [
        (("custom", "/s#1"),), (("custom", "/s#2"),),
    ]  # fmt: skip


def test_what_is_no_cloudevent_is_unparsed() -> None:
    (reading,) = CLOUDEVENTS.parse([b'{"specversion":"1.0"}'], CONTEXT)
    assert isinstance(reading, Unparsed)


def test_a_line_for_the_collector_is_read_as_the_line() -> None:
    event = hec(event=SSHD, sourcetype="linux_secure")
    assert (event.event_type, event.actor_id, event.src_ip, event.host) == (
        "auth.login_failed",
        "root",
        "192.0.2.7",
        "web-1",
    )
    assert (event.occurred_at, event.time_quality) == (1_767_225_600_000_000_000, "exact")
    assert json.loads(event.attributes)["sourcetype"] == "linux_secure"


@pytest.mark.parametrize("said", [CLOUDTRAIL, json.dumps(CLOUDTRAIL)])
def test_an_object_for_the_collector_is_read_by_its_shape(said: object) -> None:
    event = hec(event=said, time="1767225601.5")
    assert (event.event_type, event.subject_id, event.host) == ("account.created", "eve", "web-9")
    assert (event.occurred_at, event.observed_at) == (1_767_225_600_000_000_000, 1_767_225_601_500_000_000)


@pytest.mark.parametrize(("stated", "at"), [
    (b"1767225600", 1_767_225_600_000_000_000), (b"1767225600.000000001", AT), (b'"1767225600.000000001"', AT),
    (b"1767225600.123", 1_767_225_600_123_000_000), (b"null", None), (b'""', None), (b"[]", None), (b'"soon"', None),
])  # fmt: skip
def test_the_collectors_time_keeps_its_digits(stated: bytes, at: int | None) -> None:
    (event,) = HEC.parse([b'{"time":' + stated + b',"event":"x"}'], CONTEXT)
    assert isinstance(event, Event)
    assert event.occurred_at == at


@pytest.mark.parametrize(("said", "kind"), [
    ("CEF:0|a|b|1|2|Login failed|3|suser=bob", "auth.login_failed"),
    ("LEEF:1.0|a|b|1|Login|usrName=bob\tresult=Failure", "auth.login_failed"),
    ('192.0.2.7 - bob [01/Jan/2026:00:00:00 +0000] "GET /x HTTP/1.1" 404 5', "service.request"),
    ("level=error msg=broke", "service.error"), ("hello", "log.line"), ("", "log.line"), (7, "log.line"),
    ({"message": "hi", "level": "info"}, "log.line"),
])  # fmt: skip
def test_texts_are_read_as_far_as_they_tell(said: object, kind: str) -> None:
    event = hec(event=said)
    assert event.event_type == kind
    assert event.message
    assert event.host == "web-9"


@pytest.mark.parametrize("fields", [{"metric_name:cpu": 0.5, "region": "x"}, {"metric_name": "cpu", "_value": 0.5}])
def test_a_metric_is_a_measurement(fields: dict[str, object]) -> None:
    event = hec(event="metric", fields=fields)
    assert (event.event_type, event.action, event.message) == ("metric.recorded", "cpu", "cpu=0.5")


def test_objects_on_end_are_one_event_each() -> None:
    data = b'{"time":1767225600,"event":"a"}{"time":1767225601,"event":"b"}\n{"time":1767225602,"event":"c"}'
    choice = detect(Sample("x", data, complete=True))
    assert choice.format is HEC
    records: list[bytes] = []
    for batch in HEC.split(io.BytesIO(data), context=None):
        assert not isinstance(batch, Turn)
        records += [record.payload for record in batch]
    assert [event.message for event in HEC.parse(records, CONTEXT) if isinstance(event, Event)] == ["a", "b", "c"]


@pytest.mark.parametrize("record", [
    {"event": "login", "user": "bob", "time": "2026-01-01"}, {"event": {"category": "x"}, "host": "a"}, {"event": "x"},
])  # fmt: skip
def test_other_objects_with_an_event_are_not_claimed(record: dict[str, object]) -> None:
    choice = detect(Sample("x", orjson.dumps(record), complete=True))
    assert choice.format is not HEC


def test_an_object_without_an_event_is_unparsed() -> None:
    (reading,) = HEC.parse([b'{"time":1}'], CONTEXT)
    assert isinstance(reading, Unparsed)
    assert not isinstance(reading, Skipped)


def test_wrappers_within_wrappers_end() -> None:
    inner: dict[str, object] = {"time": 1, "event": "x", "index": "i"}
    for _ in range(DEEPEST - 1):
        inner = {"time": 1, "event": inner, "index": "i"}
    (reading,) = HEC.parse([orjson.dumps(inner)], CONTEXT)
    assert isinstance(reading, Event)
    (reading,) = HEC.parse([orjson.dumps({"time": 1, "event": inner, "index": "i"})], CONTEXT)
    assert reading == Unparsed(TOO_DEEP)


def test_a_services_own_record_in_the_collectors_shape_is_read_by_the_services_format() -> None:
    for member in SAMPLES["zscaler_admin"]:
        (record, *_) = member.splitlines()
        (own,) = formats()["zscaler_admin"].parse([record], CONTEXT)
        (event,) = HEC.parse([record], CONTEXT)
        assert isinstance(own, Event)
        assert isinstance(event, Event)
        assert (event.event_type, event.action, event.actor_id) == (own.event_type, own.action, own.actor_id)
