"""What is refused when a backup is made or put back, each beside what is not."""

from __future__ import annotations

import fcntl
import hashlib
import json
import shutil
import sqlite3
import subprocess
import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from vestige.app import ImportOptions, Installation, Settings, refuse_foreign, require_installation, restore, restoring
from vestige.backup import Backup, making
from vestige.model.errors import (
    BusyError,
    ConflictError,
    FormatError,
    IntegrityError,
    NotFoundError,
    SettingsError,
    SignerError,
    StorageError,
    UsageError,
    VestigeError,
)
from vestige.model.principal import Principal
from vestige.proof.canonical import canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

BY = Principal("ann@example.org")


@dataclass(frozen=True)
class Attempt:
    """A copy of the backup, and a place to put it back into."""

    backup: Path
    settings: Settings

    def fails(self, error: type[VestigeError], word: str) -> None:
        """It is refused with these words, and nothing of it stays."""
        before = sorted(path.name for path in self.settings.data.iterdir())
        with pytest.raises(error, match=word):
            restore(self.settings, self.backup, BY)
        assert sorted(path.name for path in self.settings.data.iterdir()) == before

    def succeeds(self) -> None:
        assert restore(self.settings, self.backup, BY)["ok"] is True


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a data directory, and a backup of it."""
    folder = tmp_path_factory.mktemp("made")
    with Installation.open(Settings(data=folder / "data")) as installation:
        rooms = installation.rooms_of_slug(None)
        path = folder / "alpha.ndjson"
        event = {"event_type": "auth.login", "occurred_at": "2026-04-11T10:00:00Z", "message": "alpha"}
        path.write_text(json.dumps(event) + "\n" + json.dumps(event | {"pad": "x" * 70_000}) + "\n")
        rooms.intake.import_paths([path], ImportOptions(BY), progress=lambda _: None, stop=threading.Event())
        rooms.settle()
        assert standing(installation)["ok"] is False
        repository(folder / "data" / "code" / rooms.tenant.id)
        installation.backups.make(folder / "backup", BY)
        assert standing(installation)["ok"] is True
        assert str(folder / "backup") in standing(installation)["detail"]
    return folder


def standing(installation: Installation) -> dict[str, Any]:
    """What doctor says of backups."""
    rooms = installation.rooms_of_slug(None)
    rooms.settle()
    return next(check for check in installation.doctor(rooms) if check["name"] == "backup")


def repository(folder: Path) -> None:
    """A bare repository with a commit, where mirrors are."""
    folder.mkdir(parents=True)
    author = ["-c", "user.name=ann", "-c", "user.email=ann@example.org"]
    for command in (
        ["init", "--quiet", "--initial-branch=main", "work"],
        ["-C", "work", *author, "commit", "--quiet", "--allow-empty", "-m", "first"],
        ["clone", "--quiet", "--mirror", "work", "01M00000000000000000000000.git"],
        ["init", "--quiet", "--bare", "01M00000000000000000000001.git"],
    ):
        subprocess.run(["git", *command], cwd=folder, check=True)
    shutil.rmtree(folder / "work")


@pytest.fixture
def attempt(made: Path, tmp_path: Path) -> Iterator[Attempt]:
    shutil.copytree(made / "backup", tmp_path / "backup")
    (tmp_path / "data").mkdir(mode=0o700)
    shutil.copytree(made / "data" / "signer", tmp_path / "data" / "signer")
    yield Attempt(tmp_path / "backup", Settings(data=tmp_path / "data"))
    shutil.rmtree(tmp_path)


def cut(backup: Path) -> None:
    file = next(backup.glob("*/database/*"))
    file.write_bytes(file.read_bytes()[:-1])


def turn(backup: Path) -> None:
    blob = next(path for path in (backup / "blobs").rglob("*") if path.is_file())
    data = bytearray(blob.read_bytes())
    data[len(data) // 2] ^= 1
    blob.write_bytes(data)


def lose(backup: Path) -> None:
    next(path for path in (backup / "blobs").rglob("*") if path.is_file()).unlink()


def alter_list(backup: Path) -> None:
    path = next(backup.glob("*/files.sha256"))
    path.write_text(path.read_text().replace("a", "b", 1))


def alter_manifest(backup: Path) -> None:
    path = backup / "manifest.json"
    path.write_text(path.read_text().replace('"size": ', '"size": 1', 1))


def rewritten(backup: Path, **said: object) -> None:
    """The manifest with other words, and a digest that fits them."""
    path = backup / "manifest.json"
    body = json.loads(path.read_bytes()) | said
    del body["sha256"]
    path.write_text(json.dumps(body | {"sha256": hashlib.sha256(canonical(body)).hexdigest()}))


def test_a_damaged_backup_is_refused(attempt: Attempt) -> None:
    harms: list[tuple[Callable[[Path], object], type[VestigeError], str]] = [
        (cut, IntegrityError, "is not what was written"),
        (turn, IntegrityError, "is not what was written"),
        (lose, IntegrityError, "is not what was written"),
        (alter_list, IntegrityError, "is not what was written"),
        (alter_manifest, IntegrityError, "manifest was altered"),
        (lambda backup: (backup / "manifest.json").unlink(), NotFoundError, "there is no backup"),
        (lambda backup: (backup / "manifest.json").write_bytes(b"{"), FormatError, "no manifest"),
        (lambda backup: rewritten(backup, format=2), FormatError, "newer version"),
        (lambda backup: rewritten(backup, revision="9999"), FormatError, "newer version"),
        (lambda backup: rewritten(backup, dialect="other"), SettingsError, "another kind of database"),
    ]
    whole = attempt.backup.with_name("whole")
    attempt.backup.rename(whole)
    for harm, error, word in harms:
        shutil.copytree(whole, attempt.backup)
        harm(attempt.backup)
        attempt.fails(error, word)
        shutil.rmtree(attempt.backup)
    whole.rename(attempt.backup)
    attempt.succeeds()


def test_a_place_that_is_not_empty_is_refused(attempt: Attempt) -> None:
    (attempt.settings.data / "notes.txt").write_text("mine")
    attempt.fails(ConflictError, "is not empty")
    (attempt.settings.data / "notes.txt").unlink()
    # What an attempt left that was killed: it is begun anew, and meanwhile nobody takes it for an installation.
    (attempt.settings.data / "vestige.restoring").touch(mode=0o600)
    stray = attempt.settings.data / "blobs" / "ab" / ("ab" * 16)
    stray.parent.mkdir(parents=True)
    stray.write_bytes(b"half")
    attempt.succeeds()
    assert not stray.exists()
    attempt.fails(ConflictError, "is not empty")


def test_repositories_come_back_also_an_empty_one(attempt: Attempt) -> None:
    attempt.succeeds()
    (folder,) = (attempt.settings.data / "code").iterdir()
    full, empty = sorted(folder.glob("*.git"))
    log = subprocess.run(["git", "-C", full, "log", "--format=%s", "main"], capture_output=True, check=True)
    assert log.stdout == b"first\n"
    assert subprocess.run(["git", "-C", full, "fsck", "--strict"], capture_output=True, check=False).returncode == 0
    assert subprocess.run(["git", "-C", empty, "rev-parse"], capture_output=True, check=False).returncode == 0


def test_blobs_go_where_the_settings_have_them(attempt: Attempt, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    moved = Attempt(attempt.backup, replace(attempt.settings, blobs_url=elsewhere.as_uri()))
    blob = next(path for path in (attempt.backup / "blobs").rglob("*") if path.is_file())
    data = blob.read_bytes()
    blob.write_bytes(data[:-1])
    moved.fails(IntegrityError, "is not what was written")
    assert [path for path in elsewhere.rglob("*") if path.is_file()] == []
    blob.write_bytes(data)
    moved.succeeds()
    assert {path.name for path in elsewhere.rglob("*") if path.is_file()} == {
        path.name for path in (attempt.backup / "blobs").rglob("*") if path.is_file()
    }


def test_a_database_elsewhere_is_somebodys(attempt: Attempt, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Outside the data directory nothing says that it is empty; what was there is never removed."""
    file = tmp_path / "elsewhere.sqlite"
    settings = replace(attempt.settings, database_url=f"sqlite:///{file}")
    moved = Attempt(attempt.backup, settings)
    for name in ("elsewhere.sqlite", "elsewhere.sqlite-wal"):
        (tmp_path / name).write_bytes(b"mine")
        moved.fails(ConflictError, "a database already")
        assert (tmp_path / name).read_bytes() == b"mine"
        (tmp_path / name).unlink()

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    # Killed once the database was in place: it is what was being put back, and nobody else's.
    def put(*_: object) -> None:
        file.write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(restoring, "put_back", put)
    monkeypatch.setattr(restoring, "_clear", killed)
    with pytest.raises(KeyboardInterrupt):
        restore(settings, attempt.backup, BY)
    monkeypatch.undo()
    assert (settings.data / "vestige.restoring").exists()
    monkeypatch.chdir(tmp_path)
    Attempt(attempt.backup, replace(settings, database_url="sqlite:///elsewhere.sqlite")).succeeds()
    assert file.stat().st_size > 4
    assert not (settings.data / "elsewhere.sqlite").exists()


