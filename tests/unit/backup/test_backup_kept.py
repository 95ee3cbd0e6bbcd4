"""What may not be lost by a backup or by putting one back: the room alone, on a small database."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from vestige.backup import Backup, Parts, Place, making, put_back
from vestige.backup.manifest import Manifest
from vestige.db import Database, copies
from vestige.ledger.blobs import DirectoryBlobs
from vestige.ledger.whole import LogHead, Whole
from vestige.model.errors import ConflictError, FormatError, IntegrityError, StorageError, VestigeError
from vestige.proof.canonical import canonical

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

OLD, NEW = "aa" * 16, "bb" * 16
LOG = LogHead("01M00000000000000000000000", 0, "here/t/01M00000000000000000000000/0", 5, "00" * 32)


class Home:
    """What a backup is made of, without what serves it."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "data"
        self.data.mkdir()
        self.db = Database.open(f"sqlite:///{self.data / 'vestige.sqlite'}")
        self.db.migrate()
        self.db.server_name("here")
        self.blobs = DirectoryBlobs(self.data / "blobs")
        self.names: list[str] = []
        self.kept = folder / "kept"

    def blob(self, name: str, data: bytes) -> None:
        self.blobs.put_stream(io.BytesIO(data), name)
        self.names.append(name)

    def make(self) -> Manifest:
        parts = Parts(self.db, self.blobs, self.data, lambda _: self.names, "1", [])
        return making.make(parts, self.kept, lambda *_: None, threading.Event())

    def files(self) -> set[str]:
        return {path.relative_to(self.kept).as_posix() for path in self.kept.rglob("*") if path.is_file()}


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    made = Home(tmp_path)
    with made.db:
        yield made


def place(folder: Path, blobs: DirectoryBlobs) -> Place:
    (folder / "again").mkdir()
    file = folder / "again" / "vestige.sqlite"
    return Place(folder / "again", lambda: blobs, f"sqlite:///{file}", "", file)


def test_a_store_that_outlived_the_machine_keeps_what_it_has(home: Home, tmp_path: Path) -> None:
    """Its blobs may be the only ones: where the backup is damaged they are not what was put there."""
    home.blob(OLD, b"old")
    home.blob(NEW, b"new")
    home.make()
    store = DirectoryBlobs(tmp_path / "store")
    store.put_back(OLD, b"old")
    (home.kept / "blobs" / "bb" / NEW).write_bytes(b"NEW")
    there = place(tmp_path, store)
    with pytest.raises(IntegrityError, match=NEW):
        put_back(Backup.open(home.kept), there, lambda *_: None)
    assert store.get(OLD) == b"old"
    (home.kept / "blobs" / "bb" / NEW).write_bytes(b"new")
    database = next(home.kept.glob("*/database/*"))
    whole = database.read_bytes()
    database.write_bytes(whole[:-1])
    with pytest.raises(IntegrityError, match="database"):
        put_back(Backup.open(home.kept), there, lambda *_: None)
    assert [path.name for path in (tmp_path / "store").rglob("*") if path.is_file()] == [OLD]
    database.write_bytes(whole)
    put_back(Backup.open(home.kept), there, lambda *_: None)
    assert store.get(NEW) == b"new"


