"""Windows' device installation log, and transcripts of PowerShell."""

from __future__ import annotations

import gzip
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from support.one import attributes, claim, event_of, read_one
from support.reading import readings_of
from vestige.model.event import Event, Skipped, Unparsed
from vestige.model.instant import to_text
from vestige.sources import Sample, detect
from vestige.sources.windows.powershell_transcript import FORMAT as TRANSCRIPT
from vestige.sources.windows.setupapi import FORMAT as SETUPAPI

if TYPE_CHECKING:
    from pathlib import Path

SECTION = """>>>  [{}]\r
>>>  Section start 2026/01/01 10:00:00.123\r
      cmd: C:\\x.exe -a\r
     sto: {{Unstage Driver Package: C:\\a.inf}} 10:00:00.176\r
!    sto: odd\r
     sto: {{Unstage Driver Package: exit(0x00000000)}} 10:00:00.176\r
<<<  Section end 2026/01/01 10:00:01.123\r
<<<  [Exit status: {}]\r"""
START = """Windows PowerShell transcript start\r
Start time: 20260101100000\r
Username: CORP\\bob\r
RunAs User: {}\r
Machine: WS7 (Microsoft Windows NT 10.0.17763.0)\r
Host Application: powershell.exe\r
**********************\r
PS C:\\> whoami\r
corp\\bob\r
[srv]: PS C:\\Users> dir\r
**********************\r
Windows PowerShell transcript end\r
End time: 20260101100100\r
**********************\r"""


@pytest.mark.parametrize(
    ("name", "kind", "thing", "sort"),
    [
        ("Device Install (Hardware initiated) - USB\\VID_1", "host.device_attached", "USB\\VID_1", "device"),
        ("Device Install (DiInstallDriver) - C:\\b.inf", "software.installed", "C:\\b.inf", "driver"),
        ("Unstage Driver Updates", "software.removed", "C:\\a.inf", "driver"),
        ("Uninstall Device - USB\\VID_1", "host.device_attached", "USB\\VID_1", "device"),
        ("Device Installation Restrictions Policy Check", "policy.verdict", "C:\\a.inf", "driver"),
        ("Something Else", "service.status", "C:\\a.inf", "driver"),
    ],
)
def test_sections(name: str, kind: str, thing: str, sort: str) -> None:
    event = event_of(SETUPAPI, SECTION.format(name, "SUCCESS"))
    assert (event.event_type, event.outcome, event.object_id, event.object_type) == (kind, "success", thing, sort)
    assert (event.action, event.severity) == (name.split(" - ", maxsplit=1)[0], 0)
    assert (to_text(event.occurred_at or 0), event.time_quality) == ("2026-01-01T10:00:00.123Z", "assumed_zone")
    fields = attributes(event)
    assert (fields["packages"], fields["problems"], fields["command"]) == (["C:\\a.inf"], ["sto: odd"], "C:\\x.exe -a")
    assert (fields["end"], fields["status"]) == ("2026/01/01 10:00:01.123", "SUCCESS")


def test_failed_sections_boots_and_bad_input() -> None:
    failed = event_of(SETUPAPI, SECTION.format("Install Driver Updates", "FAILURE(0x00000002)"))
    assert (failed.outcome, failed.severity) == ("failure", 2)
    boot = event_of(SETUPAPI, "[Boot Session: 2026/01/01 09:58:03.498]\n\n")
    assert (boot.event_type, to_text(boot.occurred_at or 0)) == ("host.started", "2026-01-01T09:58:03.498Z")
    assert isinstance(read_one(SETUPAPI, "[Device Install Log]\n  OS Version = 10"), Skipped)
    assert isinstance(read_one(SETUPAPI, "words"), Unparsed)
    assert isinstance(read_one(SETUPAPI, ">>>  [Torn"), Unparsed)
    undated = event_of(SETUPAPI, ">>>  [Torn]")
    assert (undated.occurred_at, undated.outcome, undated.time_quality) == (None, "", "missing")
    assert claim(SETUPAPI, ">>>  [quoted]\nwords\n") is None


def test_the_installation_log_of_the_corpus(corpus: Path) -> None:
    data = gzip.decompress((corpus / "plaso-test-data" / "setupapi.dev.log.gz").read_bytes())
    choice = detect(Sample("f", data[:65536], complete=False))
    assert choice.format is SETUPAPI
    events = [reading for reading in readings_of(SETUPAPI, data) if isinstance(reading, Event)]
    assert sum(event.action != "Boot Session" for event in events) == 194
    assert Counter(event.event_type for event in events)["host.started"] == 12
    last = "prnms003.inf_x86_8f17aac186c70ea6\\prnms003.inf"
    (found,) = [event for event in events if event.object_id.endswith(last) and "DiInstallDriver" in event.action]
    assert (to_text(found.occurred_at or 0), found.outcome) == ("2016-10-12T03:36:30.936Z", "success")


def test_a_transcript() -> None:
    event = event_of(TRANSCRIPT, START.format("CORP\\admin"))
    assert (event.event_type, event.actor_id, event.subject_id, event.host) == (
        "script.executed", "CORP\\bob", "CORP\\admin", "WS7",
    )  # fmt: skip
    assert event.message == "CORP\\bob ran in PowerShell as CORP\\admin: whoami; dir"
    assert (to_text(event.occurred_at or 0), event.time_text) == ("2026-01-01T10:00:00Z", "20260101100000")
    fields = attributes(event)
    assert (fields["commands"], fields["End time"]) == (["whoami", "dir"], "20260101100100")
    assert event_of(TRANSCRIPT, START.format("corp\\BOB")).subject_id == ""


def test_torn_and_odd_transcripts() -> None:
    torn = event_of(TRANSCRIPT, "PowerShell transcript start\nStart time: 2026")
    assert (torn.occurred_at, torn.time_text, torn.actor_id) == (None, "2026", "")
    assert isinstance(read_one(TRANSCRIPT, "*" * 22), Skipped)
    assert isinstance(read_one(TRANSCRIPT, "PS C:\\> whoami"), Unparsed)
    assert claim(TRANSCRIPT, "how to: Windows PowerShell transcript start\nx\n") is None


def test_the_transcript_of_the_corpus(corpus: Path) -> None:
    data = (corpus / "plaso-test-data" / "powershell_transcript.txt").read_bytes()
    choice = detect(Sample("f", data, complete=True))
    assert choice.format is TRANSCRIPT
    (event,) = [reading for reading in readings_of(TRANSCRIPT, data) if isinstance(reading, Event)]
    assert attributes(event)["commands"] == ["whoami"]
