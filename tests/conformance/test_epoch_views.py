"""Every view spans the epochs of a tenant's log, and none shows what is lost. On both drivers, with a real index."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from vestige.app import ImportOptions, Installation, Rooms, Window, load_settings
from vestige.ledger import DirectoryBlobs, Draft, KeyEncryptionKey, Kind, Ledger
from vestige.model.errors import BusyError, ConflictError, NotFoundError, SignerError
from vestige.model.principal import Principal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.homes import Home

MORNING = "2026-04-09T12:"
BY = Principal("local:1000")


@contextmanager
def opened(home: Home) -> Iterator[tuple[Installation, Rooms]]:
    settings = load_settings({"VESTIGE_DATABASE_URL": home.url}, data=home.folder)
    with Installation.open(settings) as installation:
        yield installation, installation.rooms_of_slug(None)


def log_file(folder: Path, name: str, count: int) -> Path:
    lines = [
        json.dumps(
            {"event_type": "auth.login", "occurred_at": f"{MORNING}{i // 60:02}:{i % 60:02}Z", "message": f"{name} {i}"}
        )
        for i in range(count)
    ]
    path = folder / f"{name}.ndjson"
    path.write_text("\n".join(lines) + "\n")
    return path


def take_in(rooms: Rooms, path: Path) -> dict[str, Any]:
    report = rooms.intake.import_paths([path], ImportOptions(BY), progress=lambda _: None, stop=threading.Event())
    return dict(report.to_json())


def declare(rooms: Rooms, word: str, key: str) -> dict[str, Any]:
    body = json.dumps({"event_type": "acme.said", "message": word}).encode()
    return dict(rooms.intake.declare(body, source="declared", by=BY, idempotency_key=key)[0].to_json())


def found(rooms: Rooms, query: str) -> list[dict[str, Any]]:
    assert rooms.settle() == 0
    events: list[dict[str, Any]] = []
    for undated in (False, True):
        cursor = None
        while True:
            page = rooms.timeline.page(query, Window(undated=undated, descending=False), limit=30, cursor=cursor)
            events += page.events
            cursor = page.next_cursor
            if cursor is None:
                break
    return events


def put_back(home: Home, tmp_path: Path) -> dict[str, dict[str, Any]]:
    """An installation whose database is older than its signer and its index; what was answered before."""
    answers = {}
    with opened(home) as (_, rooms):
        assert take_in(rooms, log_file(tmp_path, "kept", 100))["parsed"] == 100
        answers["kept"] = declare(rooms, "keptword", "key-1")
        rooms.ledger.sign_checkpoint()
        home.snapshot()
        assert take_in(rooms, log_file(tmp_path, "gone", 150))["parsed"] == 150
        answers["gone"] = declare(rooms, "goneword", "key-2")
        assert len(found(rooms, "gone")) == 150
    home.put_back()
    return answers


def test_views_span_the_epochs(home: Home, tmp_path: Path) -> None:
    answers = put_back(home, tmp_path)
    with opened(home) as (installation, rooms):
        with pytest.raises(SignerError):
            rooms.ledger.sign_checkpoint()
        assert (len(found(rooms, "kept")), len(found(rooms, "gone"))) == (100, 0)
        made = rooms.new_epoch(BY)
        size = made["restore"]["size"]
        assert (made["epoch"], made["restore"]["signer"]) == (1, "ahead")
        assert made["restore"]["lost"][0][0] == size
        with pytest.raises(ConflictError):
            rooms.new_epoch(BY)

        again = take_in(rooms, tmp_path / "kept.ndjson")
        assert (again["duplicates"], again["parsed"]) == (100, 0)
        anew = take_in(rooms, tmp_path / "gone.ndjson")
        assert (anew["duplicates"], anew["parsed"]) == (0, 150)
        same = declare(rooms, "keptword", "key-1")
        assert same == answers["kept"] | {"status": "duplicate"}
        other = declare(rooms, "goneword", "key-2")
        assert (other["status"], other["epoch"]) == ("accepted", 1)
        assert declare(rooms, "goneword", "key-2") == other | {"status": "duplicate"}

        kept, gone = found(rooms, "kept"), found(rooms, "gone")
        assert (len(kept), len(gone)) == (100, 150)
        assert not any("epoch" in event for event in kept)
        assert {(event["epoch"], event["position"] - event["seq"]) for event in gone} == {(1, size)}
        for shown in (kept[7], gone[7]):
            assert rooms.event(shown["id"])["message"] == shown["message"]
            raw = rooms.raw(shown["id"])
            assert json.loads(raw.payload)["message"] == shown["message"]
            assert (raw.log.endswith("/1"), raw.seq) == (shown.get("epoch", 0) == 1, shown["seq"])
            around = rooms.context(shown["id"], within=2_000_000_000, count=10)
            assert {event["message"].split()[0] for event in around} == {"kept", "gone"}
            assert rooms.ledger.receipt(shown["id"]).count(raw.log) >= 1
        assert found(rooms, "in:ledger type:vestige.restore")[0]["seq"] == 0
        assert len(found(rooms, "in:ledger ledger.new_epoch")) == 1

        rebuilt = rooms.rebuild_index(lambda *_: None, threading.Event())
        assert rebuilt["equal"], rebuilt
        assert rebuilt["entries"] == installation.ledger.head(rooms.tenant.id)
        assert (len(found(rooms, "kept")), len(found(rooms, "gone"))) == (100, 150)

        keys = rooms.ledger.keys()
        assert [key["epoch"] for key in keys] == [0, 1]
        assert rooms.ledger.of_epoch(0).published().split("\n")[0] == made["restore"]["origin"]
        assert rooms.ledger.of_epoch(0).inclusion(3, None)["size"] == size
        with pytest.raises(NotFoundError):
            rooms.ledger.of_epoch(2)
        rooms.ledger.sign_checkpoint()
        assert rooms.ledger.verify()["ok"]
    with opened(home) as (_, rooms):
        assert (len(found(rooms, "kept")), len(found(rooms, "gone"))) == (100, 150)
        assert rooms.ledger.verify()["ok"]
        assert rooms.rebuild_index(lambda *_: None, threading.Event())["equal"]


def bare(home: Home) -> tuple[Ledger, str]:
    """The ledger alone, with nobody who keeps the index up."""
    kek = KeyEncryptionKey.from_file(home.signer / "kek")
    ledger = Ledger.open(home.db(), DirectoryBlobs(home.folder / "blobs"), home.signer, kek)
    return ledger, ledger.logs()[0].tenant


def test_an_index_from_what_is_lost_is_dropped_even_where_it_is_behind_again(home: Home, tmp_path: Path) -> None:
    """As after a crash between the new epoch and the index: the ledger is longer than the index, but another one."""
    put_back(home, tmp_path)
    ledger, tenant = bare(home)
    ledger.transact(tenant, lambda _: [Draft(Kind.AUDIT, b'{"act":"other.thing"}')] * 400)
    ledger.new_epoch(tenant)
    ledger.close()
    home.close()
    with opened(home) as (installation, rooms):
        assert rooms.projector.wait(installation.ledger.head(tenant), 60) == 0
        assert (len(found(rooms, "kept")), len(found(rooms, "gone"))) == (100, 0)
        assert len(found(rooms, "in:ledger action:other.thing")) == 400
        assert rooms.rebuild_index(lambda *_: None, threading.Event())["equal"]
        generation = installation.index.generation(1)
    with opened(home) as (installation, rooms):
        assert installation.index.generation(1) == generation
        assert len(found(rooms, "in:ledger action:other.thing")) == 400


def test_an_index_of_a_later_epoch_is_dropped_when_the_database_is_older_again(home: Home, tmp_path: Path) -> None:
    put_back(home, tmp_path)
    with opened(home) as (_, rooms):
        home_before = rooms.new_epoch(BY)
        declare(rooms, "second", "key-3")
        assert len(found(rooms, "second")) == 1
    home.put_back()
    ledger, tenant = bare(home)
    ledger.transact(tenant, lambda _: [Draft(Kind.AUDIT, b'{"act":"other.thing"}')] * 400)
    home.close()
    with opened(home) as (installation, rooms):
        assert rooms.projector.wait(installation.ledger.head(tenant), 60) == 0
        assert (len(found(rooms, "kept")), len(found(rooms, "second"))) == (100, 0)
        again = rooms.new_epoch(BY)
        assert again["epoch"] == home_before["epoch"] + 1
        assert [log["origin"] for log in again["restore"]["lost_logs"]] == [home_before["origin"]]
        rooms.ledger.sign_checkpoint()
        assert rooms.ledger.verify()["ok"]


def test_a_new_epoch_waits_for_nobody(home: Home, tmp_path: Path) -> None:
    put_back(home, tmp_path)
    with opened(home) as (_, rooms):
        with rooms.projector.anew(), pytest.raises(BusyError, match="rebuilt"):
            rooms.new_epoch(BY)
        rooms.intake._importing.acquire()
        with pytest.raises(BusyError, match="import"):
            rooms.new_epoch(BY)
        rooms.intake._importing.release()
        assert rooms.new_epoch(BY)["epoch"] == 1
        assert len(found(rooms, "kept")) == 100
