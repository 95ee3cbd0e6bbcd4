"""Cases over HTTP: StreamTrace's requests as its clients send them, tags against lost updates, cursors, bounds."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest

from support.world import EVENTS, World, world_in

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_in(tmp_path_factory.mktemp("cases") / "data") as made:
        made.client("here").post("/v1/ingest/events", json=EVENTS).raise_for_status()
        yield made


def made(world: World, **given: Any) -> dict[str, Any]:
    found: dict[str, Any] = world.client("investigator").post("/v1/cases", json={"name": "c"} | given).json()
    return found


def test_the_author_is_who_is_signed_in_whatever_a_request_claims(world: World) -> None:
    case = made(world, created_by="mallory", description="d")
    assert (case["created_by"], case["claimed_created_by"]) == ("investigator@example.org", "mallory")
    client, where = world.client("investigator"), f"/v1/cases/{case['id']}"
    event = client.get("/v1/search", params={"q": "actor:bob"}).json()["events"][0]["id"]
    body = {"event_id": event, "added_by": "mallory"}
    assert client.post(f"{where}/events", json=body).status_code == 201
    assert client.post(f"{where}/events", json=body).status_code == 200
    marked = client.patch(f"{where}/events/{event}", json={"pinned": True, "annotation": "key"}).json()
    assert (marked["pinned"], marked["annotation"], marked["added_by"]) == (True, "key", "investigator@example.org")
    assert client.get(f"{where}/export", params={"format": "md"}).text.startswith("# c\n")
    assert client.get(f"{where}/export", params={"format": "csv"}).headers["content-type"].startswith("text/csv")
    assert client.delete(f"{where}/events/{event}").status_code == 204
    assert client.delete(f"{where}/events/{event}").status_code == 404
    assert {act["by"] for act in client.get(f"{where}/activity").json()["acts"]} == {"investigator@example.org"}


def test_an_event_names_its_cases_to_who_may_read_cases(world: World) -> None:
    client, developer = world.client("investigator"), world.client("developer")
    event = client.get("/v1/search", params={"q": "actor:developer@example.org type:agent.tool_use"}).json()["events"][
        0
    ]["id"]
    case = made(world, name="named")["id"]
    assert "cases" not in client.get(f"/v1/events/{event}").json()
    client.post(f"/v1/cases/{case}/events", json={"event_id": event, "annotation": "key"}).raise_for_status()
    assert client.get(f"/v1/events/{event}").json()["cases"] == [{"id": case, "name": "named", "annotation": "key"}]
    own = developer.get(f"/v1/events/{event}")
    assert (own.status_code, own.json()["id"], "cases" in own.json()) == (200, event, False)


def test_pinning_is_undone_by_what_it_answered_and_a_page_says_what_is_pinned(world: World) -> None:
    case = made(world)["id"]
    client, where = world.client("investigator"), f"/v1/cases/{case}"
    event = client.get("/v1/search", params={"q": "actor:bob"}).json()["events"][0]["id"]
    told = client.post(f"{where}/events", json={"event_id": event, "annotation": "look"}).json()
    assert (told["pinned"], told["already"]) == (1, 0)
    assert "pins" not in client.get(f"{where}/timeline").json()
    page = client.get(f"{where}/timeline", params={"pins": True}).json()
    assert [(one["event_id"], one["annotation"], one["integrity"]) for one in page["pins"]] == [
        (event, "look", "intact")
    ]
    gone = client.delete(f"{where}/selection/{told['selection']}")
    assert gone.json() == {"case": case, "selection": told["selection"], "unpinned": 1}
    assert client.get(f"{where}/events").json() == {"events": []}
    assert client.delete(f"{where}/selection/{event}").status_code == 404
    assert client.delete(f"{where}/selection/none").status_code == 404


def test_cases_are_found_by_letters_of_their_names(world: World) -> None:
    client = world.client("investigator")
    wanted = made(world, name="Push 100% of it")["id"]
    made(world, name="Push 1000 of it")
    for letters in ("push 100%", "00% OF", "100%"):
        found = client.get("/v1/cases", params={"contains": letters}).json()["cases"]
        assert [one["id"] for one in found] == [wanted]
    assert client.get("/v1/cases", params={"contains": "x" * 201}).status_code == 422


def test_a_change_on_an_old_revision_is_answered_412(world: World) -> None:
    client = world.client("investigator")
    answer = client.post("/v1/cases", json={"name": "tagged"})
    where, tag = f"/v1/cases/{answer.json()['id']}", answer.headers["etag"]
    assert tag == '"1"'
    assert client.patch(where, json={"owner": "ann"}, headers={"If-Match": tag}).headers["etag"] == '"2"'
    stale = client.patch(where, json={"owner": "ben"}, headers={"If-Match": tag})
    assert (stale.status_code, stale.json()["code"]) == (412, "conflict.stale")
    assert client.get(where).json()["owner"] == "ann"
    assert client.patch(where, json={"owner": "cy"}, headers={"If-Match": "*"}).status_code == 200
    assert client.patch(where, json={"owner": "cy"}, headers={"If-Match": "other"}).status_code == 422
    note = client.post(f"{where}/items", json={"kind": "note", "text": "a"})
    item, first = f"{where}/items/{note.json()['id']}", {"If-Match": note.headers["etag"]}
    assert client.patch(item, json={"text": "b"}, headers=first).status_code == 200
    assert client.patch(item, json={"text": "c"}, headers=first).status_code == 412


def test_lists_go_on_by_cursors_and_refuse_what_is_none(world: World) -> None:
    client = world.client("investigator")
    mine = {made(world, owner="lister")["id"] for _ in range(5)}
    found, cursor = [], None
    while True:
        going_on: dict[str, str] = {} if cursor is None else {"cursor": cursor}
        page = client.get("/v1/cases", params={"owner": "lister", "limit": "2"} | going_on)
        found += [one["id"] for one in page.json()["cases"]]
        cursor = page.json().get("next_cursor")
        if cursor is None:
            break
    assert len(found) == 5
    assert set(found) == mine
    case = found[0]
    client.post(f"/v1/cases/{case}/selection", json={"query": "*:*"}).raise_for_status()
    first = client.get(f"/v1/cases/{case}/events", params={"limit": 3}).json()
    rest = client.get(f"/v1/cases/{case}/events", params={"limit": 3, "cursor": first["next_cursor"]}).json()
    ids = [one["event_id"] for one in first["events"] + rest["events"]]
    assert len(set(ids)) == len(ids) == 4
    assert "next_cursor" not in rest
    for number in range(3):
        client.post(f"/v1/cases/{case}/items", json={"kind": "note", "text": str(number)}).raise_for_status()
    first = client.get(f"/v1/cases/{case}/items", params={"limit": 2}).json()
    rest = client.get(f"/v1/cases/{case}/items", params={"limit": 2, "cursor": first["next_cursor"]}).json()
    assert [len(first["items"]), len(rest["items"])] == [2, 1]
    assert len({one["id"] for one in first["items"] + rest["items"]}) == 3
    assert "next_cursor" not in rest
    nul = base64.urlsafe_b64encode(b'[1,"\\u0000"]').decode()
    for params in ({"owner": "a\x00"}, {"cursor": nul}):
        assert client.get("/v1/cases", params=params).status_code == 422, params
    for path in ("", f"/{case}/items", f"/{case}/events", f"/{case}/activity", f"/{case}/timeline"):
        assert client.get(f"/v1/cases{path}", params={"cursor": "zz"}).status_code == 422, path


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("", {"name": ""}),
        ("", {"name": "x" * 201}),
        ("", {"name": "Q3/events"}),
        ("", {"name": "x", "status": "maybe"}),
        ("", {"name": "x", "members": ["m"] * 101}),
        ("", {"name": "x", "colour": "red"}),
        ("/{case}/events", {}),
        ("/{case}/events", {"events": ["01ARZ3NDEKTSV4RRFFQ69G5FAV"] * 1001}),
        ("/{case}/selection", {"query": "case:nothing"}),
        ("/{case}/selection", {"query": "*:*", "start": "soon"}),
        ("/{case}/items", {"kind": "memo", "text": "x"}),
        ("/{case}/items", {"kind": "task", "title": "x", "verdict": "open"}),
    ],
)
def test_what_is_out_of_bounds_is_refused_and_leaves_nothing(world: World, path: str, body: dict[str, Any]) -> None:
    case = made(world)["id"]
    head = world.head
    answer = world.client("investigator").post(f"/v1/cases{path.format(case=case)}", json=body)
    assert answer.status_code == 422, answer.text
    assert world.head == head
