"""The projector under what can befall it: large records, readings that cannot be had, engines that fail for a while."""

from __future__ import annotations

import json
import resource
import shutil
import sqlite3
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfoNotFoundError

import pytest

from vestige.app import ImportOptions, Installation, Rooms, Window, load_settings
from vestige.index import Index
from vestige.index.engine import Engine
from vestige.ingest import projector
from vestige.ingest.runs import EXCERPT, PARSE_LIMIT
from vestige.ledger import Ledger
from vestige.model.errors import IndexStoreError, StorageError
from vestige.model.event import MOST_EVENTS
from vestige.model.principal import Principal
from vestige.sources import registry
from vestige.sources.general.json_lines import FORMAT as JSON_LINES
from vestige.sources.reading import timefield

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from vestige.index import Block
    from vestige.ledger import StoredEntry

MIB = 1 << 20


@contextmanager
def opened(data: Path) -> Iterator[Rooms]:
    with Installation.open(load_settings({}, data=data)) as installation:
        yield installation.rooms_of_slug(None)


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projector, "RETRY", 0.2)


def file_of(folder: Path, lines: Sequence[dict[str, Any]], name: str = "events.jsonl") -> Path:
    path = folder / name
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def small(folder: Path, count: int = 20) -> Path:
    return file_of(folder, [{"timestamp": f"2026-04-09T12:00:{n:02}Z", "n": n} for n in range(count)])


def take_in(rooms: Rooms, path: Path, **options: Any) -> dict[str, Any]:
    options = {"by": Principal("local:0")} | options
    report = rooms.intake.import_paths(
        [path], ImportOptions(**options), progress=lambda _: None, stop=threading.Event()
    )
    return dict(report.to_json())


def rebuild(rooms: Rooms) -> dict[str, Any]:
    return rooms.rebuild_index(lambda *_: None, threading.Event())


def caught_up(rooms: Rooms) -> bool:
    """Wait for the index however often it fails meanwhile."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if rooms.settle() == 0:
            return True
        time.sleep(0.05)
    return False


def until(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 20
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    return condition()


def unparsed(rooms: Rooms) -> list[str]:
    page = rooms.timeline.page("type:record.unparsed", Window(undated=True), limit=100)
    return [event["message"] for event in page.events]


def test_blocks_of_large_records_are_bounded_live_and_read_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = "a word or two " * (MIB // 14)
    path = tmp_path / "large.jsonl"
    with path.open("w") as file:
        for n in range(120):
            file.write(json.dumps({"timestamp": f"2026-04-09T12:{n // 60:02}:{n % 60:02}Z", "text": words[n:]}) + "\n")
        file.write(json.dumps({"timestamp": "2026-04-09T13:00:00Z", "text": words * 9}) + "\n")
    sizes: list[int] = []
    loaded: list[tuple[int, int]] = []
    write, beginning = Engine.insert, Ledger.beginning

    def measured(self: Engine, table: str, rows: Any, token: str) -> None:
        if table.startswith("vestige.") and "events" in table:
            sizes.append(rows.nbytes)
        write(self, table, rows, token)

    def counted(self: Ledger, entry: StoredEntry, most: int = -1) -> bytes:
        data = beginning(self, entry, most)
        loaded.append((most, len(data)))
        return data

    monkeypatch.setattr(Engine, "insert", measured)
    monkeypatch.setattr(Ledger, "beginning", counted)

    def bounded() -> bool:
        most = projector.BLOCK_BYTES + 2 * projector.READ_BYTES
        good = len(sizes) > 1 and max(sizes) < most
        sizes.clear()
        return good

    data = tmp_path / "data"
    with opened(data) as rooms:
        report = take_in(rooms, path)
        assert (report["records"], report["parsed"], report["unparsed"]) == (121, 120, 1)
        assert bounded()
        live = rooms.projector._index.digests(rooms._stores.log)
    shutil.rmtree(data / "index")
    with opened(data) as rooms:
        assert caught_up(rooms)
        assert bounded()
        assert rooms.projector._index.digests(rooms._stores.log) == live
        assert rebuild(rooms)["equal"] is True
        assert bounded()
    assert (EXCERPT, EXCERPT) in loaded
    assert max(size for _, size in loaded) < PARSE_LIMIT
    with capsys.disabled():
        print(f" [peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MiB]", end="")


def test_a_torn_block_is_built_again_with_its_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projector, "BLOCK_BYTES", 600)
    monkeypatch.setattr(projector, "READ_BYTES", 200)
    data = tmp_path / "data"
    with opened(data) as rooms:
        take_in(rooms, small(tmp_path, 60))
        live = rooms.projector._index.digests(rooms._stores.log)
    shutil.rmtree(data / "index")
    inner, bounds, failing = Engine.insert, [], [True]
    written = Index.write

    def breaks(self: Engine, table: str, rows: Any, token: str) -> None:
        if table.endswith("places") and failing:
            failing.pop()
            raise IndexStoreError("killed midway")
        inner(self, table, rows, token)

    def noted(self: Index, block: Block) -> Any:
        bounds.append((block.lo, block.hi))
        return written(self, block)

    monkeypatch.setattr(Engine, "insert", breaks)
    monkeypatch.setattr(Index, "write", noted)
    with opened(data) as rooms:
        assert caught_up(rooms)
        assert rooms.projector._index.digests(rooms._stores.log) == live
        assert rooms.projector.error is None
    assert not failing
    assert len(set(bounds)) > 3
    assert max(map(bounds.count, bounds)) == 2, bounds


class Foreign:
    """A third party's format: JSON lines under a name of its own."""

    name = "acme"
    version = "7"
    media_type = "application/json"
    source_name = None
    rendered = False
    fails = False

    def detect(self, _: Any) -> None:
        return None

    def split(self, stream: Any, **options: Any) -> Any:
        return JSON_LINES.split(stream, **options)

    def parse(self, payloads: Sequence[bytes], context: Any) -> list[Any]:
        if self.fails and any(b'"n": 3}' in payload for payload in payloads):
            raise KeyError("n")
        return JSON_LINES.parse(payloads, context)


