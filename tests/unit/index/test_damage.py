"""Files of an index that are not what the engine wrote: found before anything is answered, and filled again."""

from __future__ import annotations

import random
import shutil
from typing import TYPE_CHECKING

import pytest

from support.engine import block, made_up, opened
from vestige.index import DamagedIndexError, Index
from vestige.index.damage import Mark
from vestige.index.engine import Engine
from vestige.model.errors import IndexStoreError, SettingsError

if TYPE_CHECKING:
    from pathlib import Path


LOG, OTHER = 1, 2
SIZE = 100
BELIEVED = ("minmax_log.idx", "checksums.txt", "format_version.txt")
"""What the engine reads without comparing it, or without which it cannot begin."""
READ = ("data.bin",)
SEED = 20261127


def fill(index: Index, log: int) -> None:
    if not index.watermark(log):
        index.write(block(log, 0, made_up(3, 0, SIZE), hi=SIZE))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, object]]:
    """A folder with an index that was closed, and what it says."""
    folder = tmp_path_factory.mktemp("whole")
    with opened(folder) as index:
        fill(index, LOG)
        fill(index, OTHER)
        return folder, said(index)


def said(index: Index) -> dict[str, object]:
    return {"first": index.digests(LOG), "second": index.digests(OTHER)}


def copied(whole: Path, folder: Path, *, killed: bool) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(whole, folder, symlinks=True)
    if killed:
        Mark(folder / "index").make()
    return folder


def turn(folder: Path, name: str, chance: random.Random) -> Path:
    """Turn a bit of one of the files called so."""
    files = sorted(path for path in (folder / "index").rglob(name) if path.is_file() and path.stat().st_size)
    path = chance.choice([one for one in files if "system" not in one.parts])
    body = bytearray(path.read_bytes())
    body[chance.randrange(len(body))] ^= 1 << chance.randrange(8)
    path.write_bytes(body)
    return path


def test_nothing_that_was_changed_under_a_killed_process_is_answered_from(
    whole: tuple[Path, dict[str, object]], tmp_path: Path
) -> None:
    """Either the answers are what they were, or the index is empty, says why, and takes everything again."""
    source, answers = whole
    chance = random.Random(SEED)
    found = 0
    for name in (*BELIEVED, *READ):
        folder = copied(source, tmp_path / "copy", killed=True)
        path = turn(folder, name, chance)
        with opened(folder) as index:
            if index.damaged:
                found += 1
                assert (index.watermark(LOG), index.watermark(OTHER)) == (0, 0)
                fill(index, LOG)
                fill(index, OTHER)
            assert said(index) == answers, path
    assert found >= len((*BELIEVED, *READ)) - 1, "a bit may say nothing where it stands, but hardly two of them"


def test_what_is_whole_is_kept_after_a_kill_and_is_not_read_through_after_a_close(
    whole: tuple[Path, dict[str, object]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, answers = whole
    read: list[str] = []
    check = Engine.check

    def noted(self: Engine, place: str, partition: str = "") -> list[str]:
        read.append(place)
        return check(self, place, partition)

    monkeypatch.setattr(Engine, "check", noted)
    folder = copied(source, tmp_path / "copy", killed=True)
    with opened(folder) as index:
        assert not index.damaged
        assert said(index) == answers
    assert f"{index.database}.events" in read
    read.clear()
    with opened(folder) as index:
        assert said(index) == answers
    assert read == []


def test_damage_that_is_read_is_suspected_and_costs_one_log_its_rows(
    whole: tuple[Path, dict[str, object]], tmp_path: Path
) -> None:
    """Closed well and damaged since: what the engine compares as it reads it refuses."""
    source, answers = whole
    folder = copied(source, tmp_path / "copy", killed=False)
    table = folder / "index" / "data" / "vestige" / "events"
    for path in table.resolve().glob(f"{LOG}_*/data.bin"):
        body = bytearray(path.read_bytes())
        body[len(body) // 2] ^= 1
        path.write_bytes(body)
    with opened(folder) as index:
        assert not index.suspects(LOG)
        with pytest.raises(DamagedIndexError):
            index.digests(LOG)
        assert index.suspects(LOG)
        assert index.suspects(OTHER)
        assert not index.is_damaged(OTHER)
        assert not index.suspects(OTHER)
        assert index.is_damaged(LOG)
        index.drop(LOG)
        assert "data.bin" in index.damaged or "Checksum" in index.damaged
        assert not index.suspects(LOG)
        assert (index.watermark(LOG), index.watermark(OTHER)) == (0, SIZE)
        fill(index, LOG)
        assert said(index) == answers
        assert not index.is_damaged(LOG)


def test_an_index_that_does_not_open_for_another_reason_is_not_removed(
    whole: tuple[Path, dict[str, object]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, answers = whole
    folder = copied(source, tmp_path / "copy", killed=True)
    full = shutil.disk_usage(folder)._replace(free=1)

    def refuses(*_: object) -> None:
        raise IndexStoreError("the index engine refused or failed", got="no room")

    with monkeypatch.context() as during:
        during.setattr(shutil, "disk_usage", lambda _: full)
        during.setattr("vestige.index.store._prepare", refuses)
        with pytest.raises(IndexStoreError, match="no room"), opened(folder):
            pass
    with opened(folder) as index:
        assert not index.damaged
        assert said(index) == answers


def test_a_dsn_that_names_no_engine_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="names no engine"):
        Index.open(f"other://{tmp_path}/made/index", tmp_path / "data", "installation")
    assert [*tmp_path.iterdir()] == []
