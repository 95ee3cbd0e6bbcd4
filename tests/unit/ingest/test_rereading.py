"""Statements about sources are seen to, whoever made them and whatever ended in between."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from vestige.app import Change, Installation, Offset, Rooms, Settings
from vestige.ingest.projector import Projector
from vestige.ledger import Draft, Kind
from vestige.model.errors import IndexStoreError
from vestige.model.principal import Principal
from vestige.sources import formats

if TYPE_CHECKING:
    from pathlib import Path

    from vestige.ledger import Transaction

BY = Principal("local:1")
LATER = Change({"clock_offset": Offset(3600 * 10**9, (), "by_hand")})


def declare(rooms: Rooms, *sessions: str) -> None:
    for session in sessions:
        body = b'{"event_type":"a.b","occurred_at":"2026-01-01T00:00:00Z","session":"%s"}' % session.encode()
        rooms.intake.declare(body, source="test", by=BY, idempotency_key="")
    assert rooms.settle() == 0


def say_from_elsewhere(installation: Installation, rooms: Rooms, change: Change) -> None:
    """As another process says it: nobody here is told."""
    (source,) = rooms.sources.all()

    def act(_: Transaction) -> list[Draft]:
        return [Draft(Kind.NORMALISATION, change.payload("elsewhere"), source=source["id"])]

    installation.ledger.transact(rooms.tenant.id, act)


def hours(installation: Installation, rooms: Rooms) -> list[Any]:
    head = installation.ledger.head(rooms.tenant.id)
    assert rooms.projector.wait(head, 60) == 0
    return [event["occurred_at"][11:13] for event in rooms.timeline.page("session:*").events]


def test_what_another_process_says_is_seen_to(tmp_path: Path) -> None:
    with Installation.open(Settings(data=tmp_path)) as installation:
        rooms = installation.rooms_of_slug(None)
        declare(rooms, "one", "two")
        say_from_elsewhere(installation, rooms, LATER)
        assert hours(installation, rooms) == ["01", "01"]
        declare(rooms, "three")
        assert hours(installation, rooms) == ["01", "01", "01"]


def test_what_was_said_before_the_process_ended_is_seen_to_at_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> None:
        raise IndexStoreError("the process ended here")

    with Installation.open(Settings(data=tmp_path)) as installation:
        rooms = installation.rooms_of_slug(None)
        declare(rooms, "one", "two")
        with monkeypatch.context() as patch:
            patch.setattr(Projector, "_rebuild", die)
            patch.setattr(Projector, "_heed", lambda _: None)
            with pytest.raises(IndexStoreError):
                rooms.sources.say("test", LATER, BY, lambda *_: None)
            installation.close()
    with Installation.open(Settings(data=tmp_path)) as installation:
        rooms = installation.rooms_of_slug(None)
        assert rooms.projector.wait(0, 60) == 0
        assert hours(installation, rooms) == ["01", "01"]
        assert rooms.sources.one("test")["settings"] == {"clock_offset": "+3600s", "because": "by_hand"}


def test_an_index_filled_from_nothing_knows_every_statement(tmp_path: Path) -> None:
    with Installation.open(Settings(data=tmp_path)) as installation:
        rooms = installation.rooms_of_slug(None)
        declare(rooms, "one", "two")
        rooms.sources.say("test", LATER, BY, lambda *_: None)
        log = installation.ledger.log(rooms.tenant.id).first
        generation = installation.index.generation(log)
    for path in tmp_path.glob("index*"):
        path.rename(tmp_path / f"old-{path.name}")
    with Installation.open(Settings(data=tmp_path)) as installation:
        rooms = installation.rooms_of_slug(None)
        assert hours(installation, rooms) == ["01", "01"]
        assert generation > 1
        assert installation.index.generation(log) == 1
        assert rooms.rebuild_index(lambda *_: None, threading.Event())["equal"] is True


def test_a_format_that_is_no_longer_installed_stops_its_reading_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Installation.open(Settings(data=tmp_path)) as installation:
        declare(installation.rooms_of_slug(None), "one")
    known = {name: form for name, form in formats().items() if name != "json"}
    monkeypatch.setattr("vestige.sources.registry.formats", lambda: known)
    with Installation.open(Settings(data=tmp_path)) as installation:
        rooms = installation.rooms_of_slug(None)
        assert len(rooms.timeline.page("session:*").events) == 1
        assert rooms.ledger.verify()["ok"] is True
