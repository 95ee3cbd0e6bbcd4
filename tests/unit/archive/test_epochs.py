"""Archives of a log that was closed: all of it, to what no checkpoint of its own ever covered."""

from __future__ import annotations

import base64
import gzip
import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from vestige.app import Installation, Settings
from vestige.archive import verify
from vestige.archive.offline import verify_archive
from vestige.ledger import Kind
from vestige.model.errors import NotFoundError, UsageError
from vestige.model.instant import NANOS, now
from vestige.model.principal import Principal

if TYPE_CHECKING:
    from pathlib import Path

    from vestige.app import Rooms

DAY = 86_400 * NANOS
BY = Principal("local:0")


def at(installation: Installation, rooms: Rooms, days: int) -> None:
    installation.ledger._clock = lambda: now() + days * DAY
    installation.ledger._lanes.clear()
    rooms.archives.clock = lambda: now() + days * DAY


def say(rooms: Rooms, message: str) -> str:
    body = json.dumps({"event_type": "a.b", "message": message}).encode()
    return str(rooms.intake.declare(body, source="web", by=BY, idempotency_key="")[0].id)


def create(rooms: Rooms) -> list[dict[str, Any]]:
    deadline = time.monotonic() + 60
    while rooms.settle() and time.monotonic() < deadline:
        pass
    made: list[dict[str, Any]] = rooms.archives.create(BY)["created"]
    return made


def messages(folder: Path) -> list[str]:
    lines = gzip.decompress((folder / "events.ndjson.gz").read_bytes()).splitlines()
    return [one["message"] for one in map(json.loads, lines)]


def fetched(rooms: Rooms, name: str, folder: Path) -> Path:
    folder.mkdir()
    assert rooms.archives.fetch(name, folder)["exit"] in {0, 3}
    return folder


def script(folder: Path, *keys: str) -> subprocess.CompletedProcess[bytes]:
    given = [word for key in keys for word in ("--key", key)]
    command = [sys.executable, "-I", str(folder / "verify_archive.py"), *given, str(folder)]
    return subprocess.run(command, capture_output=True, check=False)


def test_a_closed_epochs_weeks_are_archived_and_proved_by_the_next(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data", archive_url=f"file://{tmp_path / 'store'}")
    with Installation.open(settings) as installation:
        rooms = installation.rooms_of_slug(None)
        say(rooms, "first week")
        at(installation, rooms, 8)
        gone = say(rooms, "erased before the log was closed")
        say(rooms, "second week")
        (first,) = create(rooms)
        rooms.custody.erase([gone], BY, reason="privacy", progress=lambda _done, _of: None)
        rooms.ledger.sign_checkpoint()
    for file in (tmp_path / "data" / "signer").glob("*.json"):
        file.unlink()
    with Installation.open(settings) as installation:
        rooms = installation.rooms_of_slug(None)
        at(installation, rooms, 8)  # no later, or it were another week on a Saturday
        say(rooms, "never signed for by this log")
        rooms.new_epoch(BY)
        later = say(rooms, "after the log went on")
        tenant = rooms.tenant.id
        at(installation, rooms, 30)
        made = create(rooms)
        assert {one["epoch"] for one in made} == {0, 1}
        old, new = (next(one for one in made if one["epoch"] == epoch) for epoch in (0, 1))
        base = installation.ledger.log(tenant).base
        assert (old["from"], old["to"], old["week"]) == (first["to"], base, new["week"])
        assert (old["name"], new["name"]) == (f"{old['week']}.0", new["week"])
        assert create(rooms) == []
        assert {(one["name"], one["exit"]) for one in rooms.archives.verify()} >= {
            (first["week"] + ".0", 0), (old["name"], 3), (new["name"], 0)
        }  # fmt: skip
        kit, other = fetched(rooms, old["name"], tmp_path / "kit"), fetched(rooms, new["week"], tmp_path / "other")
        assert {"second week", "never signed for by this log"} <= set(messages(kit))
        assert "after the log went on" in messages(other)
        assert b"erased before the log was closed" not in gzip.decompress((kit / "entries.ndjson.gz").read_bytes())
        acts = [json.loads(installation.ledger.opened(entry)) for entry in _acts(installation, tenant)]
        told = [act["detail"].get("epoch") for act in acts if act["act"] == "archive.created"]
        assert told[:2] == [None, 0]
        # A stranger needs the key of the log that goes on, and no other.
        closed, current = (key.vkey for key in installation.ledger.keys(tenant))
        assert script(kit, current).returncode == 3
        refused = script(kit, closed)
        assert (refused.returncode, b"no key that you gave sealed it" in refused.stdout) == (1, True)
        assert verify(kit, [])["exit"] == 2
        _what_is_of_the_current_log_alone(rooms, tmp_path / "store" / tenant / "0", later, old)
    _only_what_is_proved_counts(kit)


def _what_is_of_the_current_log_alone(rooms: Rooms, closed: Path, record: str, old: dict[str, Any]) -> None:
    """Erasing and putting back; and what is not there is not found."""
    before = sorted(closed.rglob("manifest.json"))
    rooms.custody.erase([record], BY, reason="privacy", progress=lambda _done, _of: None)
    assert sorted(closed.rglob("manifest.json")) == before
    with pytest.raises(UsageError, match="closed epoch"):
        rooms.archives.restore(BY, old["name"])
    assert rooms.archives.restore(BY)["foreign"] == 0
    for name in ("2020-W02.0", f"{old['week']}.7"):
        with pytest.raises(NotFoundError, match=name):
            rooms.archives.verify(name)


def _acts(installation: Installation, tenant: str) -> list[Any]:
    return [entry for entry in installation.ledger.entries_of(tenant, [Kind.AUDIT]) if entry.salt is not None]


def _only_what_is_proved_counts(kit: Path) -> None:
    """Of the closed log's size and root only what the next epoch's signed tree has is believed."""
    proof, manifest = json.loads((kit / "proof.json").read_bytes()), json.loads((kit / "manifest.json").read_bytes())
    lines = proof["checkpoint"].split("\n")
    size, root = int(lines[1]), base64.b64decode(lines[2])
    good = proof["restore"]
    given: tuple[str, str, int, bytes] = (manifest["origin"], lines[0], size, root)
    assert verify_archive.check_restore(good, *given)[0] >= manifest["to"]
    for wrong, word in (
        (good | {"leaf": good["leaf"].replace('"seq":0', '"seq":1')}, "not proved"),
        (good | {"leaf": good["leaf"].replace('"kind":"restore"', '"kind":"anchor"')}, "not proved"),
        (good | {"path": good["path"][:-1]}, "not proved"),
        (good | {"payload": base64.b64encode(b'{"size":1}').decode()}, "not the one committed to"),
    ):
        with pytest.raises(verify_archive.Bad, match=word):
            verify_archive.check_restore(wrong, *given)
    with pytest.raises(verify_archive.Bad, match="the archive is of another"):
        verify_archive.check_restore(good, "another", *given[1:])
    with pytest.raises(verify_archive.Bad, match="not proved"):
        verify_archive.check_restore(good, given[0], "another", size, root)
