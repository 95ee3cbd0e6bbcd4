"""Two tenants with data of the same shape: each is answered as if it were alone, and neither reaches the other.

Every reading route is asked as one tenant before there is another, and again when the other holds the same: the answers
must be equal. Every route is asked as one tenant for what belongs to the other, by its own id.
"""

from __future__ import annotations

import base64
import json
import re
import subprocess
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from support.cell import Ready
from support.cells import ANYBODY, CASES
from support.git_bundle import ONE_COMMIT, one_commit
from support.world import EVENTS, World, everybody, world_in
from vestige.api.permissions import PUBLIC, routes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

READING = [
    (route.method, route.path)
    for route in routes()
    if route.need is not None and not route.need.local and route.method in {"GET", "HEAD"}
]
BODIES: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", "/v1/correlate/search"): {"json": {"terms": ["actor:bob", "type:data.export"], "window": 3600}}
}
"""Routes that read and are asked with a body."""
READING += BODIES
LATE = {
    *("/v1/audit", "/v1/ledger/verify", "/v1/ledger/checkpoint", "/v1/ledger/{tenant}/checkpoint", "/v1/doctor"),
    *("/v1/export/header", "/v1/export/bundle", "/metrics", "/v1/compliance"),
    *("/v1/compliance/report", "/v1/compliance/pack"),
    *("/v1/cases/{case}/activity", "/v1/cases/{case}/export", "/v1/cases/{case}/report"),
}
UNTIL = (datetime.now(UTC) + timedelta(days=1)).isoformat()
VOLATILE = re.compile(r'"(last_used_at|request|agent|key|free|detail)":"[^"]*"')
PATHS = {
    "{event_id}": "event", "{entry}": "event", "{entity_id}": "entity", "{view}": "view", "{key}": "key",
    "{case}": "case", "{item}": "item", "{selection}": "selection",
    "{person}": "person", "{request_id}": "asked", "{source:name}": "source", "{tenant}": "tenant",
    "{path:path}": "tile", "{name}": "name", "{index}": "name", "{kind}": "kind", "{version}": "version",
    "{hold}": "hold", "{redaction}": "name", "{proposal}": "name", "{upload}": "upload",
    "{repository}": "repository", "{oid}": "oid", "{policy}": "name", "{decision}": "decision", "{waiver}": "waiver",
    "{session}": "session",
}  # fmt: skip


def filled(world: World) -> dict[str, str]:
    """Take in the same as every other tenant; the names of what there then is."""
    here = world.client("here")
    here.post("/v1/ingest/events", json=EVENTS, headers={"X-Source-Id": "seed"}).raise_for_status()
    view = here.post("/v1/views", json={"name": "a view", "q": "actor:bob"}).json()["id"]
    key = here.post("/v1/admin/keys", json={"name": "a key", "scopes": ["ingest"]}).json()["id"]
    here.post("/v1/people/requests", json={"email": "asks@example.org", "tenant": world.slug}).raise_for_status()
    event = here.get("/v1/search", params={"q": "actor:bob"}).json()["events"][0]["id"]
    case = here.post("/v1/cases", json={"name": "a case"}).json()["id"]
    selection = here.post(f"/v1/cases/{case}/events", json={"event_id": event}).raise_for_status().json()["selection"]
    item = here.post(f"/v1/cases/{case}/items", json={"kind": "hypothesis", "title": "h"}).json()["id"]
    weighed = {"event_id": event, "side": "for"}
    here.post(f"/v1/cases/{case}/items/{item}/evidence", json=weighed).raise_for_status()
    here.post("/v1/ledger/checkpoint").raise_for_status()
    size = int(here.get("/v1/ledger/checkpoint").text.splitlines()[1])
    repository = here.post("/v1/code/repositories", json={"name": "host/own/one"}).json()["id"]
    here.post(f"/v1/code/repositories/{repository}/bundles", content=one_commit()).raise_for_status()
    policy = 'version = 1\n[[policy]]\nname = "one"\ntype = "trace_completeness"\naction = "warn"\n'
    here.post("/v1/policies", json={"text": policy}).raise_for_status()
    pushed = {"repository": "host/own/one", "updates": [{"new": ONE_COMMIT}]}
    decision = here.post("/v1/policies/check", json=pushed).raise_for_status().json()["decision"]
    waived = {"policy": "one", "repository": "host/own/one", "until": UNTIL, "reason": "why"}
    waiver = here.post("/v1/policies/waivers", json=waived).raise_for_status().json()["id"]
    return {
        "decision": decision,
        "waiver": waiver,
        "event": event,
        "entity": here.get("/v1/entities", params={"value": "bob"}).json()["entities"][0]["id"],
        "case": case,
        "item": item,
        "selection": selection,
        "view": view,
        "hold": here.post("/v1/holds", json={"q": "nobody", "reason": "litigation"}).json()["id"],
        "key": key,
        "repository": repository,
        "oid": ONE_COMMIT,
        "upload": here.post("/v1/uploads", json={"name": "a.log", "size": 3}).json()["id"],
        "person": next(one["id"] for one in here.get("/v1/people").json()["people"] if one["role"] == "auditor"),
        "asked": here.get("/v1/people/requests").json()["requests"][0]["id"],
        "source": "seed",
        "tenant": world.tenant,
        "tile": f"0/000.p/{size % 256}",
        "name": "none",
        "kind": "scan.completed",
        "version": "1",
        "session": "s1",
    }


