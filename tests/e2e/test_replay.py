"""Replay over HTTP: at its pace, paused, moved, sped up, and gone on with by ``Last-Event-ID``."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from support.program import Running, Vestige, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TIMES = ("12:00:00", "12:00:00", "12:00:10", "12:00:20", "14:00:00")
EVENTS = [
    {"event_type": "auth.login", "occurred_at": f"2026-04-09T{at}Z", "actor": {"id": name}}
    for at, name in zip(TIMES, ("a", "b", "c", "d", "e"), strict=True)
]
Message = tuple[str, str, Any]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with (
        serving(tmp_path_factory.mktemp("replay") / "data") as server,
        httpx.Client(base_url=server.url, headers=_auth(server), timeout=60) as client,
    ):
        assert client.post("/v1/ingest/events", json=EVENTS).status_code == 200
        yield client


def _auth(server: Running) -> dict[str, str]:
    return {"Authorization": f"Bearer {server.token}"}


def messages(response: httpx.Response) -> Iterator[Message]:
    """Kind, id and data of each message; comments are passed over."""
    fields: dict[str, str] = {}
    for line in response.iter_lines():
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        elif "event" in fields:
            yield fields["event"], fields.get("id", ""), json.loads(fields["data"])
            fields = {}


def actors(found: list[Message]) -> str:
    return "".join(data["actor"]["id"] for kind, _, data in found if kind == "event")


def test_everything_at_once_with_the_cut_told(client: httpx.Client) -> None:
    with client.stream("GET", "/v1/replay", params={"speed": 3600, "max_gap": 0.5}) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        found = list(messages(response))
    assert [kind for kind, *_ in found] == ["begin", "event", "event", "event", "event", "gap", "event", "done"]
    assert actors(found) == "abcde"
    assert all(identity == data["id"] for kind, identity, data in found if kind == "event")
    # Of 1 h 59 min 40 s half a second was waited, which is half an hour of the record.
    assert found[5][2] == {"before": found[6][2]["id"], "cut_ns": (7180 - 1800) * 10**9}
    assert found[-1][2] == {"total": 5, "more": False}


def test_it_keeps_its_pace(client: httpx.Client) -> None:
    begun = time.monotonic()
    with client.stream("GET", "/v1/replay", params={"speed": 20, "end": "2026-04-09T13:00:00Z"}) as response:
        assert actors(list(messages(response))) == "abcd"
    assert time.monotonic() - begun >= 1.0


def test_filters_limit_and_resuming(client: httpx.Client) -> None:
    with client.stream(
        "GET", "/v1/replay", params={"speed": 0, "limit": 2, "q": "actor:a OR actor:c OR actor:e"}
    ) as got:
        first = list(messages(got))
    assert actors(first) == "ac"
    assert first[-1][2] == {"total": 2, "more": True}
    for params, headers in (({}, {"Last-Event-ID": first[2][1]}), ({"after": first[2][1]}, {})):
        with client.stream("GET", "/v1/replay", params={"speed": 0, **params}, headers=headers) as got:
            assert actors(list(messages(got))) == "de"
    both: dict[str, str | int] = {"speed": 0, "q": "actor:a OR actor:b", "actor_id": "b"}
    with client.stream("GET", "/v1/replay", params=both) as got:
        assert actors(list(messages(got))) == "b"
    with client.stream("GET", "/v1/replay", params={"speed": 0, "entity_id": "identity=c"}) as got:
        assert actors(list(messages(got))) == "c"
    assert client.get("/v1/replay", params={"entity_id": "identity=nobody"}).status_code == 404


def test_what_surrounds_an_event_is_everything_or_what_is_asked_for(client: httpx.Client) -> None:
    middle = client.get("/v1/search", params={"q": "actor:c"}).json()["events"][0]["id"]

    def around(**params: str) -> str:
        found = client.get(f"/v1/events/{middle}/context", params={"seconds": "86400", **params})
        assert found.status_code == 200
        return "".join(event["actor"]["id"] for event in found.json()["events"])

    assert around() == "abcde"
    assert around(q="actor:e OR actor:a") == "ace"
    assert client.get(f"/v1/events/{middle}/context", params={"q": "("}).status_code == 422


def test_it_is_paused_moved_and_sped_up_while_it_plays(client: httpx.Client) -> None:
    def steer(name: str, **change: object) -> httpx.Response:
        return client.post(f"/v1/replay/{name}", json=change)

    with client.stream("GET", "/v1/replay", params={"max_gap": 0}) as response:
        told = messages(response)
        name = next(told)[2]["replay"]
        assert [next(told)[2]["actor"]["id"] for _ in range(2)] == ["a", "b"]
        assert steer(name, paused=True).json()["paused"] is True
        # At an hour a second the next would come at once, were it not paused.
        assert steer(name, speed=3600.0).json()["speed"] == 3600
        begun = time.monotonic()
        time.sleep(0.3)
        assert steer(name, paused=False).json() == {
            "replay": name, "paused": False, "speed": 3600, "max_gap": 0, "told": 3,
        }  # fmt: skip
        assert next(told)[2]["actor"]["id"] == "c"
        assert time.monotonic() - begun >= 0.3
        assert next(told)[2]["actor"]["id"] == "d"
        assert steer(name, at="2026-04-09T12:00:10Z", speed=0).status_code == 200
        assert next(told)[0] == "seek"
        assert actors(list(told)) == "cde"
    assert steer(name, paused=True).status_code == 404


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("?speed=-1", None), ("?speed=nan", None), ("?max_gap=3601", None), ("?limit=0", None), ("?q=(", None),
        ("?token=x", None), ("?after=none", None), ("/ffffffffffffffff", {"paused": True}),
    ],
)  # fmt: skip
def test_what_is_no_replay_is_refused(client: httpx.Client, path: str, body: dict[str, object] | None) -> None:
    answer = client.get(f"/v1/replay{path}") if body is None else client.post(f"/v1/replay{path}", json=body)
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_command_tells_them_and_how_to_go_on(tmp_path: Path) -> None:
    vestige = Vestige(tmp_path / "data")
    vestige.ok("import", "-", stdin="\n".join(map(json.dumps, EVENTS)).encode() + b"\n")
    done = vestige.run("replay", "--speed", "0", "--limit", "2")
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 2)
    assert b"2 events; there are more" in done.stderr
    told = vestige.lines("replay", "--speed", "3600", "--max-gap", "500ms")
    assert [event["actor"]["id"] for event in told] == ["a", "b", "c", "d", "e"]
    rest = vestige.lines("replay", "--speed", "0", "--after", told[2]["id"], "NOT actor:e")
    assert [event["actor"]["id"] for event in rest] == ["d"]
    assert vestige.run("replay", "--max-gap", "2h").returncode == 2
