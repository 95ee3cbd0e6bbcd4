"""Lines of several formats in one member: each is read by the format whose line it is, and one format stays one."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import pytest

from vestige.model.event import Event, Reading, Unparsed
from vestige.sources import Choice, Context, Sample, batches, detect, format_named, take_sample
from vestige.sources.contract import SAMPLE_BYTES
from vestige.sources.mixed import LOOK

RECEIVED = 1_767_225_600_000_000_000
JSON = [
    json.dumps({"event_type": "auth.login", "occurred_at": f"2026-01-01T00:00:{n:02}Z", "actor": "ann"}).encode()
    for n in range(30)
]
SYSLOG = [b"Jan  1 00:01:%02d web-1 sshd[7]: Failed password for root from 192.0.2.9 port 22" % n for n in range(30)]
ACCESS = [b'192.0.2.7 - - [01/Jan/2026:00:02:%02d +0000] "GET / HTTP/1.1" 200 5' % n for n in range(30)]


def recognised(lines: list[bytes]) -> Choice:
    return detect(take_sample("app.log", io.BytesIO(b"\n".join(lines) + b"\n")))


def read(lines: list[bytes]) -> tuple[Choice, list[Reading]]:
    choice = recognised(lines)
    assert choice.format is not None
    assert choice.detection is not None
    context = choice.detection.apply(Context(received_at=RECEIVED, year_before=RECEIVED))
    found: list[Reading] = []
    for batch, under in batches(choice.format, io.BytesIO(b"\n".join(lines) + b"\n"), context):
        found += choice.format.parse([record.payload for record in batch], under)
    return choice, found


def alternating(*kinds: list[bytes]) -> list[bytes]:
    return [line for lines in zip(*kinds, strict=True) for line in lines]


@pytest.mark.parametrize(
    ("lines", "named"),
    [
        (alternating(JSON, SYSLOG), "json/1 syslog/"),
        (alternating(SYSLOG, ACCESS), "web_access/"),
        ([*JSON, *SYSLOG, *ACCESS], "json/1 "),
        ([*SYSLOG[:29], *JSON[:1], *SYSLOG[:15]], "syslog/"),
        (alternating(SYSLOG, ACCESS, JSON), "json/1 "),
    ],
    ids=["two in turns", "no JSON", "three in blocks", "one line of another", "three in turns, none the most"],
)
def test_every_line_is_read_by_the_format_whose_line_it_is(lines: list[bytes], named: str) -> None:
    choice, readings = read(lines)
    assert (choice.format.name if choice.format else "") == "mixed"
    context = choice.detection.apply(Context(received_at=RECEIVED)) if choice.detection else Context(RECEIVED)
    assert named in context.hint("mixed") + " "
    for line, reading in zip(lines, readings, strict=True):
        assert isinstance(reading, Event), (line, reading)
        kind = "auth.login" if line in JSON else "auth.login_failed" if line in SYSLOG else "service.request"
        assert reading.event_type == kind


@pytest.mark.parametrize("lines", [JSON, SYSLOG, ACCESS], ids=["json", "syslog", "web_access"])
def test_one_format_is_no_mixture(lines: list[bytes]) -> None:
    choice, readings = read(lines)
    assert choice.format is not None
    assert choice.format.name != "mixed"
    assert all(isinstance(reading, Event) for reading in readings)


def test_lines_nobody_reads_make_no_mixture_and_keep_the_first_formats_reason() -> None:
    noise = [b"??? %d" % n for n in range(5)]
    choice, readings = read([*SYSLOG, *noise])
    assert choice.format is not None
    assert choice.format.name == "syslog"
    choice, mixed = read([*SYSLOG, *noise, *JSON[:20]])
    assert choice.format is not None
    assert choice.format.name == "mixed"
    assert [reading for reading in mixed if isinstance(reading, Unparsed)] == readings[30:]


def test_a_table_and_a_document_of_several_lines_take_no_part() -> None:
    table = [b"time,user,text", *(b"2026-01-01T00:00:%02dZ,ann,hello" % n for n in range(20))]
    assert recognised([*table, *SYSLOG[:5]]).format is not format_named("mixed")
    document = json.dumps([{"event_type": "auth.login", "occurred_at": "2026-01-01T00:00:00Z"}] * 3, indent=1)
    assert recognised([document.encode(), *SYSLOG[:3]]).format is not format_named("mixed")


def test_asked_for_by_name_it_finds_its_formats_and_says_so_where_there_are_none() -> None:
    form = format_named("mixed")
    sample = Sample("x", b"\n".join(alternating(JSON, SYSLOG)) + b"\n", complete=True)
    assert form.detect(sample) is not None
    assert form.detect(replace(sample, head=b"\n".join(JSON))) is None
    (reading,) = form.parse([JSON[0]], Context(received_at=RECEIVED))
    assert isinstance(reading, Unparsed)
    gone = Context(received_at=RECEIVED, extra=(("mixed", "no_such/1"),))
    (reading,) = form.parse([JSON[0]], gone)
    assert isinstance(reading, Unparsed)
    assert "no_such/1" in reading.reason


def test_a_long_member_is_looked_at_as_far_as_the_sample_reaches() -> None:
    choice = recognised([*SYSLOG * (SAMPLE_BYTES // len(b"\n".join(SYSLOG)) + 1), *JSON])
    assert choice.format is not None
    assert choice.format.name == "syslog"


SHORT = [b'{"n":%d}' % n for n in range(420)]


@pytest.mark.parametrize(
    "lines",
    [[*SHORT, *SYSLOG * 10], [*SYSLOG * 10, *SHORT], alternating(SHORT[:400], (SYSLOG * 14)[:400])],
    ids=["JSON first", "syslog first", "in turns, two to each line that is looked at"],
)
def test_lines_are_looked_at_all_over_the_sample_and_no_more_than_so_many(lines: list[bytes]) -> None:
    assert sum(map(len, lines)) + len(lines) <= SAMPLE_BYTES
    choice = recognised(lines)
    assert choice.format is not None
    assert choice.format.name == "mixed"
    assert choice.detection is not None
    assert f"of {LOOK} lines are json" in choice.detection.why