def of(world: World, slug: str) -> World:
    """The same installation, seen by another tenant."""
    made = World(world.installation, world.api, world.socket, world.url, slug=slug)
    made.clients.update(everybody(made, slug))
    return made


def path_of(path: str, names: dict[str, str]) -> str:
    if path.endswith(("{repository}/file", "{repository}/lines")):
        path += "?path=a.txt"
    for part, name in PATHS.items():
        path = path.replace(part, names[name])
    if path == "/v1/correlate/chain":
        return f"{path}?seed_event_id={names['event']}"
    ending = {
        "/v1/ledger/inclusion": "?seq=1&size=5",
        "/v1/ledger/consistency": "?from=1&to=5",
        "/v1/replay": "?speed=0",
        "/v1/stories": f"?repository={names['repository']}&path=a.txt",
        "/v1/live": "?seconds=0&after=0&q=actor:bob",
    }
    return path + ending.get(path, "")


def asked(world: World, names: dict[str, str], method: str, path: str) -> tuple[int, str]:
    """An answer without what differs from one request to the next."""
    answer = world.client("owner").request(method, path_of(path, names), **BODIES.get((method, path), {}))
    text = re.sub(r'"replay":"[0-9a-f]+"', "", answer.text)
    if path == "/v1/live":  # how far the tenant's own log is: reading it writes entries
        text = re.sub(r'(?m)^id: [0-9]+$|"at":[0-9]+', "", text)
    return answer.status_code, VOLATILE.sub("", text)


class Two:
    """Both tenants, and what the first was answered while it was alone."""

    def __init__(self, world: World) -> None:
        self.first = world
        self.names = filled(world)
        # Reveals and exports write entries, so what they change is read only after they have been made once.
        self.alone = {
            (method, path): asked(world, self.names, method, path) for method, path in READING if path not in LATE
        }
        world.client("here").post("/v1/tenants", json={"slug": "other"}).raise_for_status()
        self.second = of(world, "other")
        self.others = filled(self.second)


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    with world_in(tmp_path_factory.mktemp("tenants") / "data", limit_sign_ins=0) as world:
        made = Two(world)
        yield made
        for client in made.second.clients.values():
            client.close()


def test_every_route_is_of_one_kind() -> None:
    """A route that is added belongs to a case here, or this says so."""
    known = set(CASES) | ANYBODY | set(PUBLIC)
    assert {(route.method, route.path) for route in routes()} == known
    for _, path in CASES:
        assert not set(re.findall(r"\{[^}]+\}", path)) - set(PATHS), path


@pytest.mark.parametrize(("method", "path"), [one for one in READING if one[1] not in LATE])
def test_an_answer_is_as_if_nobody_else_were_there(two: Two, method: str, path: str) -> None:
    status, text = two.alone[method, path]
    again = asked(two.first, two.names, method, path)
    assert status in {200, 404}, text
    assert again == (status, text)
    other = asked(two.second, two.others, method, path)
    assert other[0] == status


@pytest.mark.parametrize("path", sorted(LATE - {"/v1/doctor"}))
def test_what_every_read_changes_names_nothing_of_the_other(two: Two, path: str) -> None:
    answer = two.first.client("owner").get(path_of(path, two.names))
    assert answer.status_code == 200
    assert two.first.tenant in answer.text or path.startswith(
        (
            "/v1/audit",
            "/v1/ledger/verify",
            "/v1/export/header",
            "/v1/export/bundle",
            "/v1/cases/",
            "/metrics",
            "/v1/compliance",
        )
    )
    for name in ("event", "case", "item", "view", "key", "person", "asked", "tenant"):
        assert two.others[name] not in answer.text, name
    assert "other" not in re.sub(r"another|other@example|others", "", answer.text)


@pytest.mark.parametrize(
    ("method", "path"),
    [(method, path) for method, path in CASES if set(re.findall(r"\{[^}]+\}", path)) - {"{index}", "{name}"}],
)
def test_the_id_of_another_tenants_thing_is_nobodys(two: Two, tmp_path: Path, method: str, path: str) -> None:
    """What is guessed right is answered as what is not there, and nothing of the other's changes."""
    names = two.others | {"source": two.others["source"], "entity": two.others["entity"]}
    head = two.second.head
    body = CASES[method, path](Ready(two.first, "owner", tmp_path, two.names["event"], two.names["entity"])).kwargs
    answer = two.first.client("owner").request(method, path_of(path, names), **(body or {}))
    if {"{source:name}", "{entity_id}", "{kind}", "{session}"} & set(re.findall(r"\{[^}]+\}", path)):
        # A name both have: the first sees and changes its own.
        assert answer.status_code == 200
        assert two.others["event"] not in answer.text
    elif path == "/v1/ledger/tile/{path:path}":
        assert answer.content != two.second.client("owner").get(path_of(path, names)).content
    else:
        assert answer.status_code == 404, (answer.status_code, answer.text)
        absent = names | dict.fromkeys(
            ("event", "case", "item", "view", "key", "person", "asked"), "01ARZ3NDEKTSV4RRFFQ69G5FAV"
        )
        absent["tenant"] = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
        nothing = two.first.client("owner").request(method, path_of(path, absent), **(body or {}))
        assert without_names(nothing, absent) == without_names(answer, names)
    assert two.second.head == head


