"""Files that are no lines, followed: taken whole when they are silent, again when they have grown, each record once."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from support.evidence import evidence
from support.samples import SAMPLES
from support.samples.linux import login
from vestige.app import ImportOptions, Installation, load_settings
from vestige.ingest.tail import Tail
from vestige.model.principal import Principal
from vestige.receivers import wholes
from vestige.sources import Sample, detect, in_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import pytest

    from vestige.app import Rooms

SECONDS = 90.0


@contextmanager
def opened(data: Path) -> Iterator[Rooms]:
    with Installation.open(load_settings({}, data=data)) as installation:
        yield installation.rooms_of_slug(None)


@contextmanager
def following(rooms: Rooms, path: Path) -> Iterator[dict[str, Any]]:
    """Follow for as long as this lasts; the report afterwards."""
    stop, report = threading.Event(), dict[str, Any]()

    def follow() -> None:
        options = ImportOptions(by=Principal("local:0"))
        report.update(rooms.intake.follow_paths([path], options, progress=lambda _: None, stop=stop).to_json())

    thread = threading.Thread(target=follow)
    thread.start()
    try:
        yield report
    finally:
        stop.set()
        thread.join()


def take_in(rooms: Rooms, path: Path) -> dict[str, Any]:
    options = ImportOptions(by=Principal("local:0"))
    return dict(rooms.intake.import_paths([path], options, progress=lambda _: None, stop=threading.Event()).to_json())


def until(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not what():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)


def add(path: Path, data: bytes) -> None:
    with path.open("ab", buffering=0) as out:
        out.write(data)


def payloads(data: Path) -> list[bytes]:
    return [one.payload for one in evidence(data)]


RECORDS = [login(7, f"pts/{number}", "bob", "192.0.2.7", pid=10 if number % 2 else 7) for number in range(8)]
"""Every second one holds the byte that ends a line."""


def test_login_records_that_are_added_are_taken_once_each(tmp_path: Path) -> None:
    logs, data = tmp_path / "logs", tmp_path / "data"
    logs.mkdir()
    assert b"\n" in RECORDS[1]
    wtmp = logs / "wtmp"
    add(wtmp, b"".join(RECORDS[:3]))
    with opened(data) as rooms:
        with following(rooms, logs) as report:
            until(lambda: payloads(data) == RECORDS[:3])
            add(wtmp, RECORDS[3])
            until(lambda: len(payloads(data)) == 4)
            add(wtmp, RECORDS[4] + RECORDS[5])
            until(lambda: len(payloads(data)) == 6)
            wtmp.rename(logs / "wtmp.1")
            add(wtmp, RECORDS[6])
            until(lambda: len(payloads(data)) == 7)
        assert payloads(data) == RECORDS[:7]
        assert (report["files"], report["records"], report["parsed"], report["duplicates"]) == (2, 7, 7, 0)
        assert (report["formats"], report["failures"]) == ({"utmp": 2}, [])
        with following(rooms, logs) as report:
            add(wtmp, RECORDS[7])
            until(lambda: len(payloads(data)) == 8)
        assert payloads(data) == RECORDS


def test_an_import_of_a_grown_file_takes_its_last_record_again_only_if_it_was_cut_off(tmp_path: Path) -> None:
    wtmp, data = tmp_path / "wtmp", tmp_path / "data"
    torn = RECORDS[3][:100]
    with opened(data) as rooms:
        for size, new in ((1, 1), (3, 2), (3, 0)):
            wtmp.write_bytes(b"".join(RECORDS[:size]))
            report = take_in(rooms, wtmp)
            assert (report["records"], report["duplicates"]) == (size, size - new)
        add(wtmp, torn)
        assert take_in(rooms, wtmp)["unparsed"] == 1
        wtmp.write_bytes(b"".join(RECORDS[:5]))
        report = take_in(rooms, wtmp)
        assert (report["records"], report["duplicates"], report["parsed"]) == (5, 3, 2)
    assert payloads(data) == [*RECORDS[:3], torn, *RECORDS[3:5]]


def test_an_import_of_it_meanwhile_doubles_nothing(tmp_path: Path) -> None:
    logs, data = tmp_path / "logs", tmp_path / "data"
    logs.mkdir()
    wtmp = logs / "wtmp"
    with opened(data) as rooms, following(rooms, logs):
        for count, record in enumerate(RECORDS, 1):
            add(wtmp, record)
            if count % 3 == 0:
                time.sleep(0.7)  # it is followed, and not yet known to be no lines
                take_in(rooms, wtmp)
        until(lambda: len(payloads(data)) >= len(RECORDS))
        time.sleep(3)
    assert payloads(data) == RECORDS


def test_one_that_is_never_silent_is_taken_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    logs, data = tmp_path / "logs", tmp_path / "data"
    logs.mkdir()
    monkeypatch.setattr(wholes, "QUIET", SECONDS)
    monkeypatch.setattr(wholes, "LATEST", 1.0)
    with opened(data) as rooms, following(rooms, logs):
        for record in RECORDS:
            add(logs / "btmp", record)
            time.sleep(0.5)
        until(lambda: len(payloads(data)) == len(RECORDS))
    assert payloads(data) == RECORDS


def test_no_sample_of_a_format_that_is_not_lines_is_cut_at_line_feeds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logs, data = tmp_path / "logs", tmp_path / "data"
    logs.mkdir()
    whole: set[str] = set()
    for name, members in SAMPLES.items():
        for index, member in enumerate(members):
            path = logs / f"{name}-{index}"
            path.write_bytes(member)
            choice = detect(Sample(str(path), member, complete=True))
            if choice.format is not None and choice.detection is not None:
                whole |= set() if in_lines(choice.format, choice.detection) else {str(path)}
    assert {"utmp-0", "otlp_proto-0", "journald_export-0", "evtx-0"} <= {path.rpartition("/")[2] for path in whole}
    tailed: set[str] = set()
    imported: set[str] = set()
    take, import_whole = Tail.take, wholes.Wholes._import_whole

    def told(self: Tail, *args: Any, **options: Any) -> Iterator[int]:
        tailed.add(self.label)
        return take(self, *args, **options)

    def told_whole(self: wholes.Wholes, identity: Any, one: Any) -> None:
        imported.add(one.path)
        import_whole(self, identity, one)

    monkeypatch.setattr(Tail, "take", told)
    monkeypatch.setattr(wholes.Wholes, "_import_whole", told_whole)
    with opened(data) as rooms, following(rooms, logs):
        until(lambda: whole <= imported)
    assert not tailed & whole
    assert tailed
