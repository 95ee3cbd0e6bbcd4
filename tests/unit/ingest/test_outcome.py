"""How an import ends is told, and written into the ledger, however it ends."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from vestige.app import ImportOptions, Installation, Rooms, load_settings
from vestige.ingest.intake import Intake
from vestige.ledger import Kind
from vestige.model.errors import StorageError
from vestige.model.principal import Principal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def rooms(tmp_path: Path) -> Iterator[Rooms]:
    with Installation.open(load_settings({}, data=tmp_path / "data")) as installation:
        yield installation.rooms_of_slug(None)


def files(folder: Path) -> list[Path]:
    made = []
    for name in ("a", "b"):
        made.append(folder / f"{name}.jsonl")
        made[-1].write_text(
            "".join(json.dumps({"timestamp": "2026-04-09T12:00:00Z", name: n}) + "\n" for n in range(9))
        )
    return made


def take_in(rooms: Rooms, paths: list[Path], stop: threading.Event | None = None) -> dict[str, Any]:
    options = ImportOptions(Principal("local:7"))
    report = rooms.intake.import_paths(paths, options, progress=lambda _: None, stop=stop or threading.Event())
    return dict(report.to_json())


def acts(rooms: Rooms) -> list[tuple[str, str, int]]:
    found = []
    for entry in rooms._stores.ledger.entries_of(rooms.tenant.id, [Kind.AUDIT]):
        body = orjson.loads(entry.payload or b"")
        if body["act"] == "import":
            found.append((body["by"], body["detail"]["outcome"], body["detail"]["records"]))
    return found


def test_a_whole_import_is_complete(rooms: Rooms, tmp_path: Path) -> None:
    assert take_in(rooms, files(tmp_path))["outcome"] == "complete"
    assert acts(rooms) == [("local:7", "complete", 18)]


def test_a_stopped_import_says_so(rooms: Rooms, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stop = threading.Event()
    inner = Intake.run

    def stopped(self: Intake) -> Any:
        for batch in inner(self):
            stop.set()
            yield batch

    with monkeypatch.context() as once:
        once.setattr(Intake, "run", stopped)
        report = take_in(rooms, files(tmp_path), stop)
    assert (report["outcome"], report["records"]) == ("stopped", 9)
    assert take_in(rooms, files(tmp_path))["outcome"] == "complete"
    assert acts(rooms) == [("local:7", "stopped", 9), ("local:7", "complete", 18)]


def test_a_failed_import_says_so(rooms: Rooms, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inner, calls = Intake._append, [0]

    def full(self: Intake, records: Any) -> Any:
        calls[0] += 1
        if calls[0] == 2:
            raise StorageError("the disk is full")
        return inner(self, records)

    monkeypatch.setattr(Intake, "_append", full)
    with pytest.raises(StorageError, match="disk is full") as caught:
        take_in(rooms, files(tmp_path))
    assert caught.value.hint.startswith("9 records are safely in")
    assert acts(rooms) == [("local:7", "failed", 9)]
