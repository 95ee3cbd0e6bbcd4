"""An index that does not fit its ledger: found by what its blocks were made of, by its rows, by how far it lags."""

from __future__ import annotations

import shutil
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from vestige.app import Installation, Settings
from vestige.index import DamagedIndexError
from vestige.index.engine import Engine
from vestige.model.errors import IndexStoreError
from vestige.model.principal import Principal

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

STATES = ("vestige.sqlite", "signer")


def grow(installation: Installation, sessions: Iterable[str]) -> None:
    rooms = installation.rooms_of_slug(None)
    for session in sessions:
        body = b'{"event_type":"auth.login","session":"%s"}' % session.encode()
        rooms.intake.declare(body, source="test", by=Principal("local:1"), idempotency_key="")
    assert rooms.projector.wait(head(installation), 60) == 0


def head(installation: Installation) -> int:
    return installation.ledger.head(installation.rooms_of_slug(None).tenant.id)


def indexed(installation: Installation) -> tuple[list[str], int]:
    """The sessions on the timeline in order of entry, and how often the log was begun anew."""
    log = installation.ledger.log(installation.rooms_of_slug(None).tenant.id).number
    index = installation.index
    sql = f"SELECT session FROM {index.database}.events WHERE session != '' ORDER BY log, seq"
    return [row[0] for row in index.query(sql).rows], index.generation(log)


def copy_state(source: Path, target: Path) -> None:
    """The ledger and the signer's memory, of an installation that is not running."""
    for name in STATES:
        if (source / name).is_dir():
            shutil.rmtree(target / name, ignore_errors=True)
            shutil.copytree(source / name, target / name)
        else:
            for old in target.glob(f"{name}*"):
                old.unlink()
            shutil.copy(source / name, target / name)


