from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

from support.reading import event_of, events_of
from vestige.model.event import Event, Unparsed
from vestige.model.instant import parse_rfc3339
from vestige.sources import Context, Sample, detect
from vestige.sources.cloud.aws_access import ELB_FORMAT, S3_ACCESS_FORMAT

if TYPE_CHECKING:
    from pathlib import Path

S3 = (
    '0ac my-bucket [02/Jan/2026:03:04:05 +0000] 192.0.2.7 arn:aws:iam::1:user/ann R-1 REST.GET.OBJECT a%2Fb.txt'
    ' "GET /a/b.txt?x=\\"y\\" HTTP/1.1" 403 AccessDenied 243 - 7 - "-" "curl/8 [x]" - h= SigV4 - AuthHeader'
    ' my-bucket.s3.amazonaws.com TLSv1.2 - - new-field'
)  # fmt: skip
ALB = (
    "https 2026-01-02T03:04:05.123456Z app/lb/1 192.0.2.7:4444 10.0.0.1:80 0.013 0.164 0.000 503 - 391 107999"
    ' "GET https://a.example:443/x?y=1 HTTP/1.1" "curl/8" ECDHE TLSv1.2 arn "Root=1-a" "a.example" "-" 2'
    ' 2026-01-02T03:04:05.000000Z "waf,forward" "-" "-" "10.0.0.1:80" "-" "-" "-"'
)
CLASSIC = (
    '2026-01-02T03:04:05.945958Z my-lb 192.0.2.7:2817 10.0.0.1:80 0.000073 0.001048 0.000057 200 200 0 29'
    ' "GET http://a.example:80/ HTTP/1.1" "curl/7" - -'
)  # fmt: skip
NLB = (
    "tls 2.0 2026-01-02T03:04:05 net/lb/1 listener 192.0.2.7:51341 10.0.0.1:443 5 2 98 246 - arn - ECDHE tlsv12 -"
    " a.example - - - 2026-01-02T03:04:00"
)


def test_a_line_of_s3_is_read_field_by_field_and_like_its_json() -> None:
    (event,) = events_of(S3_ACCESS_FORMAT, S3.encode())
    assert event == Event(
        "data.read",
        parse_rfc3339("2026-01-02T03:04:05Z")[0],
        "02/Jan/2026:03:04:05 +0000",
        "exact",
        action="REST.GET.OBJECT",
        outcome="failure",
        actor_id="arn:aws:iam::1:user/ann", actor_name="arn:aws:iam::1:user/ann",
        object_id="a%2Fb.txt", object_name="my-bucket",
        src_ip="192.0.2.7",
        trace_id="R-1",
        message="REST.GET.OBJECT by arn:aws:iam::1:user/ann on my-bucket from 192.0.2.7: AccessDenied",
        attributes=event.attributes,
    )  # fmt: skip
    fields = json.loads(event.attributes)
    assert (fields["useragent"], fields["requesturi"], fields["field_27"]) == (
        "curl/8 [x]", 'GET /a/b.txt?x=\\"y\\" HTTP/1.1', "new-field",
    )  # fmt: skip
    assert event_of(S3_ACCESS_FORMAT, fields)._replace(attributes="") == event._replace(attributes="")


@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        ("REST.PUT.OBJECT", "data.written"),
        ("BATCH.DELETE.OBJECT", "data.deleted"),
        ("REST.PUT.BUCKETPOLICY", "policy.changed"),
        ("REST.GET.VERSIONING", "resource.read"),
    ],
)
def test_operations_of_s3(operation: str, kind: str) -> None:
    (event,) = events_of(S3_ACCESS_FORMAT, S3.replace("REST.GET.OBJECT", operation).encode())
    assert event.event_type == kind


def test_a_request_through_a_load_balancer_is_read_field_by_field() -> None:
    (event,) = events_of(ELB_FORMAT, ALB.encode())
    assert event == Event(
        "service.request",
        parse_rfc3339("2026-01-02T03:04:05.123456Z")[0],
        "2026-01-02T03:04:05.123456Z",
        "exact",
        action="GET",
        outcome="failure",
        object_id="https://a.example:443/x?y=1", object_type="url",
        src_ip="192.0.2.7", dst_ip="10.0.0.1", src_port=4444, dst_port=80, protocol="https",
        device_id="app/lb/1", device_type="load balancer",
        trace_id="Root=1-a",
        message="GET https://a.example:443/x?y=1 from 192.0.2.7: 503",
        attributes=event.attributes,
        keys=(("custom", "a.example"),),
    )  # fmt: skip
    (classic,) = events_of(ELB_FORMAT, CLASSIC.encode())
    assert (classic.action, classic.outcome, classic.device_id) == ("GET", "success", "my-lb")


def test_a_connection_through_a_network_load_balancer_states_no_zone() -> None:
    choice = detect(Sample("f", NLB.encode(), complete=True))
    assert choice.format is ELB_FORMAT
    assert choice.detection is not None
    assert choice.detection.extra == (("zone", "none"),)
    (event,) = events_of(ELB_FORMAT, NLB.encode())
    assert (event.event_type, event.time_quality, event.outcome) == ("network.tls", "assumed_zone", "")
    assert event.message == "Connection to 10.0.0.1:443 from 192.0.2.7"
    assert (event.src_ip, event.src_port, event.dst_port) == ("192.0.2.7", 51341, 443)


@pytest.mark.parametrize("line", ["", "a b c", "https x y z", '"', "[" * 100, " ".join("abcdefghijklmn"), S3[:60]])
def test_lines_of_another_shape_are_refused_with_a_reason(line: str) -> None:
    for form in (S3_ACCESS_FORMAT, ELB_FORMAT):
        (reading,) = form.parse([line.encode()], Context(received_at=0))
        assert not isinstance(reading, Event)
    assert detect(Sample("f", line.encode(), complete=True), [S3_ACCESS_FORMAT, ELB_FORMAT]).format is None


def test_hostile_lines_cost_no_more_than_their_length() -> None:
    began = time.process_time()
    for line in ("[ " * 500_000, '" ' * 500_000, '"\\' * 500_000, "[" * 1_000_000, "a " * 500_000 + '"'):
        for form in (S3_ACCESS_FORMAT, ELB_FORMAT):
            (reading,) = form.parse([line.encode()], Context(received_at=0))
            assert isinstance(reading, Unparsed)
    assert time.process_time() - began < 30


def test_plaso_reads_the_same_of_its_sample(corpus: Path) -> None:
    events = events_of(ELB_FORMAT, (corpus / "plaso-test-data" / "aws_elb_access.log").read_bytes())
    assert len(events) == 16
    first, fields = events[0], json.loads(events[0].attributes)
    assert first.occurred_at == parse_rfc3339("2020-01-11T16:55:20.356586Z")[0]
    assert (first.src_ip, first.src_port, first.dst_ip, first.dst_port) == (
        "192.168.1.10", 44325, "192.168.1.123", 32869,
    )  # fmt: skip
    assert (first.device_id, first.trace_id, first.outcome) == (
        "app/production-web/jf29fj2198ejf922",
        "XXXXXXX",
        "success",
    )
    assert (fields["domain_name"], fields["matched_rule_priority"], fields["received_bytes"], fields["sent_bytes"]) == (
        "www.domain.name", "2", "391", "107999",
    )  # fmt: skip
    assert sum(event.event_type == "network.tls" for event in events) == 2
