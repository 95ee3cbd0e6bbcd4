"""What the ledger has of a file decides what an import of it adds: only within one kind of format."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from support.made_evtx import event, file_of
from vestige.app import ImportOptions, Installation, Rooms, load_settings
from vestige.ledger import Kind
from vestige.model.principal import Principal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vestige.ingest.report import ImportReport

EVTX = file_of([[event(4624, {"TargetUserName": f"user{n}"}, record=n) for n in range(1, 6)]])
LINES = [
    f"Nov 22 16:{n // 60:02}:{n % 60:02} web sshd[{n}]: Failed password for root from 10.0.0.1 port {n} ssh2\n".encode()
    for n in range(300)
]


@pytest.fixture
def rooms(tmp_path: Path) -> Iterator[Rooms]:
    with Installation.open(load_settings({}, data=tmp_path / "data")) as installation:
        yield installation.rooms_of_slug(None)


def take_in(rooms: Rooms, path: Path, content: bytes, **options: Any) -> ImportReport:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    told = ImportOptions(Principal("local:1"), **options)
    report = rooms.import_paths([path], told, progress=lambda _: None, stop=threading.Event())
    assert report.records == report.parsed + report.unparsed + report.duplicates + report.skipped
    return report


def counts(report: ImportReport) -> tuple[int, int, int]:
    return report.records, report.duplicates, report.events


def payloads(rooms: Rooms) -> list[bytes]:
    ledger, tenant = rooms._stores.ledger, rooms.tenant.id
    return [
        ledger.opened(entry) for entry in ledger.read(tenant, 0, ledger.head(tenant)) if entry.kind is Kind.EVIDENCE
    ]


def said(report: ImportReport, words: str) -> list[str]:
    return [one for one in report.assumptions if words in one]


def test_a_text_that_was_read_as_an_event_log_is_taken_in_anew_whole(rooms: Rooms, tmp_path: Path) -> None:
    text, log = b"".join(LINES[:30]), tmp_path / "k.log"
    wrong = take_in(rooms, log, text, form="evtx")
    before = len(payloads(rooms))
    right = take_in(rooms, log, text)
    assert (wrong.events, counts(right)) == (0, (30, 0, 30))
    assert payloads(rooms)[before:] == [line.rstrip(b"\n") for line in LINES[:30]]
    assert said(right, "taken in anew")
    for report in (take_in(rooms, log, text), take_in(rooms, tmp_path / "other.log", text)):
        assert counts(report) == (30, 30, 0)
    assert counts(take_in(rooms, log, b"".join(LINES[:40]))) == (40, 30, 10)
    assert take_in(rooms, log, text, form="evtx").duplicates == wrong.records


def test_an_event_log_that_was_read_as_text_is_taken_in_anew_whole(rooms: Rooms, tmp_path: Path) -> None:
    log = tmp_path / "Security.evtx"
    wrong = take_in(rooms, log, EVTX, form="syslog", source="one")
    right = take_in(rooms, log, EVTX, source="one")
    assert wrong.records > 0
    assert right.records > 0
    assert (right.duplicates, right.unparsed) == (0, 0)
    again = take_in(rooms, log, EVTX, source="one")
    assert counts(again) == (right.records, right.records, 0)


def test_short_then_long_adds_the_tail(rooms: Rooms, tmp_path: Path) -> None:
    take_in(rooms, tmp_path / "auth.log", b"".join(LINES[:100]))
    assert counts(take_in(rooms, tmp_path / "auth.log", b"".join(LINES))) == (300, 100, 200)


def test_a_format_named_for_records_taken_in_before_is_said_to_change_nothing(rooms: Rooms, tmp_path: Path) -> None:
    text, log = b"".join(LINES[:30]), tmp_path / "w.log"
    take_in(rooms, log, text, form="json")
    report = take_in(rooms, log, text, form="syslog")
    (told,) = said(report, "stay read as json")
    assert "30 records were taken in before" in told
    assert "`vestige source set w.log --format syslog`" in told
    assert not said(take_in(rooms, log, text, form="json"), "stay read as")
    assert not said(take_in(rooms, log, text), "stay read as")
