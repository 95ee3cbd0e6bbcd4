"""What an import's report says that a person would otherwise have to guess, and what the border lets through."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestige.app import Installation, Settings
from vestige.ingest.contexts import Reader
from vestige.ingest.importer import ImportOptions
from vestige.ingest.reading import Columns, add_run
from vestige.ingest.runs import Run
from vestige.model.event import Event
from vestige.model.instant import MAX_INSTANT, MIN_INSTANT
from vestige.model.principal import Principal
from vestige.sources import Context
from vestige.sources.general.json_lines import JsonFormat

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vestige.ingest.report import ImportReport
    from vestige.sources import Format

LINE = "Nov 22 16:00:00 web sshd[1]: Failed password for root from 10.0.0.1 port 1 ssh2\n"


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with Installation.open(Settings(data=tmp_path_factory.mktemp("reports") / "data")) as opened:
        yield opened


def take_in(installation: Installation, path: Path, **options: Any) -> ImportReport:
    rooms = installation.rooms_of_slug(None)
    told = ImportOptions(Principal("local:1"), **options)
    return rooms.intake.import_paths([path], told, progress=lambda _: None, stop=threading.Event())


def test_a_year_for_records_taken_in_before_is_said_to_change_nothing(
    installation: Installation, tmp_path: Path
) -> None:
    log = tmp_path / "auth.log"
    log.write_text(LINE * 3)
    os.utime(log, ns=(1_764_000_000_000_000_000, 1_764_000_000_000_000_000))
    assert not any("before" in one for one in take_in(installation, log).assumptions)
    assert not any("before;" in one for one in take_in(installation, log).assumptions)
    (said,) = (
        one for one in take_in(installation, log, year=2020, zone="Europe/Berlin").assumptions if "before;" in one
    )
    assert "3 records were taken in before" in said
    assert "zone UTC" in said
    assert "the latest year up to 2025-11-24" in said
    assert "`vestige source set`" in said


def test_utf_16_is_named(installation: Installation, tmp_path: Path) -> None:
    file = tmp_path / "wide.csv"
    file.write_text("time,user\n2026-01-01T00:00:00Z,alice\n", encoding="utf-16")
    report = take_in(installation, file)
    assert report.skipped_files == 1
    assert "UTF-16" in report.failures[0].reason


class Fixed:
    """A format that reads whatever it was made with."""

    name, version = "fixed", "1"

    def __init__(self, reading: Any) -> None:
        self.reading = reading

    def parse(self, payloads: list[bytes], _: object) -> list[Any]:
        return [self.reading for _ in payloads]


class Raising(JsonFormat):
    """A format that breaks its contract where it reads by column."""

    def read_columns(self, payloads: Any, context: Any) -> Any:
        raise MemoryError(payloads, context)


def test_a_format_that_raises_by_column_is_asked_for_each_record() -> None:
    payloads = [b'{"event_type":"a.b","occurred_at":"2026-04-11T10:00:00Z"}', b"{"]
    for form in (Raising(), JsonFormat()):
        columns, readers = Columns(), Readers(None)
        readers.read_as(form)
        tally = add_run(columns, Run([0, 1], ["x", "y"], 0, "s", "a", payloads), readers, str)
        assert (tally.parsed, tally.unparsed, [index for index, _ in tally.failures]) == (1, 1, [1])
        assert [event.event_type for event in columns.rows] == ["a.b", "record.unparsed"]


class Readers:
    """Contexts that know one reader."""

    def __init__(self, reading: Any) -> None:
        self._reader = Reader(Fixed(reading), Context(received_at=0), "fixed/1")  # type: ignore[arg-type]

    def read_as(self, form: Format) -> None:
        self._reader = self._reader._replace(format=form)

    def reader(self, _: str) -> Reader:
        return self._reader

    def source_name(self, source: str) -> str:
        return source


def read(reading: Any) -> tuple[Event, int]:
    columns = Columns()
    add_run(columns, Run([0], ["x"], 0, "s", "a", [b"p"]), Readers(reading), str)
    return columns.rows[0], columns.statuses[0]


@given(at=st.integers(-(2**65), 2**65) | st.sampled_from([MIN_INSTANT - 1, MIN_INSTANT, MAX_INSTANT, MAX_INSTANT + 1]))
def test_no_instant_leaves_the_border_that_a_store_cannot_hold(at: int) -> None:
    event, _ = read(Event("a.b", at, "then", "exact", observed_at=at))
    if MIN_INSTANT <= at <= MAX_INSTANT:
        assert event == Event("a.b", at, "then", "exact", observed_at=at)
    else:
        assert event == Event("a.b", None, "then", "missing", tags=("time:out_of_range",))


def test_no_format_speaks_as_this_installation_and_no_record_is_without_a_row() -> None:
    assert read(Event("vestige.audit"))[0].event_type == "event.generic"
    assert read(Event("vestiges.found"))[0].event_type == "vestiges.found"
    event, status = read(())
    assert (event.event_type, status) == ("record.skipped", 2)