def damage(data: Path) -> None:
    """Turn a bit in the middle of each file of rows of the events; a part that was dropped has an empty one."""
    files = (data / "index" / "data" / "vestige" / "events").resolve().glob("*/data.bin")
    bodies = {path: bytearray(path.read_bytes()) for path in files}
    assert any(bodies.values())
    for path, body in bodies.items():
        if body:
            body[len(body) // 2] ^= 1
            path.write_bytes(body)


def test_rows_that_cannot_be_read_for_damage_are_filled_again(tmp_path: Path) -> None:
    """Once somebody comes upon it, by the projector; or by a rebuild, which comes upon it itself."""
    settings, sessions = Settings(data=tmp_path / "data"), ["one", "two"]
    with Installation.open(settings) as installation:
        grow(installation, sessions)
    damage(settings.data)
    with Installation.open(settings) as installation:
        rooms = installation.rooms_of_slug(None)
        log = installation.ledger.log(rooms.tenant.id).number
        with pytest.raises(DamagedIndexError):
            installation.index.digests(log)
        deadline = time.monotonic() + 60
        while installation.index.suspects(log) or rooms.projector.wait(head(installation), 1):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert indexed(installation)[0] == sessions
        said = next(check for check in installation.doctor(rooms) if check["name"] == "index")
        assert said["ok"]
        assert "it was damaged" in said["detail"]
    damage(settings.data)
    with Installation.open(settings) as installation:
        rooms = installation.rooms_of_slug(None)
        rooms.rebuild_index(lambda *_: None, threading.Event())
        assert indexed(installation)[0] == sessions
        assert installation.index.damaged


@pytest.mark.parametrize("more", [0, 2, 5])
def test_an_index_of_a_ledger_rolled_back_and_grown_otherwise_is_filled_again(tmp_path: Path, more: int) -> None:
    """Grown to less than the index has (0), to as much (2), and to more (5)."""
    settings, kept = Settings(data=tmp_path / "data"), tmp_path / "kept"
    kept.mkdir()
    with Installation.open(settings) as installation:
        grow(installation, ["one", "two"])
    copy_state(settings.data, kept)
    with Installation.open(settings) as installation:
        assert indexed(installation) == (["one", "two"], 1)
        grow(installation, ["three", "four"])
        assert indexed(installation) == (["one", "two", "three", "four"], 1)
    copy_state(kept, settings.data)
    aside = settings.data / "index"
    aside.rename(tmp_path / "aside")
    others = [f"other {n}" for n in range(more)]
    with Installation.open(settings) as installation:
        grow(installation, others)
    shutil.rmtree(aside)
    (tmp_path / "aside").rename(aside)
    with Installation.open(settings) as installation:
        assert installation.rooms_of_slug(None).projector.wait(head(installation), 60) == 0
        assert indexed(installation) == (["one", "two", *others], 2)


def test_an_index_that_is_merely_behind_is_caught_up(tmp_path: Path) -> None:
    settings, aside = Settings(data=tmp_path / "data"), tmp_path / "aside"
    with Installation.open(settings) as installation:
        grow(installation, ["one"])
    shutil.copytree(settings.data / "index", aside, symlinks=True)
    with Installation.open(settings) as installation:
        grow(installation, ["two"])
    shutil.rmtree(settings.data / "index")
    aside.rename(settings.data / "index")
    with Installation.open(settings) as installation:
        assert installation.rooms_of_slug(None).projector.wait(head(installation), 60) == 0
        assert indexed(installation) == (["one", "two"], 1)


def test_the_index_of_another_installation_is_refused(tmp_path: Path) -> None:
    one, other = (
        Settings(data=tmp_path / "one"),
        Settings(data=tmp_path / "other", index_url=f"chdb://{tmp_path}/one/index"),
    )
    with Installation.open(one) as installation:
        grow(installation, ["mine"])
    with pytest.raises(IndexStoreError, match="another installation"), Installation.open(other):
        pass
    with Installation.open(one) as installation:
        assert indexed(installation) == (["mine"], 1)


@pytest.mark.parametrize("table", ["events", "places"])
def test_an_index_that_lacks_rows_is_called_so_and_filled_again_at_the_next_start(tmp_path: Path, table: str) -> None:
    settings = Settings(data=tmp_path / "data")
    with Installation.open(settings) as installation:
        grow(installation, ["one", "two", "three"])
        whole = indexed(installation)
        assert index_check(installation) == {"name": "index", "ok": True, "detail": "0 entries behind"}
        where = "seq = (SELECT max(seq) FROM vestige.events WHERE session = 'two')"
        installation.index.engine.command(f"DELETE FROM vestige.{table} WHERE {where}")
        check = index_check(installation)
        assert not check["ok"]
        assert f"{head(installation) - 1} {'events' if table == 'events' else 'are in the index'}" in check["detail"]
        assert "index rebuild" in check["hint"]
        assert installation.failing() == ["projection"]
    with Installation.open(settings) as installation:
        rooms = installation.rooms_of_slug(None)
        assert rooms.projector.wait(head(installation), 60) == 0
        assert indexed(installation) == (whole[0], 2)
        assert index_check(installation)["ok"]
        assert installation.failing() == []


def test_an_index_that_is_behind_and_cannot_be_written_is_not_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also in a process that has only just begun to find out."""
    settings = Settings(data=tmp_path / "data")
    with Installation.open(settings) as installation:
        grow(installation, ["one"])
    real = Engine.insert

    def insert(engine: Engine, place: str, *rest: object) -> None:
        if place.endswith((".events", ".blocks")):
            raise IndexStoreError("the disk is full")
        real(engine, place, *rest)  # type: ignore[arg-type]

    with monkeypatch.context() as broken:
        broken.setattr(Engine, "insert", insert)
        with Installation.open(settings) as installation:
            rooms = installation.rooms_of_slug(None)
            rooms.intake.declare(
                b'{"event_type":"auth.login"}', source="test", by=Principal("local:1"), idempotency_key=""
            )
            check = index_check(installation)
            assert not check["ok"]
            assert "entries behind: " in check["detail"]


def test_a_lag_that_does_not_shrink_is_not_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vestige.app.installation.LAG_SECONDS", 1.0)
    with Installation.open(Settings(data=tmp_path / "data")) as installation:
        rooms = installation.rooms_of_slug(None)
        grow(installation, ["one"])
        rooms.projector.expect()  # what never comes
        rooms.intake.declare(b'{"event_type":"auth.login"}', source="test", by=Principal("local:1"), idempotency_key="")
        check = index_check(installation)
        assert (check["ok"], "none came" in check["detail"]) == (False, True)
        rooms.projector.expect(-1)
        assert index_check(installation)["ok"]


def index_check(installation: Installation) -> dict[str, Any]:
    return next(check for check in installation.doctor(installation.rooms_of_slug(None)) if check["name"] == "index")
