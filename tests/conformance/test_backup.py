"""A backup is made while others write; the machine is lost; it is put back, and everything that was proved is.

On both databases, within the test's process; the commands are :mod:`test_backup_commands`'.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from vestige.app import ImportOptions, Installation, Settings, restore
from vestige.custody.rule_store import Rule
from vestige.model.errors import (
    NotFoundError,
)
from vestige.model.principal import Principal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.postgres import Postgres
    from vestige.app import Rooms
    from vestige.ingest.report import ImportReport

BY = Principal("ann@example.org")
LARGE = "x" * 70_000
"""Too large for a row: it lies in a blob."""


def taken(rooms: Rooms, folder: Path, word: str, count: int) -> ImportReport:
    """Import records that say this word and their number; the fourth is large."""
    path = folder / f"{word}.ndjson"
    event = {"event_type": "auth.login", "occurred_at": "2026-04-11T10:00:00Z"}
    lines = [json.dumps(event | {"message": f"{word} {at}", "pad": LARGE if at == 3 else ""}) for at in range(count)]
    path.write_text("".join(f"{line}\n" for line in lines))
    report = rooms.intake.import_paths([path], ImportOptions(BY), progress=lambda _: None, stop=threading.Event())
    rooms.settle()
    return report


def ids(rooms: Rooms, word: str) -> dict[str, str]:
    """The ids of what says a word, by message."""
    rooms.settle()
    return {event["message"]: event["id"] for event in rooms.timeline.page(word, limit=100).events}


def erase(rooms: Rooms, identity: str) -> dict[str, Any]:
    return rooms.custody.erase([identity], by=BY, reason="privacy", progress=lambda *_: None)


@dataclass
class Story:
    """What happened, and what each step told."""

    folder: Path
    settings: Settings
    backup: dict[str, Any] = field(default_factory=dict)
    second: dict[str, Any] = field(default_factory=dict)
    restored: dict[str, Any] = field(default_factory=dict)
    raw: dict[str, bytes] = field(default_factory=dict)
    erased: list[str] = field(default_factory=list)
    exported: list[str] = field(default_factory=list)

    @property
    def first(self) -> Path:
        """The folder with the first backup."""
        return self.folder / "first"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def story(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Story:
    folder = tmp_path_factory.mktemp("story")
    server: Postgres | None = None if request.param == "sqlite" else request.getfixturevalue("postgres")
    told = Story(
        folder, Settings(data=folder / "data", database_url="" if server is None else server.url(server.create()))
    )
    kept = folder / "kept"
    with Installation.open(told.settings) as installation:
        rooms = installation.rooms_of_slug(None)
        installation.access.new_tenant("second", BY)
        assert taken(rooms, folder, "alpha", 12).parsed == 12
        rooms.agreeing.two_persons.change(Rule(sealed=True), BY)
        assert taken(rooms, folder, "beta", 5).parsed == 5
        alpha = ids(rooms, "alpha")
        told.erased.append(alpha["alpha 1"])
        erase(rooms, alpha["alpha 1"])
        told.backup = meanwhile(installation, rooms, folder, kept)
        shutil.copytree(kept, told.first)
        assert taken(rooms, folder, "gamma", 4).parsed == 4
        told.second = installation.backups.make(kept, BY)
        told.erased.append(alpha["alpha 3"])
        told.exported = [one["id"] for one in erase(rooms, alpha["alpha 3"])["exported_since"]]
        for name, identity in (alpha | ids(rooms, "beta")).items():
            if identity not in told.erased:
                told.raw[name] = rooms.raw(identity).payload
    shutil.copytree(told.settings.data / "signer", folder / "signer")
    told.settings = fresh(told, folder / "again", server)
    told.restored = restore(told.settings, told.first, BY)
    return told


def meanwhile(installation: Installation, rooms: Rooms, folder: Path, kept: Path) -> dict[str, Any]:
    """Make a backup while somebody imports without end."""
    over = threading.Event()

    def write() -> None:
        number = 0
        while not over.is_set():
            taken(rooms, folder, f"noise{number}", 5)
            number += 1
            over.wait(0.05)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        return installation.backups.make(kept, BY)
    finally:
        over.set()
        writer.join()


def fresh(story: Story, data: Path, server: Postgres | None) -> Settings:
    """An empty place, with the signer's directory in it."""
    data.mkdir(mode=0o700)
    shutil.copytree(story.folder / "signer", data / "signer")
    return Settings(data=data, database_url="" if server is None else server.url(server.create()))


@pytest.fixture(scope="module")
def rooms(story: Story) -> Iterator[Rooms]:
    """What was put back, opened."""
    with Installation.open(story.settings) as installation:
        yield installation.rooms_of_slug(None)