def test_what_goes_wrong_behind_it_says_that_all_is_put_back(attempt: Attempt, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(restoring, "_gone_on", interrupted)
    with pytest.raises(SignerError, match="has shrunk") as caught:  # which is what closing the log as it is finds
        restore(attempt.settings, attempt.backup, BY)
    assert isinstance(caught.value.__context__, KeyboardInterrupt)
    assert "not verified yet" in caught.value.__notes__[0]
    monkeypatch.undo()
    require_installation(attempt.settings)
    attempt.fails(ConflictError, "is not empty")
    with Installation.open(attempt.settings) as installation:
        rooms = installation.rooms_of_slug(None)
        rooms.new_epoch(BY)
        assert rooms.ledger.verify()["ok"] is True


def test_what_was_being_put_back_is_no_installation(attempt: Attempt) -> None:
    (attempt.settings.data / "vestige.restoring").touch(mode=0o600)
    with pytest.raises(StorageError, match="broken off"):
        require_installation(attempt.settings)
    with pytest.raises(StorageError, match="broken off"):
        refuse_foreign(attempt.settings)


def test_without_the_signer_it_is_refused_unless_that_is_said(attempt: Attempt) -> None:
    signer = attempt.settings.signer
    for path in signer.glob("*.json"):
        path.unlink()
    attempt.fails(SettingsError, "does not know the backup's logs")
    told = restore(attempt.settings, attempt.backup, BY, without_signer=True)
    assert told["ok"] is True
    assert {one["epoch"]["restore"]["signer"] for one in told["tenants"]} == {"missing"}


def test_without_the_key_everything_is_readable_and_nothing_signed(attempt: Attempt) -> None:
    shutil.rmtree(attempt.settings.signer)
    told = restore(attempt.settings, attempt.backup, BY, without_signer=True)
    assert told["ok"] is False
    assert all(one["unsigned"] for one in told["tenants"])
    connection = sqlite3.connect(attempt.settings.data / "vestige.sqlite")
    found = "SELECT count(*) FROM ledger_payloads WHERE instr(payload, CAST('alpha' AS BLOB))"
    (count,) = connection.execute(found).fetchone()
    connection.close()
    assert count


# -- making one ------------------------------------------------------------------------------------------------------


def test_places_a_backup_cannot_go_to(made: Path, tmp_path: Path) -> None:
    with Installation.open(Settings(data=tmp_path / "data")) as other:
        for folder in (tmp_path / "data" / "backup", tmp_path):
            with pytest.raises(UsageError, match="outside the data directory"):
                other.backups.make(folder, BY)
        (tmp_path / "mine").mkdir()
        (tmp_path / "mine" / "notes.txt").touch()
        with pytest.raises(ConflictError, match="something else"):
            other.backups.make(tmp_path / "mine", BY)
        with pytest.raises(ConflictError, match="another installation"):
            other.backups.make(made / "backup", BY)
        rooms = other.rooms_of_slug(None)
        rooms.settle()
        failed = rooms.timeline.page("in:ledger action:backup.failed", limit=10).events
        assert len(failed) == 2
        other.backups.make(tmp_path / "fresh", BY)
    assert Backup.open(made / "backup").manifest.entries > 0


def test_one_that_is_broken_off_leaves_the_earlier_one_as_it_was(made: Path, tmp_path: Path) -> None:
    kept, stop = tmp_path / "kept", threading.Event()
    with Installation.open(Settings(data=tmp_path / "data")) as installation:
        installation.backups.make(kept, BY)
        before = files_in(kept)

        def tell(what: str, _done: int, _of: int) -> None:
            if what == "database":
                stop.set()

        with pytest.raises(BusyError, match="given up"):
            installation.backups.make(kept, BY, tell, stop)
        assert files_in(kept) == before
        assert made.is_dir()


def files_in(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_two_at_once_in_a_folder_are_refused(tmp_path: Path) -> None:
    with Installation.open(Settings(data=tmp_path / "data")) as installation:
        (tmp_path / "kept").mkdir()
        with (tmp_path / "kept" / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            with pytest.raises(BusyError, match="just now"):
                installation.backups.make(tmp_path / "kept", BY)
        assert installation.backups.make(tmp_path / "kept", BY)["missing"] == []


def test_what_is_erased_meanwhile_is_in_no_backup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database is copied anew; where there is no end of it, no backup is made."""
    with Installation.open(Settings(data=tmp_path / "data")) as installation:
        counts = iter([1, 1, 0])
        monkeypatch.setattr(making, "erasures", lambda _: next(counts))
        told: list[str] = []
        installation.backups.make(
            tmp_path / "kept", BY, lambda what, done, of: told.append(what) if done == of else None
        )
        assert told.count("database") == 3
        monkeypatch.setattr(making, "erasures", lambda _: 1)
        with pytest.raises(BusyError, match="erased each time"):
            installation.backups.make(tmp_path / "kept", BY)


def test_a_blob_that_is_lost_is_named_and_the_rest_is_kept(made: Path, tmp_path: Path) -> None:
    shutil.copytree(made / "data", tmp_path / "data", ignore=shutil.ignore_patterns("index*"))
    blob = next(path for path in (tmp_path / "data" / "blobs").rglob("*") if path.is_file())
    blob.unlink()
    with Installation.open(Settings(data=tmp_path / "data")) as installation:
        told = installation.backups.make(tmp_path / "kept", BY)
    assert told["missing"] == [blob.name]
    assert told["files"] > 1