def test_records_of_a_format_that_is_gone_say_so_until_it_is_there_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = registry.formats()
    data = tmp_path / "data"
    with monkeypatch.context() as installed:
        installed.setitem(known, "acme", Foreign())
        with opened(data) as rooms:
            assert take_in(rooms, small(tmp_path), form="acme")["parsed"] == 20
            live = rooms.projector._index.digests(rooms._stores.log)
    shutil.rmtree(data / "index")
    with opened(data) as rooms:
        assert caught_up(rooms)
        assert rooms.projector.error is None
        reasons = unparsed(rooms)
        assert len(reasons) == 20
        assert reasons[0].startswith("not read: no such source format: acme")
        assert take_in(rooms, file_of(tmp_path, [{"timestamp": "2026-04-09T13:00:00Z"}], "b.jsonl"))["parsed"] == 1
        with monkeypatch.context() as installed:
            installed.setitem(known, "acme", Foreign())
            rebuild(rooms)
            assert unparsed(rooms) == []
    assert live["events"].rows < rooms._stores.ledger.head(rooms.tenant.id) + 1


def test_a_format_that_raises_loses_only_the_record_it_raises_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = Foreign()
    monkeypatch.setitem(registry.formats(), "acme", form)
    monkeypatch.setattr(Foreign, "fails", True)
    with opened(tmp_path / "data") as rooms:
        report = take_in(rooms, small(tmp_path), form="acme")
        assert (report["parsed"], report["unparsed"]) == (19, 1)
        assert unparsed(rooms) == ["the format acme 7 failed: KeyError: 'n'"]
        assert rebuild(rooms)["equal"] is True


def test_records_of_a_zone_that_is_gone_say_so_until_it_is_there_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    with opened(data) as rooms:
        assert take_in(rooms, small(tmp_path), zone="Europe/Berlin")["parsed"] == 20

    def gone(name: str) -> Any:
        raise ZoneInfoNotFoundError(name)

    with opened(data) as rooms:
        with monkeypatch.context() as without:
            without.setattr(timefield, "ZoneInfo", gone)
            timefield._clock.cache_clear()
            timefield.zone_named.cache_clear()
            rebuild(rooms)
            assert len(unparsed(rooms)) == 20
            assert unparsed(rooms)[0].startswith("not read: no such time zone: Europe/Berlin")
            assert rooms.projector.error is None
        rebuild(rooms)
        assert unparsed(rooms) == []


def failing(monkeypatch: pytest.MonkeyPatch, owner: type, name: str) -> list[str]:
    """Make a method fail as long as the list holds anything."""
    inner, down = getattr(owner, name), ["out of order"]

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        if down:
            raise StorageError(down[0])
        return inner(self, *args, **kwargs)

    monkeypatch.setattr(owner, name, method)
    return down


