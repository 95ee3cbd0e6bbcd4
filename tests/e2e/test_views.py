"""Saved views: a link that stays, a window relative to its opening, a history in the ledger."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from support.inside import Inside
from support.program import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

VIEW = {
    "name": "Failed, today",
    "q": "type:auth.login_failed OR actor:bob",
    "start": "now-24h",
    "zone": "Europe/Berlin",
}


def events() -> list[dict[str, Any]]:
    now = datetime.now(UTC).replace(microsecond=0)
    return [
        {"event_type": kind, "occurred_at": f"{now - timedelta(hours=hours):%Y-%m-%dT%H:%M:%SZ}", "actor": {"id": who}}
        for kind, hours, who in (
            ("auth.login_failed", 1, "eve"), ("auth.login", 2, "bob"), ("auth.login", 3, "eve"),
            ("auth.login_failed", 30, "eve"),
        )
    ]  # fmt: skip


@pytest.fixture
def vestige(tmp_path: Path) -> Inside:
    (tmp_path / "events.jsonl").write_text("".join(json.dumps(one) + "\n" for one in events()))
    made = Inside(tmp_path / "data")
    made.ok("import", str(tmp_path / "events.jsonl"))
    return made


@pytest.fixture
def client(tmp_path: Path) -> Iterator[httpx.Client]:
    with (
        serving(tmp_path / "served") as server,
        httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {server.token}"}, timeout=60) as client,
    ):
        yield client


def test_a_view_is_saved_opened_changed_and_deleted(client: httpx.Client) -> None:
    client.post("/v1/ingest/events", json=events()).raise_for_status()
    made = client.post("/v1/views", json=VIEW)
    assert made.status_code == 201
    view = made.json()
    assert {name: view[name] for name in VIEW} == VIEW
    opened = client.get(f"/v1/views/{view['id']}").json()
    found = client.get("/v1/search", params={"q": opened["q"], "start": opened["now"]["start"]}).json()["events"]
    assert [event["actor"]["id"] for event in found] == ["eve", "bob"]
    changed = client.put(f"/v1/views/{view['id']}", json=VIEW | {"name": "Failed", "fold": "actor.id,type"}).json()
    assert (changed["id"], changed["name"]) == (view["id"], "Failed")
    assert client.get(f"/v1/views/{view['id']}").json()["fold"] == "actor.id,type"
    assert [one["name"] for one in client.get("/v1/views").json()["views"]] == ["Failed"]
    history = client.get("/v1/search", params={"q": "in:ledger action:view.*", "order": "asc"}).json()["events"]
    assert [event["attributes"]["detail"]["name"] for event in history] == ["Failed, today", "Failed"]
    assert client.delete(f"/v1/views/{view['id']}").status_code == 204
    assert client.get(f"/v1/views/{view['id']}").status_code == 404
    assert client.get("/v1/views").json() == {"views": []}


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""}, {"name": "a/b"}, {"name": "x" * 201}, {"q": "("}, {"start": "yesterday"}, {"end": "now-"},
        {"order": "up"}, {"start": "2026-05", "end": "2026-04"},
        {"lane": "nothing"}, {"fold": "tag"}, {"zone": "Mars/Base"}, {"what": "else"}, {"start": "now+300000d"},
    ],
)  # fmt: skip
def test_what_cannot_be_opened_is_not_saved(client: httpx.Client, wrong: dict[str, str]) -> None:
    assert 400 <= client.post("/v1/views", json=VIEW | wrong).status_code < 500
    assert client.get("/v1/views").json() == {"views": []}
    assert client.post("/v1/views", json=VIEW).status_code == 201
    assert client.post("/v1/views", json=VIEW).status_code == 409
    assert client.put("/v1/views/nowhere", json=VIEW).status_code == 404


def test_the_command_saves_and_opens_them(vestige: Inside) -> None:
    said = ["--query", VIEW["q"], "--from", "now-24h", "--zone", "Asia/Tokyo"]
    saved = vestige.json("view", "save", "odd", *said)
    assert vestige.json("view", "save", "odd", *said, "--order", "asc")["id"] == saved["id"]
    assert [one["order"] for one in vestige.lines("view", "list")] == ["asc"]
    assert [event["actor"]["id"] for event in vestige.lines("search", "--view", "odd")] == ["bob", "eve"]
    assert [event["actor"]["id"] for event in vestige.lines("search", "--view", "odd", "actor:eve")] == ["eve"]
    assert all("+09:00" in line for line in vestige.ok("search", "--view", "odd").decode().splitlines())
    assert vestige.json("view", "show", saved["id"].lower())["name"] == "odd"
    vestige.ok("view", "delete", "odd")
    vestige.ok("view", "show", "odd", code=1)
    vestige.ok("search", code=2)


def test_times_may_be_relative_to_now_and_are_shown_by_any_clock(vestige: Inside) -> None:
    assert len(vestige.lines("timeline", "--from", "now-150m")) == 2
    assert len(vestige.lines("timeline", "--from", "-31h", "--to", "now-29h")) == 1
    vestige.ok("timeline", "--from", "now-x", code=2)
    line = vestige.ok("timeline", "--limit", "1", "--show-zone", "Asia/Kathmandu").decode().split()[1]
    stated = vestige.lines("timeline", "--limit", "1")[0]["occurred_at"]
    assert line.endswith("+05:45")
    assert datetime.fromisoformat(line) == datetime.fromisoformat(stated)
    assert vestige.ok("timeline", "--limit", "1", "--show-zone", "-03:00").decode().split()[1].endswith("-03:00")
    vestige.ok("timeline", "--show-zone", "Mars/Base", code=2)
