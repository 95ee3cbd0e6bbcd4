"""Live views: what comes is told once, resumed by id, bounded, and no more than somebody may see."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from support.world import World, world_in
from vestige.api import live

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

Message = tuple[str, int, Any]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_in(tmp_path_factory.mktemp("live") / "data", limit_live=2) as made:
        yield made


def messages(answer: httpx.Response) -> Iterator[Message]:
    kind, position = "", 0
    for line in answer.iter_lines():
        name, _, value = line.partition(": ")
        if name == "event":
            kind = value
        elif name == "id":
            position = int(value)
        elif name == "data":
            yield kind, position, json.loads(value)


def told(client: httpx.Client, **params: Any) -> list[Message]:
    with client.stream("GET", "/v1/live", params={"seconds": 0} | params) as answer:
        assert answer.status_code == 200
        return list(messages(answer))


def seeded(world: World) -> None:
    """Take the events in, and wait until they are in the index, however long that is."""
    world.seed()
    world.installation.rooms(world.tenant).projector.wait(world.head, None)


def actors(found: list[Message]) -> list[str]:
    return [event["actor"]["id"] for kind, _, data in found if kind == "events" for event in data["events"]]


def test_what_comes_is_told_once_in_the_order_it_came(world: World) -> None:
    client = world.client("owner")
    with client.stream("GET", "/v1/live", params={"q": "type:auth.login OR type:data.export"}) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        coming = messages(answer)
        kind, at, _ = next(coming)
        assert kind == "begin"
        world.seed()
        found: list[Message] = []
        while len(actors(found)) < 2:
            found.append(next(coming))
    assert actors(found) == ["bob", "developer@example.org"]
    assert found[0][2]["left_out"] == found[0][2]["passed_over"] == 0
    # Behind the id of the last message there is nothing; from where it began, all of it once more.
    assert actors(told(client, after=found[-1][1], q="actor:*")) == []
    assert actors(told(client, after=at, actor_id="bob", q="session:s1")) == ["bob"]
    params: dict[str, Any] = {"seconds": 0, "q": "actor:bob"}
    with client.stream("GET", "/v1/live", params=params, headers={"Last-Event-ID": str(at)}) as again:
        assert actors(list(messages(again))) == ["bob"]


def test_a_look_is_bounded_and_says_what_it_left_out(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    client = world.client("owner")
    seeded(world)
    every = actors(told(client, after=0, q="actor:*"))
    monkeypatch.setattr(live, "MOST_EVENTS", 3)
    (_, _, few), *_ = (one for one in told(client, after=0, q="actor:*") if one[0] == "events")
    assert [event["actor"]["id"] for event in few["events"]] == every[-3:]
    assert few["left_out"] == len(every) - 3
    monkeypatch.setattr(live, "MOST_ENTRIES", 2)
    (_, _, last), *_ = (one for one in told(client, after=0, q="actor:*") if one[0] == "events")
    assert last["passed_over"] == world.head - 2


def test_a_developer_is_told_of_their_own_agents_and_nobody_of_the_audit_trail_who_may_not_read_it(
    world: World,
) -> None:
    seeded(world)
    assert set(actors(told(world.client("developer"), after=0))) == {"developer@example.org"}
    found = told(world.client("investigator"), after=0, q="in:ledger")
    kinds = [event["event_type"] for kind, _, data in found if kind == "events" for event in data["events"]]
    assert kinds
    assert not [kind for kind in kinds if kind.startswith("vestige.audit")]


def test_bounds(world: World) -> None:
    client = world.client("owner")
    bad: tuple[dict[str, Any], ...] = ({"q": "("}, {"seconds": 3601}, {"seconds": -1}, {"after": -1}, {"speed": 1})
    for wrong in bad:
        assert client.get("/v1/live", params={"seconds": 0} | wrong).status_code == 422, wrong
    with world.as_token("") as nobody:
        assert nobody.get("/v1/live", params={"seconds": 0}).status_code == 401
    assert world.client("key:ingest").get("/v1/live", params={"seconds": 0}).status_code == 403
    with client.stream("GET", "/v1/live") as one, client.stream("GET", "/v1/live") as two:
        coming = [messages(one), messages(two)]  # kept: a reading that is let go closes its stream
        assert [next(each)[0] for each in coming] == ["begin", "begin"]
        third = client.get("/v1/live", params={"seconds": 0})
        assert (third.status_code, third.json()["code"]) == (503, "busy")


def test_it_ends_after_its_seconds(world: World) -> None:
    found = told(world.client("owner"), seconds=1)
    assert [kind for kind, *_ in found][-1] == "end"