def test_a_backup_that_has_more_than_is_here_is_not_replaced(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """After an older one was put back the newer one has the only copy of what was lost by that."""
    monkeypatch.setattr(making, "whole", lambda _: Whole([LOG], [], 0))
    monkeypatch.setattr(making, "heads", lambda _: [LOG])
    home.make()
    before = home.files()
    for shorter in ([], [LOG._replace(size=4)], [LOG._replace(epoch=1, size=9)]):
        monkeypatch.setattr(making, "heads", lambda _, shorter=shorter: shorter)
        with pytest.raises(ConflictError, match="not here any more"):
            home.make()
        assert home.files() == before
    monkeypatch.setattr(making, "heads", lambda _: [LOG._replace(size=6), LOG._replace(epoch=1)])
    home.make()
    assert home.files() != before


def test_one_that_fails_leaves_nothing_of_its_own(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.blob(OLD, b"old")
    home.make()
    before = home.files()
    home.blob(NEW, b"new")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", "/mnt/backup/x")

    monkeypatch.setattr(making, "listed", full)
    with pytest.raises(StorageError, match="cannot be made") as caught:
        home.make()
    assert caught.value.got == "/mnt/backup/x: No space left on device"
    assert home.files() == before, "the blob that was new is gone, and the old one is there"
    monkeypatch.undo()
    home.make()
    assert f"blobs/bb/{NEW}" in home.files()


def test_a_full_disk_is_the_copys_and_not_the_databases(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.make()
    before = home.files()

    class Source:
        def backup(self, target: sqlite3.Connection, **_: Any) -> None:
            target.execute("PRAGMA max_page_count=2")  # what a disk says that has no more room
            target.executescript("CREATE TABLE a (b); INSERT INTO a VALUES (zeroblob(100000))")

    monkeypatch.setattr(copies, "cast", lambda *_: Source())
    with pytest.raises(StorageError, match=r"copy of the database cannot be written.*disk is full"):
        home.make()
    assert home.files() == before


def test_what_fails_once_it_is_in_place_takes_nothing_of_it_away(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.blob(OLD, b"old")
    syncs = iter([None, OSError(5, "Input/output error")])

    def sync(_: Path) -> None:
        if (error := next(syncs)) is not None:
            raise error

    monkeypatch.setattr(making, "sync_tree", sync)
    with pytest.raises(StorageError):
        home.make()
    backup = Backup.open(home.kept)
    assert all(b"".join(backup.read(name)) for name in backup.digests), "it can be put back"


def test_what_cannot_be_removed_is_told_of_a_backup_that_is_made(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.make()

    def refused(path: Path, *, ignore_errors: bool = False) -> None:
        if not ignore_errors:
            raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(shutil, "rmtree", refused)
    with pytest.raises(StorageError, match="is made, but what is no longer part of it"):
        home.make()
    assert Backup.open(home.kept).manifest.entries == 0
    monkeypatch.undo()
    home.make()
    assert len([path for path in home.kept.iterdir() if path.is_dir() and path.name != "blobs"]) == 1


def test_an_empty_disk_is_an_empty_folder(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new file system has a folder of its own that only root may look into."""
    (home.kept / "lost+found").mkdir(parents=True)
    real = os.open

    def opened(path: Any, *given: Any, **more: Any) -> int:
        if str(path).endswith("lost+found"):
            raise PermissionError(13, "Permission denied")
        return real(path, *given, **more)

    monkeypatch.setattr(os, "open", opened)
    home.make()
    home.make()
    assert (home.kept / "lost+found").is_dir()


@pytest.mark.parametrize("name", [b"caf\xe9", "a\u2028b\u0085c".encode(), b"plain"])
def test_branches_of_any_name_come_back(home: Home, tmp_path: Path, name: bytes) -> None:
    heads = Path("code", "t", "one.git", "refs", "heads")
    (home.data / heads).mkdir(parents=True)
    (home.data / heads / os.fsdecode(name)).write_text("0" * 40 + "\n")
    home.make()
    there = place(tmp_path, DirectoryBlobs(tmp_path / "store"))
    put_back(Backup.open(home.kept), there, lambda *_: None)
    assert [os.fsencode(path.name) for path in (there.data / heads).iterdir()] == [name]


def test_a_manifest_of_other_kinds_of_values_is_none(home: Home) -> None:
    made = home.make()
    body = made.to_json()
    harms: list[dict[str, Any]] = [
        {"files": "1"}, {"files": True}, {"size": -1}, {"columns": {"a": "bc"}}, {"columns": []}, {"settings": "a"},
        {"logs": [1]}, {"logs": [LOG._asdict() | {"size": "5"}]}, {"missing": [1]}, {"version": 1}, {"more": 1},
    ]  # fmt: skip
    for harm in harms:
        with pytest.raises(FormatError, match="no manifest"):
            Manifest.of(written(body | harm))
    assert Manifest.of(written(body)) == made


def written(body: dict[str, Any]) -> bytes:
    """A manifest with a digest that fits it."""

    rest = {name: value for name, value in body.items() if name != "sha256"}
    return orjson.dumps(rest | {"sha256": hashlib.sha256(canonical(rest)).hexdigest()})


def test_a_folder_whose_links_lead_nowhere_is_refused(home: Home) -> None:
    home.kept.symlink_to(home.kept)
    with pytest.raises(VestigeError, match="leads nowhere"):
        home.make()
    home.kept.unlink()
    home.make()
