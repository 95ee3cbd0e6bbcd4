"""The declared timeline over HTTP and by the command line: events in, pages, evidence, export, kinds."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shlex
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from support.program import Running, Vestige, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

DIGEST = "a" * 64
OTHER = "b" * 64
SCAN, VERDICT = "01JAR1Z5E8D3XK3R5V3G7Z2Q4A", "01JAR1Z5E8D3XK3R5V3G7Z2Q4B"
GUIDE = Path(__file__).resolve().parents[2] / "docs" / "declared-timeline.md"


def event(minute: int, category: str, **fields: Any) -> dict[str, Any]:
    return {"timestamp": f"2025-11-01T10:{minute:02}:00Z", "category": category, "details": {}} | fields


FLOW = [
    event(
        1,
        "scan.completed",
        event_id=SCAN,
        severity="low",
        subject=f"sha256:{DIGEST}",
        trace_id="flow-1",
        details={"sbom_digest": f"sha256:{DIGEST}", "findings": {"high": 2}, "determinism_score": 0.98},
    ),
    event(
        2,
        "policy",
        kind="policy.verdict",
        event_id=VERDICT,
        subject=f"sha256:{DIGEST}",
        trace_id="flow-1",
        details={"decision": "allow", "rationale": "all is well", "overlay_cache_version": 3},
    ),
    event(3, "notify.sent", trace_id="flow-1", details={"channel": "#ops", "template_id": "scan"}),
    event(4, "attestation.verified", details={"rekor_uuid": "24296fb24b8ad77a", "bundle_digest": f"sha256:{OTHER}"}),
    event(5, "evidence.ingested", details={"worm_vault_id": "vault-7", "bundle_digest": f"sha256:{OTHER}"}),
    event(6, "scanner", kind="acme.rescan", details={"log": {"rekor_uuid": "24296fb24b8ad77a"}}),
    event(7, "audit", kind="acme.copied", details={"vault_id": "vault-7"}),
]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("declared") / "data"


@pytest.fixture(scope="module")
def server(data: Path) -> Iterator[Running]:
    with serving(data) as running:
        yield running


@pytest.fixture(scope="module")
def client(server: Running) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {server.token}"}
    with httpx.Client(base_url=server.url, headers=headers, timeout=60) as client:
        yield client


@pytest.fixture(scope="module")
def flow(client: httpx.Client) -> list[dict[str, Any]]:
    answer = client.post("/timeline/events", json=FLOW)
    assert answer.status_code == 200, answer.text
    results: list[dict[str, Any]] = answer.json()["results"]
    assert [one["status"] for one in results] == ["accepted"] * len(FLOW)
    return results


def kinds(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [one["kind"] for one in answer.json()["events"]]


def test_an_event_is_acknowledged_with_its_id_seq_and_leaf(client: httpx.Client, flow: list[dict[str, Any]]) -> None:
    assert [one["event_id"] for one in flow[:2]] == [SCAN, VERDICT]
    assert flow[2]["event_id"] == flow[2]["id"]
    seqs = [one["seq"] for one in flow]
    assert seqs == list(range(seqs[0], seqs[0] + len(FLOW)))
    for one in flow:
        assert client.get(f"/v1/events/{one['id']}").json()["provenance"]["leaf_hash"] == one["leaf_hash"]
    raw = client.get(f"/v1/events/{flow[0]['id']}/raw")
    assert json.loads(raw.content) == FLOW[0]


@pytest.mark.usefixtures("flow")
@pytest.mark.parametrize("prefix", ["", "/api/v1"])
def test_events_come_back_as_they_were_declared(client: httpx.Client, prefix: str) -> None:
    one = client.get(f"{prefix}/timeline/{SCAN}").json()
    assert {name: one[name] for name in ("event_id", "timestamp", "kind", "category", "trace_id", "details")} == {
        "event_id": SCAN,
        "timestamp": "2025-11-01T10:01:00Z",
        "kind": "scan.completed",
        "category": "scan",
        "trace_id": "flow-1",
        "details": FLOW[0]["details"],
    }
    assert client.get(f"{prefix}/timeline/{one['id'].lower()}").json() == one
    assert client.get(f"{prefix}/timeline/01JAR1Z5E8D3XK3R5V3G7Z2Q4Z").status_code == 404


@pytest.mark.usefixtures("flow")
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("category=scan.completed", ["scan.completed"]),
        ("category=scan", ["scan.completed"]),
        ("category=scanner", ["acme.rescan"]),
        ("category=evidence", ["evidence.ingested"]),
        ("trace_id=flow-1", ["notify.sent", "policy.verdict", "scan.completed"]),
        ("trace_id=flow-1&category=policy.verdict", ["policy.verdict"]),
        (f"subject=sha256:{DIGEST}", ["policy.verdict", "scan.completed"]),
        ("details.rekor_uuid=24296fb24b8ad77a", ["attestation.verified"]),
        ("details.log.rekor_uuid=24296fb24b8ad77a", ["acme.rescan"]),
        ("details.overlay_cache_version=3", ["policy.verdict"]),
        ("details.rekor_uuid=nothing", []),
        ('subject=" OR type:*', []),
        ("from=2025-11-01T10:05:00Z&to=2025-11-01T10:07:00Z", ["acme.rescan", "evidence.ingested"]),
        ("limit=1&order=asc", ["scan.completed"]),
    ],
)
def test_filters_find_what_they_say(client: httpx.Client, query: str, found: list[str]) -> None:
    assert kinds(client.get(f"/timeline?{query}")) == found


@pytest.mark.usefixtures("flow")
def test_pages_follow_one_another(client: httpx.Client) -> None:
    seen, cursor = [], None
    while True:
        params = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        page = client.get("/api/v1/timeline", params=params).json()
        seen += [one["id"] for one in page["events"]]
        cursor = page.get("next_cursor")
        if cursor is None:
            break
    whole = client.get("/timeline", params={"limit": "1000"}).json()["events"]
    assert seen == [one["id"] for one in whole]
    assert len(seen) >= len(FLOW)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("colour=red", "colour"),
        ("limit=0", "limit"),
        ("details.=x", "details."),
        ("details.a.b", "details.a.b"),
        ("details.a b=x", "details.a b"),
        ("category=", "category"),
        ("from=soon", "from"),
    ],
)
def test_a_filter_that_means_nothing_is_refused(client: httpx.Client, query: str, field: str) -> None:
    answer = client.get(f"/timeline?{query}")
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert answer.json()["errors"][0]["field"] == field


@pytest.mark.usefixtures("flow")
def test_both_families_of_headers_are_understood_and_answered(client: httpx.Client) -> None:
    for family in ("Vestige", "Stella"):
        headers = {f"X-{family}-Tenant": "default", f"X-{family}-TraceId": "trace-9"}
        answer = client.get("/timeline", headers=headers)
        assert answer.headers["x-vestige-tenant"] == answer.headers["x-stella-tenant"] == "default"
        assert answer.headers["x-vestige-traceid"] == answer.headers["x-stella-traceid"] == "trace-9"
        assert client.get("/timeline", headers={f"X-{family}-Tenant": "other"}).status_code == 404
        one = client.post("/timeline/events", json=event(20, "acme.traced"), headers=headers).json()["results"][0]
        assert client.get(f"/timeline/{one['event_id']}").json()["trace_id"] == "trace-9"
        own = client.post("/timeline/events", json=event(21, "acme.traced", trace_id="own"), headers=headers).json()
        assert client.get(f"/timeline/{own['results'][0]['id']}").json()["trace_id"] == "own"
    two = {"X-Vestige-TraceId": "a", "X-Stella-TraceId": "b"}
    assert client.get("/timeline", headers=two).status_code == 400
    assert client.get("/timeline", headers={"X-Stella-TraceId": "a" * 201}).status_code == 422


@pytest.mark.usefixtures("flow")
def test_what_the_asker_has_is_answered_304_until_it_changes(client: httpx.Client, data: Path) -> None:
    for path in ("/timeline?trace_id=flow-1", f"/timeline/{SCAN}", f"/api/v1/timeline/{SCAN}/evidence"):
        first = client.get(path)
        tag = first.headers["etag"]
        again = client.get(path, headers={"If-None-Match": tag})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
        assert client.get(path, headers={"If-None-Match": f'"other", W/{tag}'}).status_code == 304
        assert client.get(path, headers={"If-None-Match": '"other"'}).status_code == 200
        # An act of our own is an entry, and no part of the answer.
        client.post("/v1/views", json={"name": f"view {path}"})
        assert client.get(path, headers={"If-None-Match": tag}).status_code == 304
    tag = client.get("/timeline?trace_id=flow-1").headers["etag"]
    client.post("/timeline/events", json=event(30, "acme.more", trace_id="flow-1"))
    assert client.get("/timeline?trace_id=flow-1", headers={"If-None-Match": tag}).status_code == 200
    tag = client.get(f"/timeline/{SCAN}").headers["etag"]
    Vestige(data).ok("index", "rebuild")
    assert client.get(f"/timeline/{SCAN}", headers={"If-None-Match": tag}).status_code == 304


@pytest.mark.usefixtures("flow")
def test_a_producers_id_stands_for_one_event(client: httpx.Client) -> None:
    again = client.post("/timeline/events", json=FLOW[0])
    assert (again.status_code, again.json()["results"][0]["status"]) == (200, "duplicate")
    elsewhere = client.post("/timeline/events", json=FLOW[0], headers={"X-Source-Id": "another"})
    assert elsewhere.json()["results"][0]["status"] == "duplicate"
    other = client.post("/timeline/events", json=FLOW[0] | {"severity": "high"})
    assert (other.status_code, other.json()["code"], other.json()["results"][0]["event_id"]) == (409, "conflict", SCAN)
    entry = client.get(f"/timeline/{VERDICT}").json()["id"]
    taken = client.post("/timeline/events", json=event(8, "acme.x", event_id=entry))
    assert (taken.status_code, taken.json()["errors"][0]["field"]) == (422, "event_id")
    headers = {"Idempotency-Key": "one"}
    first = client.post("/timeline/events", json=[event(9, "acme.y"), event(9, "acme.z")], headers=headers).json()
    second = client.post("/timeline/events", json=[event(9, "acme.y"), event(9, "acme.z")], headers=headers).json()
    assert [one["id"] for one in first["results"]] == [one["id"] for one in second["results"]]
    assert second["duplicates"] == 2
    other = client.post("/timeline/events", json=event(9, "acme.w"), headers=headers | {"X-Source-Id": "another"})
    assert other.status_code == 201
    assert client.post("/timeline/events", json=event(9, "acme.w"), headers=headers).status_code == 409


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"timestamp": "2025-11-01"}, "timestamp"),
        ({"timestamp": None}, "timestamp"),
        ({"category": ""}, "category"),
        ({"category": "vestige.audit"}, "category"),
        ({"kind": 5}, "kind"),
        ({"severity": "awful"}, "severity"),
        ({"event_id": "no"}, "event_id"),
        ({"tenant": "other"}, "tenant"),
        ({"details": []}, "details"),
        ({"digests": ["sha256:short"]}, "digests.0"),
        ({"digests": {"sha256": 1}}, "digests.sha256"),
        ({"subject": {"id": ["x"]}}, "subject.id"),
        ({"tags": "one"}, "tags"),
        ({"supersedes": "x"}, "supersedes"),
        ({"category": "redaction_notice"}, "supersedes"),
        ({"category": "ack"}, "refs"),
        ({"category": "scan.completed", "details": {"findings": "many"}}, "details.findings"),
        ({"category": "policy.verdict", "details": {"decision": "maybe"}}, "details.decision"),
        ({"category": "attestation.verified"}, "details.rekor_uuid"),
        ({"category": "evidence.ingested"}, "details"),
        ({"category": "notify.sent"}, "details.channel"),
        ({"category": "runtime.alert", "details": {"action": 1}}, "details.action"),
        ({"category": "notify.sent", "kind_version": 9, "details": {"channel": "x"}}, "kind_version"),
    ],
)
def test_a_refused_event_says_which_field(client: httpx.Client, change: dict[str, Any], field: str) -> None:
    answer = client.post("/timeline/events", json=event(1, "acme.fine") | change)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    body = answer.json()
    assert body["code"] == "input"
    assert field in [one["field"] for one in body["errors"]]
    assert all(one["expected"] and one["got"] for one in body["errors"])
    assert body["results"][0]["errors"] == body["errors"]


def test_every_fault_of_every_event_is_told_and_the_good_ones_are_taken(client: httpx.Client) -> None:
    mixed = [event(40, "acme.good"), {"category": 1}, 5, event(41, "acme.good", tenant="default")]
    answer = client.post("/timeline/events", json=mixed)
    assert answer.status_code == 200
    results = answer.json()["results"]
    assert [one["status"] for one in results] == ["accepted", "refused", "refused", "accepted"]
    assert [one["field"] for one in results[1]["errors"]] == ["timestamp", "category", "details"]
    twice = b'{"timestamp":"2025-11-01T10:00:00Z","category":"acme.x","category":"acme.y","details":{}}'
    assert client.post("/timeline/events", content=twice).status_code == 422


@pytest.mark.usefixtures("flow")
def test_a_notice_and_an_acknowledgement_show_on_what_they_are_about(client: httpx.Client) -> None:
    log = client.post("/v1/ingest/events", json={"event_type": "acme.plain", "occurred_at": "2025-11-01T11:00:00Z"})
    plain = log.json()["results"][0]["id"]
    notices = [
        event(50, "redaction_notice", supersedes=VERDICT, details={"reason": "a name stood in it"}),
        event(51, "redaction_notice", details={"supersedes": [plain]}),
        event(52, "ack", refs=[SCAN, VERDICT], details={"note": "seen"}),
        event(53, "ack", details={"refs": plain}),
        # Mentioned, and no more: neither withdrawn nor acknowledged.
        event(54, "acme.other", refs=[SCAN]),
    ]
    ids = [one["id"] for one in client.post("/timeline/events", json=notices).json()["results"]]
    verdict = client.get(f"/timeline/{VERDICT}").json()
    assert [one["id"] for one in verdict["superseded_by"]] == [ids[0]]
    assert [one["id"] for one in verdict["acknowledgements"]] == [ids[2]]
    scan = client.get(f"/timeline/{SCAN}").json()
    assert "superseded_by" not in scan
    assert [one["id"] for one in scan["acknowledgements"]] == [ids[2]]
    shown = client.get(f"/timeline/{plain}").json()
    assert [one["id"] for one in shown["superseded_by"]] == [ids[1]]
    assert [one["id"] for one in shown["acknowledgements"]] == [ids[3]]
    # Whoever looks at the event by any road sees it too.
    assert [one["id"] for one in client.get(f"/v1/events/{plain}").json()["superseded_by"]] == [ids[1]]
    listed = {one["event_id"]: one for one in client.get("/timeline?limit=1000").json()["events"]}
    assert [one["id"] for one in listed[VERDICT]["superseded_by"]] == [ids[0]]
    notice = client.get(f"/timeline/{ids[0]}").json()
    assert (notice["supersedes"], notice["category"]) == ([VERDICT], "redaction_notice")


def test_evidence_is_joined_to_what_it_names(client: httpx.Client, flow: list[dict[str, Any]], tmp_path: Path) -> None:
    bundle = tmp_path / "bundle.log"
    bundle.write_text("2026-01-01T00:00:00Z INFO a line\n")
    content = bundle.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    client.post("/v1/ingest/raw", content=content, headers={"X-Filename": "bundle.log"})
    named = client.post(
        "/timeline/events",
        json=event(55, "evidence.ingested", details={"vault_id": "vault-9", "bundle_digest": f"sha256:{digest}"}),
    ).json()["results"][0]

    attested = client.get(f"/timeline/{flow[3]['id']}/evidence").json()
    links = {one["field"]: [other["kind"] for other in one["events"]] for one in attested["links"]}
    assert links == {"details.rekor_uuid": ["acme.rescan"], "details.bundle_digest": ["evidence.ingested"]}
    ingested = client.get(f"/timeline/{flow[4]['id']}/evidence").json()
    links = {one["field"]: [other["kind"] for other in one["events"]] for one in ingested["links"]}
    assert links == {"details.worm_vault_id": ["acme.copied"], "details.bundle_digest": ["attestation.verified"]}
    scan = client.get(f"/timeline/{SCAN}/evidence").json()
    assert [(one["field"], [other["event_id"] for other in one["events"]]) for one in scan["links"]] == [
        ("subject", [VERDICT])
    ]
    acquired = client.get(f"/timeline/{named['id']}/evidence").json()
    (link,) = [one for one in acquired["links"] if one["kind"] == "digest"]
    assert [one["name"] for one in link["acquired"]] == ["bundle.log"]


def test_the_record_and_its_proof_stand_with_the_evidence(client: httpx.Client, flow: list[dict[str, Any]]) -> None:
    found = client.get(f"/timeline/{SCAN}/evidence").json()
    raw = client.get(found["record"]["raw"]).content
    assert hashlib.sha256(raw).hexdigest() == found["record"]["sha256"]
    assert len(raw) == found["record"]["length"]
    leaf = base64.b64decode(found["proof"]["leaf"])
    assert hashlib.sha256(b"\0" + leaf).hexdigest() == found["record"]["leaf_hash"] == flow[0]["leaf_hash"]
    lines = found["proof"]["receipt"].splitlines()
    assert lines[:2] == ["c2sp.org/tlog-proof@v1", f"index {found['record']['seq']}"]
    assert found["record"]["log"] in lines


@pytest.mark.usefixtures("flow")
def test_an_export_is_the_window_oldest_first(client: httpx.Client) -> None:
    bounds = {"from": "2025-11-01T10:01:00Z", "to": "2025-11-01T10:08:00Z"}
    answer = client.get("/api/v1/timeline/export", params=bounds)
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    events = [json.loads(line) for line in answer.text.splitlines()]
    assert [one["kind"] for one in events] == [one.get("kind", one["category"]) for one in FLOW]
    assert answer.headers["x-vestige-events"] == str(len(events))
    pages = client.get("/timeline", params=bounds | {"order": "asc"}).json()["events"]
    assert events == pages
    only = client.get("/timeline/export", params=bounds | {"category": "policy"})
    assert [json.loads(line)["event_id"] for line in only.text.splitlines()] == [VERDICT]


@pytest.mark.usefixtures("flow")
def test_an_export_is_read_again_elsewhere_with_its_ids(client: httpx.Client, tmp_path: Path) -> None:
    window = {"from": "2025-11-01T10:01:00Z", "to": "2025-11-01T10:08:00Z"}
    (tmp_path / "kit.ndjson").write_bytes(client.get("/timeline/export", params=window).content)
    other = Vestige(tmp_path / "other")
    assert other.json("import", str(tmp_path / "kit.ndjson"))["formats"] == {"timeline": 1}
    with serving(tmp_path / "other") as running:
        headers = {"Authorization": f"Bearer {running.token}"}
        here = client.get(f"/timeline/{SCAN}").json()
        there = httpx.get(f"{running.url}/timeline/{SCAN}", headers=headers).json()
    same = ("event_id", "timestamp", "kind", "category", "subject", "trace_id", "severity", "details")
    assert {name: there.get(name) for name in same} == {name: here.get(name) for name in same}


@pytest.mark.usefixtures("flow")
def test_ids_and_order_outlast_a_rebuild_of_the_index(client: httpx.Client, data: Path) -> None:
    def listed() -> list[str]:
        return [one["event_id"] for one in client.get("/timeline?limit=1000").json()["events"]]

    at_once = [event(58, "acme.at_once", event_id=f"01JAR1Z5E8D3XK3R5V3G7Z3Q{n:02}") for n in range(40)]
    client.post("/timeline/events", json=at_once)
    before = listed()
    assert [one for one in before if one.startswith("01JAR1Z5E8D3XK3R5V3G7Z3Q")] == [
        one["event_id"] for one in reversed(at_once)
    ]
    assert Vestige(data).json("index", "rebuild")["equal"]
    assert listed() == before


def test_a_producer_registers_a_kind_once_and_for_all(client: httpx.Client, data: Path, tmp_path: Path) -> None:
    schema = {
        "type": "object",
        "properties": {"details": {"required": ["host"], "properties": {"host": {"type": "string"}}}},
    }
    file = tmp_path / "kind.json"
    file.write_text(json.dumps({"kind": "acme.restart", "version": 1, "schema": schema}))
    assert client.post("/timeline/events", json=event(1, "acme.restart")).status_code == 201  # no contract yet
    vestige = Vestige(data)
    made = vestige.json("kind", "register", str(file))
    assert (made["kind"], made["version"], made["new"]) == ("acme.restart", 1, True)
    assert vestige.json("kind", "register", str(file))["new"] is False
    answer = client.post("/timeline/events", json=event(2, "acme.restart"))
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "details.host")
    assert client.post("/timeline/events", json=event(2, "acme.restart", details={"host": "a"})).status_code == 201
    assert client.get("/v1/schemas/events/acme.restart/1").json() == schema
    assert vestige.json("kind", "show", "acme.restart") == schema
    listed = {(one["kind"], one["version"]): one["origin"] for one in vestige.lines("kind", "list")}
    assert listed["acme.restart", 1] == "own"
    assert listed["scan.completed", 1] == "built-in"
    # Another schema is another version, and events may still name the first.
    body = {"kind": "acme.restart", "version": 1, "schema": {}}
    assert client.post("/v1/schemas/events", json=body).status_code == 409
    assert client.post("/v1/schemas/events", json=body | {"version": 2}).status_code == 201
    assert client.post("/timeline/events", json=event(3, "acme.restart")).status_code == 201
    old = event(3, "acme.restart", kind_version=1)
    assert client.post("/timeline/events", json=old).status_code == 422
    entries = client.get("/v1/search", params={"q": "in:ledger action:kind.register"}).json()["events"]
    assert [one["attributes"]["detail"]["version"] for one in entries] == [2, 1]


def test_of_two_schemas_for_one_version_at_once_one_is_kept(client: httpx.Client) -> None:
    schemas: list[dict[str, Any]] = [{"type": "object", "title": str(n)} for n in range(4)]

    def register(schema: dict[str, Any]) -> int:
        body = {"kind": "acme.Raced", "version": 1, "schema": schema}
        return client.post("/v1/schemas/events", json=body).status_code

    with ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(register, schemas))
    assert sorted(statuses) == [201, 409, 409, 409]
    assert client.get("/v1/schemas/events/ACME.raced").json() == schemas[statuses.index(201)]


def test_what_is_nested_too_deeply_is_told_and_read_past(client: httpx.Client) -> None:
    """By no door does an event come in that a view could not write again; as a record of a log it is kept unparsed."""

    def deep(levels: int) -> Any:
        value: Any = 1
        for _ in range(levels):
            value = {"a": value}
        return value

    assert client.post("/timeline/events", json=event(1, "acme.deep", details=deep(90))).status_code == 201
    for levels in (200, 400, 900):
        answer = client.post("/timeline/events", json=event(1, "acme.deep", details=deep(levels)))
        assert answer.status_code == 422, answer.text
        log = {"event_type": "acme.deep", "occurred_at": "2025-11-01T11:00:00Z", "x": deep(levels)}
        assert client.post("/v1/ingest/events", json=log).status_code == 422
    good = '{"event_type":"acme.deep","occurred_at":"2025-11-01T12:00:00Z","x":1}'
    bad = [good.replace("1}", "[" * levels + "]" * levels + "}") for levels in (200, 990, 3000)]
    raw = client.post("/v1/ingest/raw", content="\n".join([good, *bad, good]), headers={"X-Source-Id": "deep"})
    assert raw.status_code == 200, raw.text
    report = json.loads(raw.text.splitlines()[-1])["report"]
    assert (report["parsed"], report["unparsed"]) == (2, 3)
    for path in (
        "/timeline?limit=1000",
        "/timeline/export",
        "/v1/timeline?limit=1000",
        "/v1/export",
        "/v1/replay?speed=0",
    ):
        assert client.get(path).status_code == 200, path


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"kind": "scan.completed", "version": 2, "schema": {}}, 409),
        ({"kind": "Scan.Completed", "version": 1, "schema": {"type": "object"}}, 409),
        ({"kind": "vestige.x", "version": 1, "schema": {}}, 422),
        ({"kind": "a/b", "version": 1, "schema": {}}, 422),
        ({"kind": "acme.v", "version": 0, "schema": {}}, 422),
        ({"kind": "acme.v", "version": 1, "schema": {"$ref": "https://example.org/x"}}, 422),
        ({"kind": "acme.v", "version": 1, "schema": {"description": "x" * 70_000}}, 413),
        ({"kind": "acme.v", "version": 1}, 422),
        ([], 422),
    ],
)
def test_a_kind_out_of_bounds_is_refused(client: httpx.Client, body: object, status: int) -> None:
    answer = client.post("/v1/schemas/events", json=body)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert client.get("/v1/schemas/events/acme.v").status_code == 404


@pytest.mark.usefixtures("flow")
def test_the_commands_of_the_guide_run_as_written(client: httpx.Client, server: Running, data: Path) -> None:
    text = GUIDE.read_text(encoding="utf-8")
    lines = re.findall(r"^vestige timeline list .*$", text, re.MULTILINE)
    assert len(lines) == 3
    wanted = ["scan.completed", "policy.verdict", "notify.sent"]
    for line, kind in zip(lines, wanted, strict=True):
        words = shlex.split(line.replace("sha256:abc...", f"sha256:{DIGEST}").replace("<trace>", "flow-1"))[1:]
        words[words.index("acme")] = "default"
        found = Vestige(data).lines(*words)
        assert [one["event_type"] for one in found] == [kind]
    around = Vestige(data).ok("show", SCAN.lower(), "--context", "5m").decode().splitlines()
    assert [line[:1] for line in around if "scan.completed" in line][:1] == [">"]
    (curl,) = re.findall(r"^curl (.*?)\n\n?```", text.replace("\\\n", " "), re.MULTILINE | re.DOTALL)
    words = shlex.split(curl)
    (url,) = [word for word in words if word.startswith("https://")]
    asked = [words[place + 1].split(": ", 1) for place, word in enumerate(words) if word == "-H"]
    headers = {name: value.replace("acme", "default") for name, value in asked if name != "Authorization"}
    answer = client.get(server.url + url.removeprefix("https://console.example"), headers=headers)
    assert answer.status_code == 200
    told = [json.loads(line)["event_id"] for line in answer.text.splitlines()]
    assert [one for one in told if one in {SCAN, VERDICT}] == [SCAN, VERDICT]
