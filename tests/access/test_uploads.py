"""Uploads over HTTP: pieces, a report that adds up, and who may do what with whose."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from support.world import World, world_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

LINES = b"".join(
    b"Apr  9 12:00:%02d web1 sshd[1]: Failed password for root from 203.0.113.9 port 4 ssh2\n" % number
    for number in range(10)
)
DATA = LINES + b"\x00\x01 no line of syslog\n"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_in(tmp_path_factory.mktemp("uploads") / "data") as made:
        yield made


def begun(client: httpx.Client, data: bytes = DATA, **besides: Any) -> dict[str, Any]:
    body = {"name": "var/log/auth.log", "size": len(data), "sha256": hashlib.sha256(data).hexdigest()} | besides
    answer = client.post("/v1/uploads", json=body)
    assert answer.status_code in {200, 201}, answer.text
    told: dict[str, Any] = answer.json()
    return told


def send(client: httpx.Client, upload: str, offset: int, data: bytes) -> httpx.Response:
    return client.patch(f"/v1/uploads/{upload}", content=data, headers={"Upload-Offset": str(offset)})


def report_of(answer: httpx.Response) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(answer.text.splitlines()[-1])
    return told


def test_a_file_in_pieces_is_read_as_an_import_of_it_would_be(world: World) -> None:
    client = world.client("owner")
    upload = begun(client, zone="+02:00", year=2026)["id"]
    assert send(client, upload, 0, DATA[:100]).headers["upload-offset"] == "100"
    head = client.head(f"/v1/uploads/{upload}")
    assert (head.status_code, head.headers["upload-offset"], head.headers["upload-length"]) == (
        200,
        "100",
        str(len(DATA)),
    )
    early = client.post(f"/v1/uploads/{upload}/import")
    assert (early.status_code, early.json()["title"]) == (409, "the file is not all here yet")
    assert send(client, upload, 50, DATA[50:]).status_code == 409
    assert begun(client, zone="+02:00", year=2026)["offset"] == 100
    assert send(client, upload, 100, DATA[100:]).status_code == 204
    (found,) = client.post(f"/v1/uploads/{upload}/explain").json()
    assert (found["file"], found["format"], found["source"]) == ("var/log/auth.log", "syslog", "auth.log")
    wrong = client.post(f"/v1/uploads/{upload}/import", json={"format": "nothing"})
    assert wrong.status_code == 422
    report = report_of(client.post(f"/v1/uploads/{upload}/import"))["report"]
    assert report["records"] == 11 == report["parsed"] + report["unparsed"] + report["duplicates"] + report["skipped"]
    assert report["unparsed"] == len(report["failures"]) == 1
    raw = client.get(f"/v1/events/{report['failures'][0]['id']}/raw")
    assert raw.content == b"\x00\x01 no line of syslog", "a record that could not be read can be opened"
    assert client.head(f"/v1/uploads/{upload}").status_code == 404
    first = client.get("/v1/search", params={"q": "source:auth.log", "order": "asc", "limit": 1}).json()["events"][0]
    assert first["occurred_at"] == "2026-04-09T10:00:00Z"
    again = begun(client)["id"]
    send(client, again, 0, DATA)
    twice = report_of(client.post(f"/v1/uploads/{again}/import"))["report"]
    assert (twice["duplicates"], twice["parsed"]) == (11, 0)
    acts = [(one["action"], one["detail"]["name"]) for one in world.acts("upload.*")]
    assert acts[0] == ("upload.begun", "var/log/auth.log")


def test_bounds_of_a_piece_and_of_what_is_announced(world: World) -> None:
    client = world.client("owner")
    most = client.get("/v1/uploads").json()["piece_bytes"]
    whole = b"x" * (most + 1)
    upload = begun(client, whole)["id"]
    assert send(client, upload, 0, whole).status_code == 413
    assert send(client, upload, 0, whole[:most]).status_code == 204
    for wrong in ({"size": 0}, {"size": -1}, {"name": ""}, {"sha256": "x"}, {"zone": "Nowhere/At"}, {"format": "none"},
                  {"modified_at": "yesterday"}, {"source": "vestige"}, {"year": 1}, {"besides": 1}):  # fmt: skip
        body = {"name": "a", "size": 3} | wrong
        assert client.post("/v1/uploads", json=body).status_code == 422, wrong
    assert client.delete(f"/v1/uploads/{upload}").status_code == 204
    assert client.delete(f"/v1/uploads/{upload}").status_code == 404
    assert world.acts("upload.removed")[-1]["detail"] == {"name": "var/log/auth.log", "offset": most}


def test_other_bytes_than_announced_are_refused_and_stay(world: World) -> None:
    client = world.client("owner")
    upload = begun(client, LINES)["id"]
    send(client, upload, 0, LINES[:-1] + b"!")
    told = report_of(client.post(f"/v1/uploads/{upload}/import"))
    assert told["problem"]["title"] == "the bytes that came are not those that were announced"
    assert client.head(f"/v1/uploads/{upload}").status_code == 200


def test_each_sees_their_own_and_a_key_keeps_to_its_sources(world: World) -> None:
    owner, developer = world.client("owner"), world.client("developer")
    upload = begun(owner, b"one\n")["id"]
    assert upload in [one["id"] for one in owner.get("/v1/uploads").json()["uploads"]]
    assert developer.get("/v1/uploads").json()["uploads"] == []
    made = owner.post("/v1/admin/keys", json={"name": "web", "scopes": ["ingest"], "sources": ["web"]}).json()
    bound = world.as_token(made["token"])
    body = {"name": "a", "size": 3}
    assert bound.post("/v1/uploads", json=body).status_code == 403
    assert bound.post("/v1/uploads", json=body | {"source": "other"}).status_code == 403
    mine = bound.post("/v1/uploads", json=body | {"source": "web"})
    assert mine.status_code == 201
    send(bound, mine.json()["id"], 0, b"abc")
    assert bound.post(f"/v1/uploads/{mine.json()['id']}/import", json={"source": "other"}).status_code == 403
    assert bound.post(f"/v1/uploads/{mine.json()['id']}/import").status_code == 200
    bound.close()
