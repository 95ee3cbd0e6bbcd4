"""dpkg's log and Android's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.one import attributes, claim, event_of, read_one
from support.reading import events_of
from vestige.model.event import Skipped, Unparsed
from vestige.model.instant import to_text
from vestige.sources import Sample, detect
from vestige.sources.linux.dpkg import FORMAT as DPKG
from vestige.sources.linux.logcat import FORMAT as LOGCAT

if TYPE_CHECKING:
    from pathlib import Path

AT = "2026-01-01 10:00:00 "


@pytest.mark.parametrize(
    ("said", "kind", "thing", "message"),
    [
        ("install a:amd64 <none> 1-2", "software.installed", "a:amd64", "dpkg installs a:amd64 1-2"),
        ("upgrade a 1 2", "software.updated", "a", "dpkg upgrades a 1 to 2"),
        ("remove a:all 1 <none>", "software.removed", "a:all", "dpkg removes a:all 1"),
        ("purge a:all 1 <none>", "software.removed", "a:all", "dpkg purges a:all 1"),
        ("configure a 2 <none>", "host.state", "a", "dpkg configures a 2"),
        ("status not-installed a:i386 <none>", "host.state", "a:i386", "a:i386 <none> is not-installed"),
        ("startup packages configure", "process.started", "dpkg", "dpkg starts: packages configure"),
        ("conffile /etc/a b install", "file.changed", "/etc/a b", "dpkg puts in place the package's /etc/a b"),
        ("conffile /etc/a keep", "host.state", "/etc/a", "dpkg keeps the present /etc/a"),
    ],
)
def test_dpkg(said: str, kind: str, thing: str, message: str) -> None:
    event = event_of(DPKG, AT + said)
    assert (event.event_type, event.object_id, event.action) == (kind, thing, said.split(maxsplit=1)[0])
    assert event.message == message.replace(" <none>", "")
    assert (to_text(event.occurred_at or 0), event.time_quality) == ("2026-01-01T10:00:00Z", "assumed_zone")


def test_a_package_has_its_name_and_its_versions() -> None:
    event = event_of(DPKG, AT + "upgrade libc6:amd64 2.35 2.36", zone="+01:00")
    assert (event.object_name, event.object_type) == ("libc6", "package")
    assert to_text(event.occurred_at or 0) == "2026-01-01T09:00:00Z"
    assert attributes(event) == {
        "time": "2026-01-01 10:00:00", "action": "upgrade", "package": "libc6", "architecture": "amd64",
        "installed_version": "2.35", "available_version": "2.36",
    }  # fmt: skip


@pytest.mark.parametrize("said", ["", "install", "install a", "status installed", "explode a 1 2", "conffile x maybe"])
def test_what_dpkg_does_not_write_is_unparsed(said: str) -> None:
    assert isinstance(read_one(DPKG, AT + said), Unparsed)


def test_dpkg_in_the_corpus(corpus: Path) -> None:
    data = (corpus / "plaso-test-data" / "dpkg.log").read_bytes()
    choice = detect(Sample("f", data, complete=True))
    assert choice.format is DPKG
    assert [event.event_type for event in events_of(DPKG, data)] == [
        "host.state", "process.started", "software.installed", "host.state",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "instant", "quality", "pid"),
    [
        ("01-02 03:04:05.678  12  34 I Tag: m", "2026-01-02T03:04:05.678Z", "assumed_year", "12"),
        ("01-02 03:04:05.678 I/Tag( 12): m", "2026-01-02T03:04:05.678Z", "assumed_year", "12"),
        ("2025-01-02 03:04:05.678  12  34 I Tag : m", "2025-01-02T03:04:05.678Z", "assumed_zone", "12"),
        ("2025-01-02 03:04:05.678901 +0530 1000  12  34 I Tag: m", "2025-01-01T21:34:05.678901Z", "exact", "12"),
        ("2025-01-02 03:04:05.678901 -0530 I/Tag( 1000: 12): m", "2025-01-02T08:34:05.678901Z", "exact", "1000"),
        ("1735787045.678  12  34 I Tag: m", "2025-01-02T03:04:05.678Z", "exact", "12"),
        ("I/Tag(12): m", "", "missing", "12"),
    ],
)
def test_logcat_in_every_form(line: str, instant: str, quality: str, pid: str) -> None:
    event = event_of(LOGCAT, line)
    assert (to_text(event.occurred_at) if event.occurred_at is not None else "") == instant
    assert (event.time_quality, event.event_type, event.message) == (quality, "service.status", "Tag: m")
    assert attributes(event)["pid"] == pid
    assert line.startswith(event.time_text)


@pytest.mark.parametrize(
    ("said", "kind", "thing"),
    [
        ("I ActivityManager: Start proc 4321:com.a.b/u0a1 for service", "process.started", "com.a.b"),
        ("I ActivityManager: Killing 4321:com.a.b/u0a1 (adj 900): empty", "process.stopped", "com.a.b"),
        ("I ActivityManager: Process com.a.b (pid 4321) has died", "process.stopped", "com.a.b"),
        ("E AndroidRuntime: FATAL EXCEPTION: main", "service.error", ""),
        ("W audit: type=1400 audit(0.0:7): avc: denied { read } for pid=7", "access.denied", ""),
        ("E Tag: broken", "service.error", ""),
        ("W Tag: odd", "service.status", ""),
    ],
)
def test_what_android_says(said: str, kind: str, thing: str) -> None:
    event = event_of(LOGCAT, f"01-02 03:04:05.678  1  2 {said}")
    assert (event.event_type, event.object_id) == (kind, thing)
    assert event.outcome == ("failure" if event.action in {"FATAL EXCEPTION", "avc denied"} else event.outcome)
    assert event.severity == {"I": 0, "W": 2, "E": 3}[said[0]]


def test_logcat_says_which_buffer_follows_and_what_it_cannot_read() -> None:
    assert isinstance(read_one(LOGCAT, "--------- beginning of main"), Skipped)
    assert isinstance(read_one(LOGCAT, "01-02 03:04:05.678 words"), Unparsed)
    assert event_of(LOGCAT, "13-45 03:04:05.678  1  2 I T: m").occurred_at is None
    assert claim(LOGCAT, "Jan  2 03:04:05 host prog: said\n") is None


def test_logcat_in_the_corpus(corpus: Path) -> None:
    data = (corpus / "plaso-test-data" / "android_logcat.log").read_bytes()
    choice = detect(Sample("f", data, complete=True))
    assert choice.format is LOGCAT
    events = events_of(LOGCAT, data)
    assert len(events) == 8
    last = attributes(events[5])
    assert (last["pid"], last["tid"], last["priority"], last["tag"]) == ("9346", "9347", "E", "AppTag")
    assert to_text(events[5].occurred_at or 0) == "2022-01-02T01:20:07.171997Z"