def without_names(answer: httpx.Response, names: dict[str, str]) -> str:
    text = answer.text
    for name in names.values():
        text = text.replace(name, "…")
    return text


@pytest.mark.parametrize("header", ["X-Vestige-Tenant", "X-Stella-Tenant"])
def test_a_header_selects_only_what_the_token_opens(two: Two, header: str) -> None:
    owner = two.first.client("owner")
    assert owner.get("/v1/sources", headers={header: "default"}).status_code == 200
    there = owner.get("/v1/sources", headers={header: "other"})
    nowhere = owner.get("/v1/sources", headers={header: "nowhere"})
    assert (there.status_code, nowhere.status_code) == (404, 404)
    assert there.text.replace("other", "nowhere") == nowhere.text


def test_acts_of_one_are_entries_of_one(two: Two) -> None:
    for mine, theirs in ((two.first, two.second), (two.second, two.first)):
        head, before = theirs.head, mine.head
        mine.client("owner").post("/v1/views", json={"name": f"of {mine.slug}"}).raise_for_status()
        assert mine.client("key:ingest").get("/v1/sources").status_code == 403
        mine.client("here").get("/v1/export").raise_for_status()
        assert (mine.head, theirs.head) == (before + 3, head)


def test_the_same_address_is_two_people(two: Two) -> None:
    for world, password in ((two.first, "correct horse battery staple"), (two.second, "a wholly different sentence")):
        body = {"email": "both@example.org", "role": "auditor"}
        token = world.client("owner").post("/v1/people", json=body).json()["token"]
        answer = httpx.post(f"{world.url}/v1/people/accept", json={"token": token, "password": password})
        assert answer.status_code == 201
    login = {"email": "both@example.org", "password": "correct horse battery staple"}
    assert httpx.post(f"{two.first.url}/v1/login", json=login).status_code == 200
    assert httpx.post(f"{two.first.url}/v1/login", json=login | {"tenant": "other"}).status_code == 401


@pytest.mark.parametrize("slug", ["", "Upper", "a b", "-a", "a" * 64, "ü", "a/b", "default"])
def test_what_cannot_be_a_tenant_is_refused(two: Two, slug: str) -> None:
    before = two.first.client("here").get("/v1/tenants").json()
    assert two.first.client("here").post("/v1/tenants", json={"slug": slug}).status_code in {409, 422}
    assert two.first.client("here").get("/v1/tenants").json() == before


def test_a_signing_key_is_brought_or_refused(two: Two, tmp_path: Path) -> None:
    here = two.first.client("here")
    file = tmp_path / "key.pem"

    def ask(slug: str) -> httpx.Response:
        return here.post("/v1/tenants", json={"slug": slug, "signing_key_file": str(file)})

    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", str(file)], check=True)
    public = subprocess.run(
        ["openssl", "pkey", "-in", str(file), "-pubout", "-outform", "DER"], check=True, capture_output=True
    ).stdout[-32:]
    before = here.get("/v1/tenants").json()
    file.chmod(0o644)
    assert ask("brought").json()["got"] == "mode 0644"
    other = file.read_bytes()
    file.chmod(0o600)
    for wrong in (b"", b"not a key", other.replace(b"PRIVATE", b"PUBLIC"), other[:60]):
        file.write_bytes(wrong)
        assert ask("brought").json()["title"] == "that is no signing key"
    assert here.get("/v1/tenants").json() == before
    file.write_bytes(other)
    made = ask("brought")
    assert made.status_code == 201, made.text
    with two.first.as_token(made.json()["token"]) as owner:
        vkey = owner.get("/v1/ledger/keys").json()[0]["vkey"]
        assert base64.b64decode(vkey.split("+", 2)[2])[1:] == public
        assert owner.get("/v1/ledger/verify").json()["ok"] is True


def test_a_tenant_has_its_own_signing_key(two: Two) -> None:
    keys: list[Any] = [one.client("owner").get("/v1/ledger/keys").json() for one in (two.first, two.second)]
    assert {keys[0][0]["origin"], keys[1][0]["origin"]} == {
        f"{keys[0][0]['origin'].split('/')[0]}/t/{one.tenant}/0" for one in (two.first, two.second)
    }
    assert keys[0][0]["vkey"] != keys[1][0]["vkey"]
    assert json.loads(two.second.client("owner").get("/v1/ledger/verify").text)["ok"] is True