def test_an_outage_longer_than_the_retry_is_outlived(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(tmp_path / "data") as rooms:
        take_in(rooms, small(tmp_path))
        down = [failing(monkeypatch, Index, name) for name in ("write", "refresh", "torn")]
        report = take_in(rooms, file_of(tmp_path, [{"timestamp": "2026-04-09T13:00:00Z", "n": 99}], "b.jsonl"))
        assert (report["records"], report["parsed"]) == (1, 1)
        assert report["index_lag"] > 0
        assert "out of order" in report["index_reason"]
        lag = rooms.settle()
        assert rooms.behind(lag) == {"index_lag": lag, "index_reason": "out of order"}
        assert len(rooms.timeline.page("").events) == 20
        time.sleep(0.6)
        assert rooms.projector._thread.is_alive()
        for one in down:
            one.clear()
        assert caught_up(rooms)
        assert (rooms.projector.error, rooms.behind(0)) == (None, {})
        assert len(rooms.timeline.page("").events) == 21


def test_an_error_is_over_when_nothing_is_left_to_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(tmp_path / "data") as rooms:
        take_in(rooms, small(tmp_path))
        down = failing(monkeypatch, Ledger, "head")
        assert until(lambda: rooms.projector.error is not None)
        down.clear()
        assert until(lambda: rooms.projector.error is None)


def test_a_rebuild_mends_what_keeps_the_projector_from_going_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(tmp_path / "data") as rooms:
        failing(monkeypatch, Index, "write")
        assert take_in(rooms, small(tmp_path))["index_lag"] > 0
        assert rebuild(rooms)["entries"] == rooms._stores.ledger.head(rooms.tenant.id)
        assert rooms.projector.error is None
        assert rooms.settle() == 0
        assert len(rooms.timeline.page("").events) == 20


def test_an_altered_payload_is_shown_as_such_and_not_as_evidence(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with opened(data) as rooms:
        take_in(rooms, small(tmp_path))
        page = rooms.timeline.page("", Window(descending=False))
        seq = page.events[3]["seq"]
    with sqlite3.connect(data / "vestige.sqlite") as raw:
        for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            raw.execute(f"DROP TRIGGER {name}")
        old = b'{"timestamp": "2026-04-09T12:00:03Z", "n": 3}'
        new = b'{"timestamp": "2026-04-09T12:00:03Z", "n": 4}'
        changed = raw.execute("UPDATE ledger_payloads SET payload = ? WHERE payload = ?", (new, old)).rowcount
        assert changed == 1
    raw.close()
    with opened(data) as rooms:
        rebuild(rooms)
        assert [reason[:40] for reason in unparsed(rooms)] == ["the stored bytes are not those the ledge"]
        assert rooms.timeline.page("", Window(undated=True)).events[0]["seq"] == seq


FLOW = b'{"srcaddr":"192.0.2.1","destaddr":"192.0.2.2"}'
PENSANDO = b"<14>1 2026-01-01T10:00:00Z h p 1  - ["
OTLP = b'{"resourceLogs":[{"scopeLogs":[{"scope":{},"logRecords":['


@pytest.mark.parametrize(
    ("begin", "item", "end"),
    [(PENSANDO, b'{"srcaddr":0}', b"]"), (OTLP, b"{}", b"]}]}]}")],
    ids=["pensando", "otlp_json"],
)
@pytest.mark.parametrize("over", [False, True], ids=["at the bound", "above"])
def test_a_record_of_more_events_than_can_be_numbered_is_kept_and_told(
    tmp_path: Path, begin: bytes, item: bytes, end: bytes, over: bool
) -> None:
    path = tmp_path / "flows.log"
    first = FLOW if begin == PENSANDO else item
    count = MOST_EVENTS + over
    path.write_bytes(begin + first + end + b"\n" + begin + b",".join([first] + [item] * (count - 1)) + end + b"\n")
    reason = "a record of more than 65535 events is kept whole but not parsed"
    with opened(tmp_path / "data") as rooms:
        report = take_in(rooms, path)
        assert (report["records"], report["parsed"], report["unparsed"]) == (2, 2 - over, int(over))
        assert [one["reason"] for one in report["failures"]] == [reason] * over
        assert report["events"] == (1 if over else count + 1)
        assert unparsed(rooms) == [reason] * over
        rebuild(rooms)
        assert caught_up(rooms)
        assert unparsed(rooms) == [reason] * over