def test_what_was_put_back_verifies(story: Story, rooms: Rooms) -> None:
    assert story.restored["ok"] is True
    tenants = {one["slug"]: one for one in story.restored["tenants"]}
    assert set(tenants) == {"default", "second"}
    assert sum(one["restored"] for one in tenants.values()) == story.backup["entries"]
    assert tenants["default"]["epoch"]["restore"]["lost"], "what was appended after the backup is told as lost"
    assert rooms.ledger.verify()["ok"] is True
    (log,) = [one for one in story.backup["logs"] if one["tenant"] == tenants["default"]["tenant"]]
    ((lo, hi),) = tenants["default"]["epoch"]["restore"]["lost"]
    assert log["size"] <= lo < hi, "what was erased again was appended before the epoch ended"


def test_what_was_erased_before_and_after_stays_erased(story: Story, rooms: Rooms) -> None:
    assert sum(one["erased_again"] for one in story.restored["tenants"]) == 1
    for identity in story.erased:
        with pytest.raises(NotFoundError):
            rooms.raw(identity)
    blobs = b"".join(path.read_bytes() for path in (story.settings.data / "blobs").rglob("*") if path.is_file())
    assert b"alpha" not in blobs, "the file the records came in goes whole, and so does the large one"
    assert b"gamma" not in blobs
    in_backup = b"".join(path.read_bytes() for path in (story.first / "blobs").rglob("*") if path.is_file())
    assert b"alpha 3" in in_backup, "the backup had the large one"
    assert b"beta 3" not in in_backup, "what is sealed is copied as it lies there"


def test_every_other_payload_is_what_it_was(story: Story, rooms: Rooms) -> None:
    found = ids(rooms, "alpha") | ids(rooms, "beta")
    assert {name: rooms.raw(found[name]).payload for name in story.raw} == story.raw


def test_what_is_imported_again_adds_nothing_but_what_was_lost(story: Story, rooms: Rooms) -> None:
    again = taken(rooms, story.folder, "beta", 5)
    assert (again.parsed, again.duplicates) == (0, 5)
    lost = taken(rooms, story.folder, "gamma", 4)
    assert (lost.parsed, lost.duplicates) == (4, 0)


def test_a_backup_holds_neither_signer_nor_index_nor_a_value_of_a_setting(story: Story) -> None:
    names = {path.relative_to(story.first).parts[0] for path in story.first.rglob("*") if path.is_file()}
    (part,) = names - {"blobs", "manifest.json", ".lock"}
    assert {path.name for path in (story.first / part).iterdir()} == {"database", "files.sha256"}
    kek = (story.folder / "signer" / "kek").read_bytes().strip()
    assert len(kek) == 44
    assert not any(kek in path.read_bytes() for path in story.first.rglob("*") if path.is_file())
    told = json.loads((story.first / "manifest.json").read_bytes())
    assert "VESTIGE_DATA" in told["settings"]
    assert str(story.folder / "data") not in json.dumps(told)
    assert not any(path.stat().st_mode & 0o077 for path in story.first.rglob("*"))


def test_stock_tools_check_it(story: Story) -> None:
    (part,) = [path for path in story.first.iterdir() if path.is_dir() and path.name != "blobs"]
    command = ["sha256sum", "--check", "--quiet", f"{part.name}/files.sha256"]
    assert subprocess.run(command, cwd=story.first, capture_output=True, check=False).returncode == 0
    listed = {line.split("  ", 1)[1] for line in (part / "files.sha256").read_text().splitlines()}
    assert len(listed) == story.backup["files"]
    there = {path.relative_to(story.first).as_posix() for path in story.first.rglob("*") if path.is_file()}
    assert there - listed == {"manifest.json", ".lock", f"{part.name}/files.sha256"}


def test_a_second_one_in_the_folder_copies_no_blob_again(story: Story) -> None:
    assert story.second["entries"] > story.backup["entries"]
    kept = story.folder / "kept"
    parts = [path for path in kept.iterdir() if path.is_dir() and path.name != "blobs"]
    assert len(parts) == 1, "what was the first one's alone is gone"
    begun = (parts[0] / "database").stat().st_ctime_ns
    shared = [path.relative_to(story.first) for path in (story.first / "blobs").rglob("*") if path.is_file()]
    assert shared
    assert all((kept / path).stat().st_mtime_ns < begun for path in shared)
    assert story.second["files"] > len(shared)


def test_the_acts_are_entries(story: Story, rooms: Rooms) -> None:
    made = [event["id"] for event in rooms.timeline.page("in:ledger action:backup.begun", limit=10).events]
    assert len(made) == 1, "the backup has the entry that it was begun, and cannot have the one that it was made"
    assert made[0] in story.exported, "whoever erases is told that a copy left"
    told = rooms.timeline.page("in:ledger action:backup.restored", limit=10).events
    assert story.backup["manifest"] in rooms.raw(told[0]["id"]).payload.decode()
