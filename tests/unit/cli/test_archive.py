"""`vestige archive`, and what `doctor` and `job run` say of archives, against a server within this process."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from support.inside import Inside, inside
from support.world import World, world_in
from vestige.archive import Week, open_store
from vestige.archive.weeks import told
from vestige.model.errors import StorageError
from vestige.model.instant import NANOS, now
from vestige.model.principal import Principal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DAY = 86_400 * NANOS


def settled(world: World) -> None:
    """Wait for the index, on a busy machine for longer than a person would."""
    deadline = time.monotonic() + 60
    while world.installation.rooms(world.tenant).settle() and time.monotonic() < deadline:
        pass


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Two weeks that have archives, with one between them in which nothing came; and one that is over and has none."""
    place = tmp_path_factory.mktemp("archive")
    with world_in(place / "data", archive_url=f"file://{place / 'store'}") as made:
        archives = made.installation.rooms(made.tenant).archives
        for days in (0, 7, 21):
            made.installation.ledger._clock = lambda days=days: now() + days * DAY  # type: ignore[misc]
            made.installation.ledger._lanes.clear()
            made.client("here").post("/v1/ingest/events", json=[{"event_type": "a.b", "message": f"day {days}"}])
            if days < 21:
                archives.clock = lambda days=days: now() + (days + 7) * DAY  # type: ignore[misc]
                settled(made)
                archives.create(Principal("local:0"))
        yield made


@pytest.fixture(scope="module")
def vestige(world: World) -> Iterator[Inside]:
    with inside(world) as made:
        yield made


def weeks(world: World) -> list[str]:
    return [one["week"] for one in world.client("owner").get("/v1/archives").json()["archives"]]


def test_stretches_of_weeks_are_told_in_words() -> None:
    known = [Week.parse(text) for text in ("2026-W51", "2026-W52", "2026-W53", "2027-W01", "2027-W03")]
    assert told(known) == "2026-W51 to 2027-W01, 2027-W03"
    assert told(known, 1) == "1 more before, 2027-W03"
    assert told([]) == "none: no week has been archived yet"


def test_a_week_that_is_not_there_is_answered_with_those_that_are(
    world: World, vestige: Inside, tmp_path: Path
) -> None:
    first, second = weeks(world)
    acts = len(world.acts("archive.fetched"))
    for command in (["fetch", "2020-W02", str(tmp_path / "kit")], ["verify", "2020-W02"], ["restore", "2020-W02"]):
        code, _, said = vestige.run("archive", *command)
        assert code == 1
        assert "there is no archive of 2020-W02" in said
        assert f"expected: {told([Week.parse(first), Week.parse(second)])}" in said
    assert not (tmp_path / "kit").exists()
    assert len(world.acts("archive.fetched")) == acts
    vestige.ok("archive", "fetch", second, str(tmp_path / "kit"))
    assert len(world.acts("archive.fetched")) == acts + 1
    vestige.ok("archive", "verify", second)
    for command in (["verify", str(tmp_path / "nowhere")], ["fetch", "last-week", str(tmp_path / "other")]):
        code, _, said = vestige.run("archive", *command)
        assert (code, "such as 2026-W47" in said) == (2, True)
    assert not (tmp_path / "other").exists()


def test_a_key_that_is_none_is_a_mistake_of_whoever_gives_it(world: World, vestige: Inside, tmp_path: Path) -> None:
    kit, week = tmp_path / "kit", weeks(world)[0]
    vestige.ok("archive", "fetch", week, str(kit))
    (key,) = [one["vkey"] for one in world.client("owner").get("/v1/ledger/keys").json()]
    alone = [sys.executable, "-I", str(kit / "verify_archive.py"), str(kit), "--key"]
    name, identity, coded = key.split("+", 2)
    wrong = ("garbage", f"{name}+{identity}", f"{name}+00000000+{coded}", f"{name}+{identity}+%%%", key[:-4], "", "+++")
    for bad in wrong:
        code, _, said = vestige.run("archive", "verify", str(kit), "--key", bad)
        assert (code, "that is no verifier key\n  expected: name+id+base64" in said) == (64, True)
    done = subprocess.run([*alone, wrong[2]], capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (64, b"")
    assert b"not a verifier key: expected name+id+base64, got" in done.stderr
    vestige.ok("archive", "verify", str(kit), "--key", key)
    assert subprocess.run([*alone, key], capture_output=True, check=False).returncode == 0


def test_doctor_says_how_archives_stand(
    world: World, vestige: Inside, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    archives, week = world.installation.rooms(world.tenant).archives, weeks(world)[-1]

    def said() -> str:
        lines = vestige.run("doctor")[1].decode().splitlines()
        at = next(number for number, line in enumerate(lines) if line.split()[1] == "archives")
        return "\n".join(lines[at : at + 2])

    monkeypatch.setattr(archives, "clock", lambda: now() + 14 * DAY)
    assert f"ok    archives     2 there are, the last of {week}; none is due" in said()
    monkeypatch.setattr(archives, "clock", lambda: now() + 35 * DAY)
    found = said()
    assert found.startswith("note  archives")
    assert "; due: " in found
    assert "`vestige archive create` makes them now" in found
    monkeypatch.setattr(archives, "clock", lambda: now() + 14 * DAY)
    (tmp_path / "file").write_text("x")
    away = open_store
    monkeypatch.setattr("vestige.app.archives.open_store", lambda _, days: away(f"file://{tmp_path / 'file/x'}", days))
    found = said()
    assert found.startswith("note  archives     the store of archives cannot be made")
    assert "see VESTIGE_ARCHIVE_URL" in found
    with pytest.raises(StorageError, match="cannot be made"):
        open_store(f"file://{tmp_path / 'file/x'}")


def test_a_job_says_what_came_of_it_in_words(world: World, vestige: Inside) -> None:
    """Last: it makes what is due, of which there is more by now."""
    archives = world.installation.rooms(world.tenant).archives
    settled(world)
    assert vestige.ok("job", "run", "archive") == b"created none; archives 2\n"
    archives.clock = lambda: now() + 35 * DAY
    settled(world)
    said = vestige.ok("job", "run", "archive").decode()
    made = weeks(world)[2:]
    assert made
    assert said == f"created {', '.join(made)}; archives {2 + len(made)}\n"
    assert said.strip() in vestige.ok("job", "list").decode()
