"""What the ledger has of a file decides what an import of it adds: by bytes, and only within one kind of format."""

from __future__ import annotations

import gzip
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
    report = rooms.intake.import_paths([path], told, progress=lambda _: None, stop=threading.Event())
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


@pytest.mark.parametrize("many", [14, 150, 299])
@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("cut", [0, 1, 30])
def test_a_shorter_copy_adds_nothing(rooms: Rooms, tmp_path: Path, many: int, zipped: bool, cut: int) -> None:
    take_in(rooms, tmp_path / "auth.log", b"".join(LINES))
    head = rooms._stores.ledger.head(rooms.tenant.id)
    content = b"".join(LINES[:many])
    content = content[: len(content) - cut]
    name = "auth.log.gz" if zipped else "auth.log"
    report = take_in(rooms, tmp_path / "old" / name, gzip.compress(content) if zipped else content)
    assert counts(report) == (many, many, 0)
    assert said(report, "a shorter copy")
    assert rooms._stores.ledger.head(rooms.tenant.id) == head


def test_a_copy_of_a_log_that_was_taken_in_as_it_grew_adds_nothing(rooms: Rooms, tmp_path: Path) -> None:
    text = b"".join(LINES)
    for size in (5000, 12_345, 20_000):
        take_in(rooms, tmp_path / "auth.log", text[:size])
        take_in(rooms, tmp_path / "else.log", b"2026-11-22T16:00:00Z host app[1]: a\n" * size)
    for size in (4000, 12_000, 12_400, 19_999):
        assert take_in(rooms, tmp_path / "old.log", text[:size]).events == 0, size
    longer = take_in(rooms, tmp_path / "auth.log", text)
    assert longer.duplicates == text[:20_000].count(b"\n")


def test_short_then_long_adds_the_tail(rooms: Rooms, tmp_path: Path) -> None:
    take_in(rooms, tmp_path / "auth.log", b"".join(LINES[:100]))
    assert counts(take_in(rooms, tmp_path / "auth.log", b"".join(LINES))) == (300, 100, 200)


def test_what_only_begins_alike_is_taken_in(rooms: Rooms, tmp_path: Path) -> None:
    take_in(rooms, tmp_path / "auth.log", b"".join(LINES))
    other = [*LINES[:100], LINES[100].replace(b"root", b"toor"), *LINES[101:200]]
    report = take_in(rooms, tmp_path / "b" / "auth.log", b"".join(other))
    assert counts(report) == (200, 0, 200)
    assert not said(report, "longer file")
    shifted = take_in(rooms, tmp_path / "c" / "auth.log", b"".join([*LINES[:100], *LINES[150:200]]))
    assert counts(shifted) == (150, 0, 150)


@pytest.mark.parametrize(
    "text",
    [
        "time,user\n" + "".join(f"2026-01-01T00:00:{n % 60:02}Z,user{n}\n" for n in range(300)),
        "[" + ",".join(f'{{"timestamp":"2026-01-01T00:00:{n % 60:02}Z","user":"u{n}"}}' for n in range(300)) + "]",
        "#Fields: date time c-ip cs-method cs-uri-stem sc-status\n"
        + "".join(f"2026-01-01 10:00:{n % 60:02} 192.0.2.1 GET /short/{n} 200\n" for n in range(100))
        + "#Fields: date time s-ip cs-method cs-uri-stem c-ip sc-status time-taken\n"
        + "".join(f"2026-01-01 11:00:{n % 60:02} 203.0.113.9 GET /long/{n} 192.0.2.2 404 7\n" for n in range(200)),
    ],
)
def test_copies_of_tables_and_documents_add_nothing(rooms: Rooms, tmp_path: Path, text: str) -> None:
    data = text.encode()
    whole = take_in(rooms, tmp_path / "a.log", data)
    assert whole.duplicates == 0
    for size in (2000, 4321, 9001, len(data) - 5):
        report = take_in(rooms, tmp_path / "old.log", data[:size])
        assert (report.events, report.unparsed) == (0, 0), size
        assert 0 < report.duplicates <= whole.records


def test_what_was_erased_cannot_tell_and_the_report_says_so(
    rooms: Rooms, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_in(rooms, tmp_path / "auth.log", b"".join(LINES))
    ledger = rooms._stores.ledger
    opened = ledger.opened

    def erased(entry: Any) -> bytes:
        return opened(entry if entry.kind is not Kind.EVIDENCE else entry._replace(salt=None, payload=None))

    monkeypatch.setattr(ledger, "opened", erased)
    report = take_in(rooms, tmp_path / "old" / "auth.log", b"".join(LINES[:100]))
    assert counts(report) == (100, 0, 100)
    (told,) = said(report, "cannot be told")
    assert "erased" in told


def test_a_format_named_for_records_taken_in_before_is_said_to_change_nothing(rooms: Rooms, tmp_path: Path) -> None:
    text, log = b"".join(LINES[:30]), tmp_path / "w.log"
    take_in(rooms, log, text, form="json")
    report = take_in(rooms, log, text, form="syslog")
    (told,) = said(report, "stay read as json")
    assert "30 records were taken in before" in told
    assert "`vestige source set w.log --format syslog`" in told
    assert not said(take_in(rooms, log, text, form="json"), "stay read as")
    assert not said(take_in(rooms, log, text), "stay read as")
