"""Single records recognised by their content: as the member they might stand in would be, whatever came before them."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import orjson
import pytest

from support.samples import SAMPLES
from vestige.sources import Context, Sample, batches, detect, format_named, formats, recognise
from vestige.sources.recognise import ANY, ASKED, Objects, form_of_text

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


def test_an_object_is_what_a_file_of_it_would_be_whatever_came_before() -> None:
    every = [payload for payload in objects() if is_object(payload)]
    assert len(every) > 100
    rounds = [Objects() for _ in every]
    for order in (zip(every, rounds, strict=True), zip(every[::-1], rounds, strict=True)):
        for payload, one in order:
            record = orjson.loads(payload)
            choice = detect(Sample("", payload, complete=True))
            assert one.form_of(payload, record) == (choice.format.name if choice.format is not None else ANY)


def test_beyond_the_shapes_that_are_looked_into_those_that_were_found_are_known() -> None:
    one = Objects()
    assert one.form_of(orjson.dumps(ECS), ECS) == "ecs"
    for number in range(2 * ASKED):
        plain, other = PLAIN | {f"f{number}": 1}, ECS | {f"f{number}": 1}
        assert one.form_of(orjson.dumps(plain), plain) == ANY
        assert one.form_of(orjson.dumps(other), other) == "ecs"
    assert len(recognise._known) == ASKED


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recognise, "REMEMBERED", 10)
    for number in range(100):
        plain = PLAIN | {f"f{number}": 1}
        assert Objects().form_of(orjson.dumps(plain), plain) == ANY
        assert len(recognise._known) <= 10


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
