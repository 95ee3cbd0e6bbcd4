"""Entities as people and programs ask for them: on the demonstration, on late data, over HTTP, and what is refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx
import pytest

from support.inside import Inside
from support.program import Vestige, serving
from vestige.demo import generate
from vestige.model.instant import parse_rfc3339

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

INTRUDER = "203.0.113.77"
JORDAN = "jordan.ember@example.com"


class Demo:
    """The demonstration, served: its truth, the command line and a client beside it."""

    def __init__(self, vestige: Vestige, client: httpx.Client, truth: dict[str, Any]) -> None:
        self.vestige, self.client, self.truth = vestige, client, truth

    def get(self, path: str, **params: Any) -> Any:
        answer = self.client.get(path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def id(self, kind: str, value: str) -> str:
        (one,) = self.get("/v1/entities", kind=kind, value=value)["entities"]
        return str(one["id"])


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    folder = tmp_path_factory.mktemp("demo")
    generate(folder / "demo", scenario="breach", events=5000, seed=1)
    vestige = Vestige(folder / "data")
    vestige.ok("import", str(folder / "demo" / "evidence"), code=3)
    truth = json.loads((folder / "demo" / "truth.json").read_text())
    with serving(folder / "data") as running:
        headers = {"Authorization": f"Bearer {running.token}"}
        with httpx.Client(base_url=running.url, headers=headers, timeout=60) as client:
            yield Demo(vestige, client, truth)


def searched(demo: Demo, query: str) -> list[dict[str, Any]]:
    return demo.vestige.lines("search", query, "--order", "asc")


def test_what_is_told_of_an_address_is_what_its_events_say(demo: Demo) -> None:
    found = demo.vestige.json("entity", "show", INTRUDER)
    events = searched(demo, found["query"])
    assert found["events"] == len(events) > 0
    assert (found["first_seen"], found["last_seen"]) == (events[0]["occurred_at"], events[-1]["occurred_at"])
    assert found["evidence"] == {"first": events[0]["id"], "last": events[-1]["id"]}
    assert sum(one["events"] for one in found["activity"]) == len(events)
    counts = {one["value"]: one["events"] for one in found["sources"]}
    assert counts == {name: sum(event["source"] == name for event in events) for name in counts}
    assert sum(counts.values()) == len(events)
    assert found["prevalence"]["days"]["met"] == len({event["occurred_at"][:10] for event in events})
    (jordan,) = [one for one in found["related"] if one["value"] == JORDAN]
    both = searched(demo, jordan["query"])
    assert jordan["evidence"] == {"first": both[0]["id"], "last": both[-1]["id"]}
    # Everything the story says was done from there is among its events.
    steps = {step["sighting"]["at"] for step in demo.truth["steps"]}
    assert steps & {parse_rfc3339(event["occurred_at"])[0] for event in events}


def test_the_graph_leads_from_the_address_to_those_it_met_and_not_through_what_all_meet(demo: Demo) -> None:
    found = demo.vestige.json("entity", "graph", f"ip={INTRUDER}", "--depth", "3")
    nodes = {node["id"]: node for node in found["entities"]}
    assert {node["value"] for node in nodes.values() if node["level"] == 1} >= {JORDAN, "bastion-1"}
    edges = {frozenset((edge["from"], edge["to"])): edge for edge in found["relationships"]}
    assert all(end in nodes for pair in edges for end in pair)
    (edge,) = [edges[pair] for pair in edges if {nodes[end]["value"] for end in pair} == {INTRUDER, JORDAN}]
    # Where an event has an id for its actor, the id met the address and not the name beside it.
    events = [event for event in searched(demo, edge["query"]) if event["actor"].get("id", JORDAN) == JORDAN]
    assert (edge["events"], edge["evidence"]) == (len(events), events[0]["id"])
    assert (edge["first_seen"], edge["last_seen"]) == (events[0]["occurred_at"], events[-1]["occurred_at"])
    hubs = {left["value"]: left["count"] for left in found["left_out"] if left["why"] == "hub"}
    assert hubs
    by_value = {node["value"]: node for node in nodes.values()}
    assert all(by_value[name]["peers"] == count > 100 for name, count in hubs.items())
    assert all(not by_value[name]["through"] for name in hubs)


def test_an_account_is_called_what_its_events_state_and_nothing_more(demo: Demo) -> None:
    found = demo.vestige.json("entity", "show", JORDAN)["aliases"]
    joined = [link for link in found["links"] if link["strength"] == "joined"]
    assert found["names"][0]["value"] == JORDAN
    for link in joined:
        event = demo.get(f"/v1/events/{link['evidence']}")
        assert {event["actor"]["id"].casefold(), event["actor"]["name"].casefold()} == {
            link["one"]["value"],
            link["other"]["value"],
        }
    # The decoy whose name differs by one letter is never hers.
    assert all("embers" not in name["value"] for name in found["names"])
    assert "engineer/" not in str(found["names"])


def test_a_person_reads_lists_pages_and_graphs(demo: Demo) -> None:
    listed = demo.vestige.run("entity", "list", "--kind", "identity", "--sort", "count", "--limit", "3")
    lines = listed.stdout.decode().splitlines()
    assert len(lines) == 3
    assert all(line.startswith("identity") for line in lines)
    assert "3 of" in listed.stderr.decode()
    shown = demo.vestige.ok("entity", "show", JORDAN).decode()
    for words in (
        f"identity {JORDAN}",
        "first seen",
        "last seen",
        "also called:",
        "joined: ",
        "possible: ",
        "activity",
        "with ip (",
    ):
        assert words in shown
    drawn = demo.vestige.run("entity", "graph", INTRUDER, "--depth", "2")
    assert drawn.stdout.decode().startswith(f"ip {INTRUDER}\n  ")
    assert f"identity {JORDAN}" in drawn.stdout.decode()
    assert "entities," in drawn.stderr.decode()
    events = demo.vestige.run("entity", "timeline", INTRUDER, "--limit", "2")
    assert len(events.stdout.splitlines()) == 2
    assert "the first 2" in events.stderr.decode()
    assert demo.vestige.lines("entity", "timeline", INTRUDER) == searched(demo, f"key:ip={INTRUDER}")


def test_every_entity_is_listed_once_with_json(demo: Demo) -> None:
    listed = demo.vestige.lines("entity", "list", "--kind", "session", "--sort", "value")
    assert len(listed) > 1000
    assert [one["value"] for one in listed] == sorted({one["value"] for one in listed})
    totals = demo.get("/v1/entities", kind="session", limit=1)["totals"]
    assert totals == {"session": len(listed)}


def test_groups_of_events_that_stand_together(demo: Demo) -> None:
    terms = ("type:auth.mfa outcome:failure", "type:auth.mfa outcome:success")
    groups = demo.vestige.lines("together", *terms, "--window", "30m", "--same", "ip")
    assert groups
    for group in groups:
        anchor, *others = group["events"]
        assert (anchor["id"], anchor["outcome"]) == (group["anchor"], "failure")
        assert {event["outcome"] for event in others} == {"success"}
        assert {event["network"]["src_ip"] for event in group["events"]} == {group["shared"]["value"]}
    assert INTRUDER in {group["shared"]["value"] for group in groups}
    told = demo.vestige.run("together", *terms, "--window", "30m", "--limit", "1")
    assert f" x {terms[1]}" in told.stdout.decode()
    assert "1 of" in told.stderr.decode()


def test_streamtraces_paths_and_parameters_are_understood(demo: Demo) -> None:
    listed = demo.get("/v1/entities", entity_type="user", limit=5)
    assert {one["kind"] for one in listed["entities"]} == {"identity"}
    (address,) = demo.client.post(
        "/v1/correlate/search", json={"entity_type": "ip", "identifier_contains": "0.113.77", "limit": 5}
    ).json()["entities"]
    assert address["value"] == INTRUDER
    one = demo.get(f"/v1/entities/{address['id']}")
    assert one["value"] == INTRUDER
    graph = demo.get(f"/v1/entities/{address['id']}/graph", max_depth=2)
    assert graph["center"] == address["id"]
    first, last = one["first_seen"], one["last_seen"]
    events = demo.get(f"/v1/entities/{address['id']}/timeline", start=first, end=last, limit=3)["events"]
    assert len(events) == 3
    seed = one["evidence"]["first"]
    found = demo.get(f"/v1/events/{seed}/correlated", limit=4)
    assert found["source_event_id"] == seed
    assert found["count"] == len(found["events"]) == len(found["links"]) <= 4
    assert [link["to"] for link in found["links"]] == [event["id"] for event in found["events"]]
    assert all(link["value"] in link["reason"] for link in found["links"])


def test_an_id_of_any_value_leads_back_to_it(demo: Demo) -> None:
    arn = "arn:aws:iam::111122223333:role/export-admin"
    entity_id = demo.id("identity", arn)
    assert "/" not in entity_id
    assert demo.get(f"/v1/entities/{entity_id}")["value"] == arn
    assert demo.get(f"/v1/entities/{quote('identity=' + JORDAN.upper())}")["value"] == JORDAN


@pytest.mark.parametrize(
    ("path", "params", "status"),
    [
        ("/v1/entities", {"kind": "person"}, 422),
        ("/v1/entities", {"kind": "ip", "entity_type": "ip"}, 422),
        ("/v1/entities", {"limit": "1001"}, 422),
        ("/v1/entities", {"limit": "0"}, 422),
        ("/v1/entities", {"sort": "worst"}, 422),
        ("/v1/entities", {"contains": "x" * 257}, 422),
        ("/v1/entities", {"cursor": "x"}, 422),
        ("/v1/entities", {"value": "x", "contains": "x"}, 422),
        ("/v1/entities", {"wanted": "x"}, 422),
        ("/v1/entities/nobody", {}, 404),
        ("/v1/entities/ip=198.18.0.1", {}, 404),
        ("/v1/entities/ip=198.18.0.1/graph", {}, 404),
        ("/v1/entities/ip=198.18.0.1/timeline", {}, 404),
        (f"/v1/entities/ip={INTRUDER}/graph", {"depth": "4"}, 422),
        (f"/v1/entities/ip={INTRUDER}/graph", {"depth": "1", "max_depth": "1"}, 422),
        (f"/v1/entities/ip={INTRUDER}/timeline", {"limit": "5001"}, 422),
        ("/v1/events/01ARZ3NDEKTSV4RRFFQ69G5FAV/correlated", {}, 404),
        ("/v1/entities", {"kind": "ip", "limit": "1000", "contains": "x" * 256}, 200),
        (f"/v1/entities/ip={INTRUDER}/graph", {"depth": "3"}, 200),
        (f"/v1/entities/ip={INTRUDER}/timeline", {"limit": "5000"}, 200),
    ],
)
def test_what_is_out_of_bounds_is_refused_and_what_is_within_is_not(
    demo: Demo, path: str, params: dict[str, str], status: int
) -> None:
    answer = demo.client.get(path, params=params)
    assert (answer.status_code, "code" in answer.json()) == (status, status != 200), answer.text


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"terms": ["a"]}, 422),
        ({"terms": ["a"] * 7}, 422),
        ({"terms": ["a", "nofield:x"]}, 422),
        ({"terms": ["a", "b"], "window": 0}, 422),
        ({"terms": ["a", "b"], "window": 31_622_401}, 422),
        ({"terms": ["a", "b"], "by": "person"}, 422),
        ({"terms": ["a", "b"], "limit": 101}, 422),
        ({"terms": ["a", "b"], "start": "soon"}, 422),
        ({"terms": ["a", "b"], "entity_type": "ip"}, 422),
        ({"terms": ["a", "b"], "wanted": 1}, 422),
        ({"window": 5, "entity_type": "ip"}, 422),
        ({"entity_type": "person"}, 422),
        ({"identifier_contains": "x" * 257}, 422),
        ({"terms": ["a", "b", "c", "d", "e", "f"], "window": 31_622_400, "by": "ip", "limit": 100}, 200),
        ({"terms": ["a", "b"], "window": 0.000000001, "start": "2026-11-01", "end": "2026-12-01", "order": "asc"}, 200),
        ({"identifier_contains": "x" * 256, "limit": 1000}, 200),
    ],
)
def test_a_search_out_of_bounds_is_refused_and_one_within_is_not(demo: Demo, body: dict[str, Any], status: int) -> None:
    answer = demo.client.post("/v1/correlate/search", json=body)
    assert (answer.status_code, "code" in answer.json()) == (status, status != 200), answer.text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["show", "nobody-of-that-name"], "no entity 'nobody-of-that-name'"),
        (["show", "0.113.77"], f"did you mean ip={INTRUDER}"),
        (["show", ""], "that is no entity"),
        (["show", "x" * 1025], "that is no entity"),
        (["graph", INTRUDER, "--depth", "4"], "not in the range"),
        (["list", "--kind", "person"], "is not one of"),
        (["timeline", INTRUDER, "--from", "soon"], "got"),
    ],
)
def test_what_is_wrong_with_a_command_is_said(demo: Demo, arguments: list[str], said: str) -> None:
    done = demo.vestige.run("entity", *arguments)
    assert done.returncode in {1, 2}
    assert said in done.stderr.decode()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["a"], "2 to 6"),
        (["a"] * 7, "2 to 6"),
        (["a", "b", "--window", "0s"], "--window"),
        (["a", "nofield:x"], "term 2"),
    ],
)
def test_what_is_wrong_with_a_search_for_groups_is_said(demo: Demo, arguments: list[str], said: str) -> None:
    done = demo.vestige.run("together", *arguments)
    assert done.returncode == 2
    assert said in done.stderr.decode()


def test_a_value_of_several_kinds_is_asked_back(tmp_path: Path) -> None:
    vestige = Vestige(tmp_path / "data")
    line = {"event_type": "a.b", "occurred_at": "2026-04-11T10:00:00Z", "actor": "db1", "device": {"hostname": "db1"}}
    vestige.ok("import", "-", stdin=json.dumps(line).encode() + b"\n")
    done = vestige.run("entity", "show", "db1")
    assert done.returncode == 2
    assert "identity=… or host=…" in done.stderr.decode()
    assert vestige.json("entity", "show", "host=DB1")["kind"] == "host"


def test_late_data_and_a_clock_set_right_move_first_and_last(tmp_path: Path) -> None:
    vestige = Inside(tmp_path / "data")

    def add(*stamps: str) -> None:
        lines = [{"event_type": "a.b", "occurred_at": stamp, "actor": "ann"} for stamp in stamps]
        file = tmp_path / f"{len(stamps)}.jsonl"
        file.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
        vestige.ok("import", str(file), "--source", "app")

    def seen() -> tuple[str, str, int]:
        found = vestige.json("entity", "show", "identity=ann")
        first = vestige.json("show", found["evidence"]["first"])
        last = vestige.json("show", found["evidence"]["last"])
        assert (first["occurred_at"], last["occurred_at"]) == (found["first_seen"], found["last_seen"])
        return found["first_seen"], found["last_seen"], found["events"]

    add("2026-04-11T10:00:00Z", "2026-04-11T11:00:00Z")
    assert seen() == ("2026-04-11T10:00:00Z", "2026-04-11T11:00:00Z", 2)
    add("2026-04-10T08:00:00Z")
    assert seen() == ("2026-04-10T08:00:00Z", "2026-04-11T11:00:00Z", 3)
    vestige.ok("source", "set", "app", "--clock-offset", "+1h", "--because", "known")
    assert seen() == ("2026-04-10T09:00:00Z", "2026-04-11T12:00:00Z", 3)
