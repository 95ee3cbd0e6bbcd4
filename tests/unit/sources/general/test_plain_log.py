"""Lines that begin with a time, and what of them is no syslog."""

from __future__ import annotations

import pytest

from support.one import attributes, claim, event_of, read_one
from support.reading import readings_of
from vestige.model.event import Event, Unparsed
from vestige.model.instant import to_text
from vestige.sources import Sample, detect
from vestige.sources.general.plain_log import FORMAT
from vestige.sources.general.syslog import FORMAT as SYSLOG


@pytest.mark.parametrize(
    ("begin", "instant", "quality"),
    [
        ("2026-01-02 03:04:05 ", "2026-01-02T03:04:05Z", "assumed_zone"),
        ("2026-01-02 03:04:05,678 ", "2026-01-02T03:04:05.678Z", "assumed_zone"),
        ("[2026-01-02T03:04:05.678+02:00] ", "2026-01-02T01:04:05.678Z", "exact"),
        ("2026-01-02 03:04:05.678 +0200 ", "2026-01-02T01:04:05.678Z", "exact"),
        ("2026-01-02 03:04:05 UTC ", "2026-01-02T03:04:05Z", "exact"),
        ("2026/01/02 03:04:05.678901 ", "2026-01-02T03:04:05.678901Z", "assumed_zone"),
        ("02-Jan-2026 03:04:05.678 ", "2026-01-02T03:04:05.678Z", "assumed_zone"),
        ("[02/Jan/2026:03:04:05 +0200] ", "2026-01-02T01:04:05Z", "exact"),
        ("[Fri Jan  2 03:04:05 2026] ", "2026-01-02T03:04:05Z", "assumed_zone"),
        ("Fri Jan  2 03:04:05 2026: ", "2026-01-02T03:04:05Z", "assumed_zone"),
    ],
)
def test_stamps(begin: str, instant: str, quality: str) -> None:
    event = event_of(FORMAT, f"{begin}said")
    assert event.occurred_at is not None
    assert (to_text(event.occurred_at), event.time_quality, event.message) == (instant, quality, "said")
    assert event.time_text == begin.strip("[]: ")
    assert claim(FORMAT, f"{begin}said\n") is not None


@pytest.mark.parametrize(
    ("said", "kind", "severity", "level"),
    [
        ("INFO [main] a.B - up", "log.line", 0, "INFO"),
        ("[error] 7#7: broke", "service.error", 3, "error"),
        ("level=warn msg=odd", "log.line", 2, "warn"),
        ("SEVERE [main] broke", "service.error", 3, "SEVERE"),
        ("no level, errors are only spoken of", "log.line", 0, None),
    ],
)
def test_levels(said: str, kind: str, severity: int, level: str | None) -> None:
    event = event_of(FORMAT, f"2026-01-02 03:04:05 {said}")
    assert (event.event_type, event.severity, attributes(event).get("level")) == (kind, severity, level)


def test_other_lines_belong_to_the_record_before() -> None:
    data = b"2026-01-02 03:04:05 ERROR x\njava.lang.Error: y\n\tat a.b\n2026-01-02 03:04:06 INFO z\n"
    first, second = readings_of(FORMAT, data)
    assert isinstance(first, Event)
    assert isinstance(second, Event)
    assert first.message == "ERROR x\njava.lang.Error: y\n\tat a.b"
    assert isinstance(read_one(FORMAT, "at a.b"), Unparsed)


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-02 03:04:05 starting up\n2026-01-02 03:04:06 still starting\n",
        "2026-01-02T03:04:05Z one two\n",
        '2026-01-02 03:04:05.426 UTC,"bob","shop",7,"192.0.2.7:55",x,1,"a: b"\n',
        '2026-01-02T03:04:05Z {"a": "b"}\n',
        "2026-01-02 03:04:05 DROP UDP 192.0.2.7 192.0.2.8 1 2 - - - - - - - - - RECEIVE\n",
        "2026-01-02 03:04:05 status installed a:amd64 1\n",
    ],
)
def test_a_line_without_a_syslog_header_is_no_syslog(text: str) -> None:
    assert claim(SYSLOG, text) is None


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-02 03:04:05,alice,login\n2026-01-02 03:04:06,bob,login\n",
        "A report of 2026-01-02 03:04:05.\nIt has lines,\nof which\none\n2026-01-02 03:04:05 so\nand\nno\nmore.\n",
    ],
)
def test_tables_and_prose_are_none(text: str) -> None:
    assert claim(FORMAT, text) is None


def test_a_format_that_knows_its_lines_wins() -> None:
    choice = detect(Sample("f", b"2026-01-02T03:04:05Z web-1 sshd[7]: said\n", complete=True))
    assert choice.format is SYSLOG
    assert [name for name, _ in choice.claims] == ["syslog", "plain_log"]
