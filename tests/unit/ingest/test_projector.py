"""The index beside the ledger it was computed from, and beside one that has become another since."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from vestige.app import Installation, Settings
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
        rooms.declare(body, source="test", by=Principal("local:1"), idempotency_key="")
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
