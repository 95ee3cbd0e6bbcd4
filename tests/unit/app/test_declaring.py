"""The declared timeline of one installation in this process: erased payloads, concurrent senders."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import pytest

from vestige.app import Installation, Rooms, Window
from vestige.model.errors import NotFoundError
from vestige.model.principal import Principal
from vestige.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

BY = Principal("somebody")
EVENT = {"timestamp": "2025-11-01T10:00:00Z", "category": "acme.x", "details": {}}


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with Installation.open(Settings(data=tmp_path_factory.mktemp("declaring") / "data")) as opened:
        yield opened


@pytest.fixture
def rooms(installation: Installation) -> Rooms:
    return installation.rooms_of_slug(None)


def submit(rooms: Rooms, *events: dict[str, Any], **more: str) -> list[dict[str, Any]]:
    told = rooms.declared.submit(
        json.dumps(events).encode(), source="timeline", by=BY, trace="", idempotency_key="", **more
    )
    return [one.to_json() for one in told]


def test_the_evidence_of_what_was_erased_keeps_its_proof(rooms: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    (one,) = submit(rooms, EVENT)
    rooms.settle()
    assert rooms.declared.evidence(one["id"])["record"]["sha256"]

    def erased(*_: object) -> dict[str, Any]:
        raise NotFoundError("the payload was erased")

    monkeypatch.setattr(rooms.ledger, "opening", erased)
    found = rooms.declared.evidence(one["id"])
    assert found["record"]["erased"]
    assert "sha256" not in found["record"]
    assert found["record"]["leaf_hash"] == one["leaf_hash"]
    assert found["proof"]["receipt"].startswith("c2sp.org/tlog-proof@v1")


def test_of_many_who_send_one_id_at_once_one_is_taken(rooms: Rooms) -> None:
    identity = "01JAR1Z5E8D3XK3R5V3G7Z2QQQ"
    told: list[dict[str, Any]] = []

    def send(number: int) -> None:
        told.extend(submit(rooms, EVENT | {"event_id": identity, "details": {"by": number}}))

    threads = [threading.Thread(target=send, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one["status"] for one in told) == ["accepted", *["conflict"] * 15]
    assert len({one["id"] for one in told}) == 1
    rooms.settle()
    assert rooms.declared.event(identity)["id"] == told[0]["id"]


def test_entries_stand_in_the_order_of_the_request_with_and_without_ids(rooms: Rooms) -> None:
    named = {"event_id": "01JAR1Z5E8D3XK3R5V3G7Z2QRR"}
    told = submit(rooms, EVENT, EVENT | named, EVENT | {"category": ""}, EVENT, EVENT | named)
    assert [one["status"] for one in told] == ["accepted", "accepted", "refused", "accepted", "duplicate"]
    seqs = [one["seq"] for one in told if one["status"] == "accepted"]
    assert seqs == sorted(seqs)
    assert told[4]["id"] == told[1]["id"]


def test_an_export_that_nobody_reads_to_its_end_holds_nothing(rooms: Rooms) -> None:
    count, lag, lines = rooms.declared.export("", Window(descending=False))
    assert (count > 0, lag) == (True, 0)
    assert next(lines).startswith(b'{"event_id":')
    lines.close()  # type: ignore[attr-defined]
