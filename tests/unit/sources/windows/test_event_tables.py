"""Windows events as tables."""

from __future__ import annotations

import pytest

from support.one import attributes, claim
from support.reading import events_of, readings_of
from support.samples.windows import SAMPLES
from vestige.model.event import Event, Skipped, Unparsed
from vestige.model.instant import to_text
from vestige.sources import Sample, detect
from vestige.sources.windows.event_tables import FORMAT

ECMD, WINEVENT, VIEWER = SAMPLES["windows_tables"]
EVENTLOG = (
    b'"EventID","MachineName","EntryType","Message","Source","TimeGenerated","UserName"\r\n'
    b'"4625","WS7","FailureAudit","An account failed to log on.","Microsoft-Windows-Security-Auditing",'
    b'"23.01.2026 16:00:00",""\r\n'
)


def test_evtxecmd_keeps_the_fields_of_the_event() -> None:
    (event,) = events_of(FORMAT, ECMD)
    assert (event.event_type, event.outcome, event.host) == ("auth.login", "success", "WS7")
    assert (event.actor_name, event.src_ip) == ("bob", "192.0.2.7")
    assert (to_text(event.occurred_at or 0), event.time_quality) == ("2026-01-02T03:04:05.123456700Z", "exact")
    assert attributes(event)["EventRecordId"] == "7"


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-01-02 03:04:05.1234567", "2026-01-02T03:04:05.123456700Z"),
        ("2026-01-02T03:04:05.1234567Z", "2026-01-02T03:04:05.123456700Z"),
        ("2026-01-02T03:04:05.1234567+00:00", "2026-01-02T03:04:05.123456700Z"),
        ("2026-01-02T03:04:05.1234567-05:00", "2026-01-02T08:04:05.123456700Z"),
        ("2026-01-02 03:04:05 -05:00", "2026-01-02T08:04:05Z"),
        ("2026-01-02 03:04:05-0500", "2026-01-02T08:04:05Z"),
    ],
)
def test_evtxecmds_times_are_utc_unless_they_state_their_offset(text: str, at: str) -> None:
    (event,) = events_of(FORMAT, ECMD.replace(b"2026-01-02 03:04:05.1234567", text.encode()))
    assert (to_text(event.occurred_at or 0), event.time_text, event.time_quality) == (at, text, "exact")


def test_powershells_tables() -> None:
    (event,) = events_of(FORMAT, WINEVENT)
    assert (event.event_type, event.host) == ("logging.disabled", "WS7")
    assert (to_text(event.occurred_at or 0), event.time_quality) == ("2026-01-23T16:00:00Z", "assumed_zone")
    (failed,) = events_of(FORMAT, EVENTLOG)
    assert (failed.event_type, failed.outcome, failed.host) == ("auth.login_failed", "failure", "WS7")
    assert to_text(failed.occurred_at or 0) == "2026-01-23T16:00:00Z"


def test_event_viewers_column_without_a_name() -> None:
    head, event = readings_of(FORMAT, VIEWER)
    assert isinstance(head, Skipped)
    assert isinstance(event, Event)
    assert event.event_type == "account.created"
    assert attributes(event)["Message"].startswith("A user account was created.")
    assert to_text(event.occurred_at or 0) == "2026-01-23T16:00:00Z"


def test_odd_rows() -> None:
    assert detect(Sample("f", VIEWER, complete=True)).format is FORMAT
    readings = readings_of(FORMAT, ECMD + b"2,8,soon,many,,,,,,,,{\n3,9\n" + b'4,1,soon,4624,,X,Y,Z,,,,"{""a"":"\n')
    assert [type(reading).__name__ for reading in readings] == ["Skipped", "Event", "Unparsed", "Unparsed", "Event"]
    assert isinstance(readings[2], Unparsed)
    assert "many" in readings[2].reason
    assert isinstance(readings[4], Event)
    assert readings[4].occurred_at is None
    assert claim(FORMAT, b"Level,Date,Source\nInformation,1/23/2026,x\n") is None
