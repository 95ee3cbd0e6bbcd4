"""For every route a request that succeeds if it is allowed, and what shows that it had its effect.

The role matrix makes each as everybody, the tenant matrix each as both tenants. A route without a case is a failure.
"""

from __future__ import annotations

import base64
import json
import secrets
import threading
from typing import TYPE_CHECKING, Any, cast

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from support.bundles import golden_zip
from support.case_cells import CASE_CELLS
from support.cell import Ready, Request
from support.cell import has as _has
from support.code_cells import CODE_CELLS
from vestige.api.replay import Replay
from vestige.app import Pace, Window
from vestige.model.instant import now, to_text
from vestige.model.principal import Principal
from vestige.proof.note import NoteSigner, VerifierKey, sign_note

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from vestige.api.callers import Caller

PATTERN = """
name: own-{mark}
version: 1
title: Two things by one actor
description: Made for a test.
severity: low
by: actor
within: 1h
steps:
  - name: came
    where: type:auth.login
  - name: took
    where: type:data.export
"""
MAPPING = """
name = "own{mark}"
source = "made.{mark}"

[records]
split = "lines"

[take]
regex = '(?P<time>\\S+) (?P<what>.*)'

[time]
field = "time"
formats = ["%Y-%m-%dT%H:%M:%SZ"]

[fields]
action = "what"
"""
RULE = """title: Somebody came
id: 6f3e2987-db24-4c78-a860-b4f4095a7095
level: low
logsource: {product: windows, category: process_creation}
detection:
  selection: {Image: x}
  condition: selection
"""
OTLP: dict[str, Any] = {
    "logs": {"resourceLogs": [{"scopeLogs": [{"logRecords": [{"timeUnixNano": "1", "body": {"stringValue": "x"}}]}]}]},
    "traces": {"resourceSpans": [{"scopeSpans": [{"spans": [
        {"traceId": "0" * 31 + "1", "spanId": "0" * 15 + "1", "name": "x", "startTimeUnixNano": "1",
         "endTimeUnixNano": "2"}]}]}]},
    "metrics": {"resourceMetrics": [{"scopeMetrics": [{"metrics": [
        {"name": "x", "gauge": {"dataPoints": [{"timeUnixNano": "1", "asInt": "1"}]}}]}]}]},
}  # fmt: skip
ANYBODY = {("POST", "/v1/logout"), ("GET", "/v1/whoami"), ("POST", "/v1/login/device/approve")}
"""Routes that any credential opens, for what concerns itself; tests/access/test_login.py is about them."""
_NO_STORE = "no store of archives is set"
_BULK = b'{"index":{"_index":"i"}}\n{"message":"x"}\n'


def _json(path: str = "", effect: Callable[[httpx.Response], object] | None = None, **body: Any) -> Request:
    return Request(path, {"json": body}, effect)


def _grows(ready: Ready, count: int = 1) -> Callable[[httpx.Response], object]:
    before = ready.world.head
    return lambda _: ready.world.head >= before + count


def _view(ready: Ready, **change: str) -> dict[str, Any]:
    return {"name": f"view {ready.mark}"} | change


def _views(ready: Ready) -> list[str]:
    return [one["name"] for one in ready.here("GET", "/v1/views")["views"]]


def _made_view(ready: Ready) -> str:
    return str(ready.here("POST", "/v1/views", json=_view(ready))["id"])


def _made_key(ready: Ready) -> dict[str, Any]:
    made: dict[str, Any] = ready.here("POST", "/v1/admin/keys", json={"name": "made", "scopes": ["ingest"]})
    return made


def _state_of_key(ready: Ready, key: str) -> str:
    return next(str(one["state"]) for one in ready.here("GET", "/v1/admin/keys")["keys"] if one["id"] == key)


def _add_view(ready: Ready) -> Request:
    body = _view(ready)
    return Request(kwargs={"json": body}, effect=lambda _: body["name"] in _views(ready))


def _change_view(ready: Ready) -> Request:
    view, body = _made_view(ready), _view(ready)
    return Request(f"/v1/views/{view}", {"json": body}, lambda _: body["name"] in _views(ready))


def _delete_view(ready: Ready) -> Request:
    view = ready.here("GET", f"/v1/views/{_made_view(ready)}")
    return Request(f"/v1/views/{view['id']}", effect=lambda _: view["name"] not in _views(ready))


def _make_key(ready: Ready) -> Request:
    name = f"key {ready.mark}"

    # Everybody who may make keys may make one that reads the audit trail, as all of them do.
    def there(_: httpx.Response) -> bool:
        return name in [one["name"] for one in ready.here("GET", "/v1/admin/keys")["keys"]]

    return Request(kwargs={"json": {"name": name, "scopes": ["admin"]}}, effect=there)


def _admin_key(ready: Ready) -> str:
    return str(ready.here("POST", "/v1/admin/keys", json={"name": "made", "scopes": ["admin"]})["id"])


def _revoke(ready: Ready) -> Request:
    key = _admin_key(ready)
    return Request(f"/v1/admin/keys/{key}", effect=lambda _: _state_of_key(ready, key) == "revoked")


def _rotate_key(ready: Ready) -> Request:
    key = _admin_key(ready)
    return Request(
        f"/v1/admin/keys/{key}/rotate", {"json": {"grace": 3600}}, lambda _: _state_of_key(ready, key) == "ending"
    )


def _apply(ready: Ready) -> Request:
    mark = ready.mark

    def there(_: httpx.Response) -> bool:
        return f"own-{mark}" in [one["name"] for one in ready.here("GET", "/v1/sequences")["patterns"]]

    return _json(effect=there, pattern=PATTERN.format(mark=mark))


def _price_key(ready: Ready) -> tuple[NoteSigner, VerifierKey]:
    made = Ed25519PrivateKey.generate()
    key = VerifierKey(f"prices-{ready.mark}", made.public_key().public_bytes_raw())
    return NoteSigner(key, made.sign), key


def _apply_prices(ready: Ready) -> Request:
    signer, key = _price_key(ready)
    ready.here("POST", "/v1/agents/prices/keys", json={"key": str(key)})
    text = f'version = 1\nname = "own-{ready.mark}"\n[[price]]\nmodel = "made-{ready.mark}"\ninput = "1"\n'
    return _json(effect=_has('"new":true'), note=sign_note(text, [signer]).decode())


def _switch(ready: Ready, to: str) -> Request:
    name = f"own-{(mark := ready.mark)}"
    ready.here("POST", "/v1/sequences", json={"pattern": PATTERN.format(mark=mark)})
    if to == "enable":
        ready.here("POST", f"/v1/sequences/{name}/disable")

    def switched(_: httpx.Response) -> bool:
        found = next(one for one in ready.here("GET", "/v1/sequences")["patterns"] if one["name"] == name)
        return bool(found["enabled"] == (to == "enable"))

    return Request(f"/v1/sequences/{name}/{to}", effect=switched)


def _set_source(ready: Ready) -> Request:
    zone = secrets.choice(["Europe/Berlin", "Asia/Tokyo", "America/Lima"])
    ready.here("POST", "/v1/sources/seed", json={"unset": ["zone"]})
    return _json("/v1/sources/seed", lambda _: zone in json.dumps(ready.here("GET", "/v1/sources/seed")), zone=zone)


def _steer(ready: Ready) -> Request:
    name = ready.mark
    rooms = ready.world.installation.rooms(ready.world.tenant)
    player = rooms.replay("", Window(), Pace(1.0, 5.0))
    caller = _CallerOf(ready.who, rooms)
    replay = Replay(name, cast("Caller", caller), player, None)
    ready.world.api.state.replays[name] = replay
    return _json(f"/v1/replay/{name}", lambda _: replay.state()["paused"] is True, paused=True)


class _CallerOf:
    def __init__(self, who: str, rooms: Any) -> None:
        scope = who.removeprefix("key:")
        person = f"{who}@example.org" if scope == who else f"key:test {(scope,)}"
        names = {"here": "local:0", "key:owner": f"test {('owner',)}"}
        self.principal = Principal(names.get(who, person))
        self.rooms = rooms


def _stop(ready: Ready) -> Request:
    name, asked = ready.mark, threading.Event()
    ready.world.installation.rooms(ready.world.tenant).intake.following[name] = asked
    return Request(f"/v1/imports/{name}/stop", effect=lambda _: asked.is_set())


def _import(ready: Ready, path: str = "") -> Request:
    file = ready.folder / f"{ready.mark}.jsonl"
    file.write_text(json.dumps({"event_type": "a.b", "n": ready.mark}))
    effect = _grows(ready, 2) if not path else None
    return Request(path, {"json": {"paths": [str(file)]}}, effect)


def _rewrap(ready: Ready) -> Request:
    file = ready.folder / f"{ready.mark}.kek"
    file.write_text(base64.b64encode(secrets.token_bytes(32)).decode())
    file.chmod(0o600)
    return Request(kwargs={"json": {"key_file": str(file)}}, effect=_grows(ready))


def _rotate(ready: Ready, **said: str) -> Request:
    before = len(ready.here("GET", "/v1/ledger/keys"))
    return Request(kwargs={"json": said}, effect=lambda _: len(ready.here("GET", "/v1/ledger/keys")) == before + 1)


def _bring(ready: Ready) -> Request:
    file = ready.folder / f"{ready.mark}.pem"
    made = Ed25519PrivateKey.generate()
    file.write_bytes(made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    file.chmod(0o600)
    return _rotate(ready, key_file=str(file))


def _cloudevent(ready: Ready) -> Request:
    body = {"specversion": "1.0", "id": ready.mark, "source": "/x", "type": "a.b", "data": {"n": 1}}
    headers = {"Content-Type": "application/cloudevents+json"}
    return Request(kwargs={"content": json.dumps(body), "headers": headers}, effect=_grows(ready))


def _sent(ready: Ready, content: bytes, content_type: str = "application/json", *, count: int = 1) -> Request:
    kwargs = {
        "content": content.replace(b'"x"', f'"x{ready.mark}"'.encode()),
        "headers": {"Content-Type": content_type},
    }
    return Request(kwargs=kwargs, effect=_grows(ready, count))


def _detect(_: Ready) -> Request:
    return _json(effect=_has('"report"'), rules=[{"name": "one.yml", "text": RULE}])


def _trial(ready: Ready) -> Request:
    return _json(
        mapping=MAPPING.format(mark=ready.mark), sample=base64.b64encode(b"2026-01-01T00:00:00Z hello\n").decode()
    )


def _mapping(ready: Ready) -> Request:
    return _json(effect=_grows(ready), mapping=MAPPING.format(mark=ready.mark))


def _inclusion(path: str) -> Callable[[Ready], Request]:
    def made(ready: Ready) -> Request:
        ready.here("POST", "/v1/ledger/checkpoint")
        return Request(path)

    return made


def _tile(ready: Ready, tenant: str = "") -> Request:
    ready.here("POST", "/v1/ledger/checkpoint")
    note = ready.world.client("here").get("/v1/ledger/checkpoint").text
    width = int(note.splitlines()[1]) % 256
    return Request(f"/v1/ledger{tenant}/tile/0/000.p/{width}")


def _at(path: str, text: str = "") -> Callable[[Ready], Request]:
    def made(ready: Ready) -> Request:
        filled = path.replace("{event_id}", ready.event).replace("{entity_id}", ready.entity)
        filled = filled.replace("{entry}", ready.event).replace("{tenant}", ready.world.tenant)
        return Request(filled, effect=_has(text) if text else None)

    return made


def _plain(_: Ready) -> Request:
    return Request()


def _invited(ready: Ready, role: str = "auditor") -> dict[str, Any]:
    email = f"p{ready.mark}@example.org"
    made: dict[str, Any] = ready.here("POST", "/v1/people", json={"email": email, "role": role})
    return made


def _joined(ready: Ready, role: str = "auditor") -> str:
    """Somebody new whom everybody who manages people may manage."""
    made = _invited(ready, role)
    body = {"token": made["token"], "password": "correct horse battery staple", "name": "New"}
    ready.here("POST", "/v1/people/accept", json=body)
    return str(made["email"])


def _people(ready: Ready) -> dict[str, str]:
    return {one["email"]: one["role"] for one in ready.here("GET", "/v1/people")["people"]}


def _invite(ready: Ready) -> Request:
    email = f"p{ready.mark}@example.org"

    def there(answer: httpx.Response) -> bool:
        body = {"token": answer.json()["token"], "password": "correct horse battery staple"}
        ready.here("POST", "/v1/people/accept", json=body)
        return _people(ready)[email] == "investigator"

    return Request(kwargs={"json": {"email": email, "role": "investigator"}}, effect=there)


def _change_role(ready: Ready) -> Request:
    email = _joined(ready)
    return Request(
        f"/v1/people/{email}", {"json": {"role": "developer"}}, lambda _: _people(ready)[email] == "developer"
    )


def _remove(ready: Ready) -> Request:
    email = _joined(ready)
    return Request(f"/v1/people/{email}", effect=lambda _: email not in _people(ready))


def _reset(ready: Ready) -> Request:
    email = _joined(ready)
    login = {"email": email, "password": "correct horse battery staple", "tenant": ready.world.slug}

    def shut(_: httpx.Response) -> bool:
        return ready.world.client("here").post("/v1/login", json=login).status_code == 401

    return Request(f"/v1/people/{email}/reset", effect=shut)


def _asked(ready: Ready) -> tuple[str, str]:
    email = f"a{ready.mark}@example.org"
    ready.here("POST", "/v1/people/requests", json={"email": email, "tenant": ready.world.slug})
    waiting = ready.here("GET", "/v1/people/requests")["requests"]
    return email, next(one["id"] for one in waiting if one["email"] == email)


def _decide(ready: Ready) -> Request:
    email, request = _asked(ready)
    left = lambda _: email not in json.dumps(ready.here("GET", "/v1/people/requests"))  # noqa: E731 - one line
    return Request(f"/v1/people/requests/{request}", {"json": {"role": "auditor"}}, left)


def _new_tenant(ready: Ready) -> Request:
    slug = f"t{ready.mark}"
    there = lambda _: slug in json.dumps(ready.here("GET", "/v1/tenants"))  # noqa: E731 - one line
    return Request(kwargs={"json": {"slug": slug}}, effect=there)


def _upload(ready: Ready) -> str:
    made = ready.here("POST", "/v1/uploads", json={"name": f"{ready.mark}.log", "size": 3})
    ready.here("PATCH", f"/v1/uploads/{made['id']}", content=b"one", headers={"Upload-Offset": "0"})
    return str(made["id"])


def _of_upload(path: str, text: str) -> Callable[[Ready], Request]:
    return lambda ready: Request(f"/v1/uploads/{_upload(ready)}{path}", effect=_has(text) if text else None)


def _piece(ready: Ready) -> Request:
    upload = ready.here("POST", "/v1/uploads", json={"name": f"{ready.mark}.log", "size": 3})["id"]
    kwargs = {"content": b"one", "headers": {"Upload-Offset": "0"}}
    return Request(f"/v1/uploads/{upload}", kwargs, lambda answer: answer.headers["upload-offset"] == "3")


def _hold(ready: Ready) -> dict[str, Any]:
    body = {"q": f"session:{ready.mark}", "reason": "litigation"}
    found: dict[str, Any] = ready.here("POST", "/v1/holds", json=body)
    return found


def _set_hold(ready: Ready) -> Request:
    mark = ready.mark

    def there(_: httpx.Response) -> bool:
        return any(one["criteria"] == {"q": mark} for one in ready.here("GET", "/v1/holds")["holds"])

    return _json("/v1/holds", there, q=mark, reason="litigation")


def _release(ready: Ready) -> Request:
    hold = _hold(ready)["id"]

    def released(_: httpx.Response) -> bool:
        return not ready.here("GET", f"/v1/holds/{hold}")["in_force"]

    return _json(f"/v1/holds/{hold}/release", released, reason="done")


def _erase(ready: Ready) -> Request:
    event = {"event_type": "a.b", "message": "soon gone"}
    made = ready.here("POST", "/v1/ingest/events", json=event)["results"][0]["id"]

    def erased(_: httpx.Response) -> bool:
        return "erased" in str(ready.here("GET", f"/v1/events/{made}").get("message", ""))

    return _json("/v1/erasures", erased, ids=[made], reason="privacy")


def _keep(ready: Ready) -> Request:
    days = 401 + secrets.randbelow(1000)
    return _json("", lambda _: ready.here("GET", "/v1/retention")["days"] == days, days=days)


def _fetch(ready: Ready) -> Request:
    body = {"week": "2026-W01", "folder": str(ready.folder)}
    return Request(kwargs={"json": body}, effect=_has(_NO_STORE), passes=(409,))


def _record(ready: Ready) -> str:
    """The id of a record of its own."""
    event = {"event_type": "a.b", "message": f"say {ready.mark}"}
    return str(ready.here("POST", "/v1/ingest/events", json=event)["results"][0]["id"])


def _redact(ready: Ready) -> Request:
    made = _record(ready)
    hidden = lambda _: "redacted" in ready.here("GET", f"/v1/events/{made}")  # noqa: E731 - one line
    return _json("/v1/redactions", hidden, ids=[made], reason="privacy")


def _lift(ready: Ready) -> Request:
    made = _record(ready)
    ready.here("POST", "/v1/redactions", json={"ids": [made], "fields": ["message"], "reason": "privacy"})
    (redaction,) = ready.here("GET", f"/v1/events/{made}")["redacted"]
    shown = lambda _: "redacted" not in ready.here("GET", f"/v1/events/{made}")  # noqa: E731 - one line
    return _json(f"/v1/redactions/{redaction['entry']}/lift", shown, reason="mistake")


def _amend(ready: Ready) -> Request:
    made = _record(ready)
    said = lambda _: "amended" in ready.here("GET", f"/v1/events/{made}")  # noqa: E731 - one line
    return _json(f"/v1/events/{made}/amendments", said, set={"message": "hear"}, reason="typo")


def _set_rule(ready: Ready) -> Request:
    hours = int(ready.mark, 16) % 2000 + 1
    said = lambda _: ready.here("GET", "/v1/custody")["hours"] == hours  # noqa: E731 - one line
    return Request("/v1/custody", {"json": {"two_persons": False, "hours": hours}}, said)


def _proposal(ready: Ready) -> str:
    """The id of a proposal of somebody else's."""
    path = f"/v1/holds/{_hold(ready)['id']}/release"
    other = ready.world.client("owner" if ready.who == "here" else "here")
    answer = other.post(path, json={"reason": "done", "propose": True})
    return str(answer.raise_for_status().json()["proposed"]["id"])


def _settle(ready: Ready, verb: str, state: str) -> Request:
    made = _proposal(ready)

    def decided(_: httpx.Response) -> bool:
        found = ready.here("GET", "/v1/custody/proposals")["proposals"]
        return any((one["id"], one["state"]) == (made, state) for one in found)

    return Request(f"/v1/custody/proposals/{made}/{verb}", {}, decided)


def _own_kind(ready: Ready) -> Request:
    kind = f"acme.{ready.mark}".lower()
    schema = {"type": "object", "properties": {"details": {"type": "object"}}}

    def there(_: httpx.Response) -> bool:
        return any(one["kind"] == kind for one in ready.here("GET", "/v1/schemas/events")["kinds"])

    return _json("/v1/schemas/events", there, kind=kind, version=1, schema=schema)


def _declared(prefix: str) -> dict[tuple[str, str], Callable[[Ready], Request]]:
    """The declared timeline's routes under one of their prefixes."""
    event = b'{"timestamp":"2026-01-01T00:00:00Z","category":"scan","details":{"findings":0}}'
    return {
        ("GET", f"{prefix}/timeline"): lambda _: Request(effect=_has("developer@example.org")),
        ("GET", f"{prefix}/timeline/export"): lambda _: Request(effect=_has("developer@example.org")),
        ("POST", f"{prefix}/timeline/events"): lambda r: _sent(r, event),
        ("GET", f"{prefix}/timeline/{{event_id}}"): _at(f"{prefix}/timeline/{{event_id}}", "developer@example.org"),
        ("GET", f"{prefix}/timeline/{{event_id}}/evidence"): _at(f"{prefix}/timeline/{{event_id}}/evidence", "proof"),
    }


CASES: dict[tuple[str, str], Callable[[Ready], Request]] = {
    ("GET", "/"): _plain,
    ("HEAD", "/"): _plain,
    ("POST", "/_bulk"): lambda r: _sent(r, _BULK, "application/x-ndjson"),
    ("PUT", "/_bulk"): lambda r: _sent(r, _BULK, "application/x-ndjson"),
    ("POST", "/services/collector"): lambda r: _sent(r, b'{"event":"x"}'),
    ("POST", "/services/collector/event"): lambda r: _sent(r, b'{"event":"x"}'),
    ("POST", "/services/collector/event/1.0"): lambda r: _sent(r, b'{"event":"x"}'),
    ("POST", "/services/collector/raw"): lambda r: _sent(r, b"a line", "text/plain"),
    ("POST", "/services/collector/raw/1.0"): lambda r: _sent(r, b"a line", "text/plain"),
    ("GET", "/services/collector/health"): _plain,
    ("GET", "/services/collector/health/1.0"): _plain,
    ("POST", "/services/collector/ack"): lambda _: Request(
        "/services/collector/ack?channel=6f3e2987-db24-4c78-a860-b4f4095a7095", {"json": {"acks": [0]}}, _has('"0"')
    ),
    ("POST", "/{index}/_bulk"): lambda r: Request(
        "/logs/_bulk", _sent(r, _BULK, "application/x-ndjson").kwargs, _grows(r)
    ),
    ("PUT", "/{index}/_bulk"): lambda r: Request(
        "/logs/_bulk", _sent(r, _BULK, "application/x-ndjson").kwargs, _grows(r)
    ),
    ("POST", "/v1/logs"): lambda r: _sent(r, json.dumps(OTLP["logs"]).encode()),
    ("POST", "/v1/traces"): lambda r: _sent(r, json.dumps(OTLP["traces"]).encode()),
    ("POST", "/v1/metrics"): lambda r: _sent(r, json.dumps(OTLP["metrics"]).encode()),
    ("POST", "/v1/cloudevents"): _cloudevent,
    ("POST", "/v1/ingest/events"): lambda r: _sent(r, b'{"event_type":"a.b","message":"x"}'),
    ("POST", "/v1/ingest/raw"): lambda r: _sent(r, b'{"event_type":"a.b","message":"x"}\n'),
    ("GET", "/v1/admin/keys"): lambda r: Request(effect=_has(_made_key(r)["id"])),
    ("POST", "/v1/admin/keys"): _make_key,
    ("DELETE", "/v1/admin/keys/{key}"): _revoke,
    ("POST", "/v1/admin/keys/{key}/rotate"): _rotate_key,
    ("GET", "/v1/people"): lambda _: Request(effect=_has("developer@example.org")),
    ("POST", "/v1/people"): _invite,
    ("PATCH", "/v1/people/{person}"): _change_role,
    ("DELETE", "/v1/people/{person}"): _remove,
    ("POST", "/v1/people/{person}/reset"): _reset,
    ("GET", "/v1/people/requests"): lambda r: Request(effect=_has(_asked(r)[0])),
    ("POST", "/v1/people/requests/{request_id}"): _decide,
    ("GET", "/v1/tenants"): lambda _: Request(effect=_has("default")),
    ("POST", "/v1/tenants"): _new_tenant,
    **CASE_CELLS,
    **CODE_CELLS,
    ("GET", "/v1/agents/sessions"): lambda _: Request(effect=_has('"id":"s1"')),
    ("GET", "/v1/agents/sessions/{session}"): lambda _: Request("/v1/agents/sessions/s1", effect=_has('"turns"')),
    ("POST", "/v1/agents/seals"): lambda _: _json(effect=_has('"sealed":[')),
    ("GET", "/v1/agents/seals/verify"): lambda _: Request(effect=_has('"differ":[')),
    ("GET", "/v1/agents/lines"): lambda _: Request(effect=_has('"total":{"commits"')),
    ("GET", "/v1/agents/prices"): lambda _: Request(effect=_has('"table"')),
    ("POST", "/v1/agents/prices"): _apply_prices,
    ("POST", "/v1/agents/prices/keys"): lambda r: _json(effect=_has('"new":true'), key=str(_price_key(r)[1])),
    ("GET", "/v1/agents/stats"): lambda _: Request(effect=_has('"rows":[{')),
    ("GET", "/v1/audit"): lambda _: Request(effect=_has('"entries":[{')),
    ("GET", "/v1/correlate/chain"): _at("/v1/correlate/chain?seed_event_id={event_id}", "links"),
    ("POST", "/v1/correlate/search"): lambda _: _json(
        effect=_has("bob"), entity_type="identity", identifier_contains="b"
    ),
    ("POST", "/v1/detect"): _detect,
    ("GET", "/v1/detections"): _plain,
    ("GET", "/v1/doctor"): lambda _: Request(effect=_has('"ledger"')),
    ("GET", "/v1/entities"): lambda _: Request(effect=_has("bob")),
    ("GET", "/v1/entities/{entity_id}"): _at("/v1/entities/{entity_id}", "bob"),
    ("GET", "/v1/entities/{entity_id}/graph"): _at("/v1/entities/{entity_id}/graph", "bob"),
    ("GET", "/v1/entities/{entity_id}/timeline"): _at("/v1/entities/{entity_id}/timeline", "bob"),
    ("GET", "/v1/events/{event_id}"): _at("/v1/events/{event_id}", "developer@example.org"),
    ("GET", "/v1/events/{event_id}/context"): _at("/v1/events/{event_id}/context", "developer@example.org"),
    ("GET", "/v1/events/{event_id}/correlated"): _at("/v1/events/{event_id}/correlated", "bob"),
    ("GET", "/v1/events/{event_id}/opening"): _at("/v1/events/{event_id}/opening", "salt"),
    ("GET", "/v1/events/{event_id}/proof"): _at("/v1/events/{event_id}/proof", "c2sp.org/tlog-proof"),
    ("GET", "/v1/events/{event_id}/raw"): _at("/v1/events/{event_id}/raw", "agent.tool_use"),
    ("GET", "/v1/export"): lambda _: Request(effect=_has("bob")),
    ("POST", "/v1/bundles/verify"): lambda _: Request(
        kwargs={"content": golden_zip()}, effect=_has("integrity good, origin unverified")
    ),
    ("GET", "/v1/export/bundle"): lambda r: Request(effect=_grows(r, 2)),
    ("GET", "/v1/export/header"): lambda _: Request(effect=_has("made_by")),
    ("GET", "/v1/facets"): lambda _: Request(effect=_has("agent.tool_use")),
    ("POST", "/v1/imports"): _import,
    ("POST", "/v1/imports/explain"): lambda r: _import(r, "/v1/imports/explain"),
    ("POST", "/v1/imports/{name}/stop"): _stop,
    ("POST", "/v1/index/rebuild"): lambda _: Request(effect=_has('"report"')),
    # Nobody is named whom the log could be shown to; tests/e2e/test_anchor.py names some.
    ("GET", "/v1/anchors"): lambda _: Request(effect=_has('"parties":[]')),
    ("POST", "/v1/anchors"): lambda _: Request(passes=(409,)),
    ("GET", "/v1/anchors/checkpoint"): lambda _: Request(passes=(404,)),
    ("POST", "/v1/super-log"): lambda _: Request(passes=(409,)),
    ("GET", "/v1/ledger/checkpoint"): _plain,
    ("POST", "/v1/ledger/checkpoint"): lambda r: Request(effect=_has(f"\n{r.world.head}\n")),
    ("GET", "/v1/ledger/consistency"): _inclusion("/v1/ledger/consistency?from=1"),
    ("GET", "/v1/ledger/inclusion"): _inclusion("/v1/ledger/inclusion?seq=0"),
    ("GET", "/v1/ledger/keys"): lambda _: Request(effect=_has("vkey")),
    # The log can go on, so there is nothing to do; tests/e2e/test_epoch.py does it.
    ("POST", "/v1/ledger/new-epoch"): lambda _: Request(passes=(409,)),
    ("GET", "/v1/ledger/receipt/{entry}"): _at("/v1/ledger/receipt/{entry}", "c2sp.org/tlog-proof"),
    ("POST", "/v1/ledger/rewrap"): _rewrap,
    ("POST", "/v1/ledger/rotate"): _rotate,
    ("POST", "/v1/ledger/bring-key"): _bring,
    ("POST", "/v1/ledger/second-key"): lambda r: Request(effect=_grows(r, 2)),
    ("GET", "/v1/ledger/tile/{path:path}"): _tile,
    ("GET", "/v1/ledger/verify"): lambda _: Request(effect=_has('"ok":true')),
    ("POST", "/v1/ledger/verify"): lambda _: Request(effect=_has('"ok":true')),
    ("GET", "/v1/ledger/{tenant}/checkpoint"): _at("/v1/ledger/{tenant}/checkpoint"),
    ("GET", "/v1/ledger/{tenant}/tile/{path:path}"): lambda r: _tile(r, f"/{r.world.tenant}"),
    ("GET", "/v1/receivers"): _plain,
    ("GET", "/v1/replay"): lambda _: Request("/v1/replay?speed=0&limit=1", effect=_has("event: done")),
    ("POST", "/v1/replay/{name}"): _steer,
    ("GET", "/v1/search"): lambda _: Request(effect=_has("developer@example.org")),
    ("GET", "/v1/sequences"): lambda _: Request(effect=_has("patterns")),
    ("POST", "/v1/sequences"): _apply,
    ("GET", "/v1/sequences/{name}"): lambda _: Request("/v1/sequences/log-tampering", effect=_has("text")),
    ("POST", "/v1/sequences/scan"): lambda _: _json(effect=_has('"report"')),
    ("POST", "/v1/sequences/{name}/disable"): lambda r: _switch(r, "disable"),
    ("POST", "/v1/sequences/{name}/enable"): lambda r: _switch(r, "enable"),
    ("GET", "/v1/uploads"): lambda _: Request(effect=_has('"uploads"')),
    ("POST", "/v1/uploads"): lambda _: _json(effect=_has("made.log"), name="made.log", size=3),
    ("HEAD", "/v1/uploads/{upload}"): lambda r: Request(
        f"/v1/uploads/{_upload(r)}", effect=lambda answer: answer.headers["upload-offset"] == "3"
    ),
    ("PATCH", "/v1/uploads/{upload}"): _piece,
    ("POST", "/v1/uploads/{upload}/explain"): _of_upload("/explain", ".log"),
    ("POST", "/v1/uploads/{upload}/import"): _of_upload("/import", '"report"'),
    ("DELETE", "/v1/uploads/{upload}"): _of_upload("", ""),
    ("GET", "/v1/sources"): lambda _: Request(effect=_has("seed")),
    ("GET", "/v1/sources/coverage"): lambda _: Request(effect=_has("seed")),
    ("POST", "/v1/sources/mappings"): _mapping,
    ("GET", "/v1/sources/skew"): _plain,
    ("POST", "/v1/sources/test"): _trial,
    ("POST", "/v1/sources/verify"): lambda _: _json(),
    ("GET", "/v1/sources/{source:name}"): lambda _: Request("/v1/sources/seed", effect=_has("seed")),
    ("POST", "/v1/sources/{source:name}"): _set_source,
    ("GET", "/v1/timeline"): lambda _: Request(effect=_has("developer@example.org")),
    ("GET", "/v1/timeline/count"): lambda _: Request(effect=_has('"dated"')),
    ("GET", "/v1/timeline/density"): lambda _: Request(effect=_has('"total"')),
    ("GET", "/v1/timeline/marks"): lambda _: Request(effect=_has("agent.tool_use")),
    ("GET", "/v1/timeline/stacks"): lambda _: Request(effect=_has("agent.tool_use")),
    ("GET", "/v1/schemas/events"): lambda _: Request(effect=_has("scan.completed")),
    ("POST", "/v1/schemas/events"): _own_kind,
    ("GET", "/v1/schemas/events/{kind}"): lambda _: Request(
        "/v1/schemas/events/scan.completed", effect=_has("scan.completed")
    ),
    ("GET", "/v1/schemas/events/{kind}/{version}"): lambda _: Request(
        "/v1/schemas/events/scan.completed/1", effect=_has("scan.completed")
    ),
    **_declared(""),
    **_declared("/api/v1"),
    ("GET", "/v1/holds"): _plain,
    ("POST", "/v1/holds"): _set_hold,
    ("GET", "/v1/holds/{hold}"): lambda r: Request(f"/v1/holds/{_hold(r)['id']}"),
    ("POST", "/v1/holds/{hold}/release"): _release,
    ("POST", "/v1/erasures"): _erase,
    ("GET", "/v1/jobs"): _plain,
    ("POST", "/v1/jobs/{name}/run"): lambda _: Request("/v1/jobs/verify/run", effect=_has('"report"')),
    ("GET", "/v1/integrity"): _plain,
    ("GET", "/v1/live"): lambda _: Request("/v1/live?seconds=0&after=0", effect=_has("developer@example.org")),
    ("GET", "/v1/limits"): lambda _: Request(effect=_has("VESTIGE_LIMIT_BODY_BYTES")),
    ("GET", "/metrics"): _plain,
    ("GET", "/v1/retention"): _plain,
    ("PUT", "/v1/retention"): _keep,
    ("GET", "/v1/compliance"): _plain,
    ("GET", "/v1/compliance/report"): lambda _: Request(effect=_has('"acts":[{')),
    # Of this moment: a world whose every refusal is an act has many thousands.
    ("GET", "/v1/compliance/pack"): lambda r: Request(kwargs={"params": {"from": to_text(now())}}, effect=_grows(r, 3)),
    ("POST", "/v1/retention/run"): lambda _: _json(effect=_has('"would_purge"'), dry_run=True),
    ("POST", "/v1/backups"): lambda r: _json(effect=_has('"manifest"'), folder=str(r.folder / f"{r.mark}.backup")),
    ("GET", "/v1/archives"): _plain,
    # There is no store in these worlds: who is let in is told so.
    ("POST", "/v1/archives"): lambda _: Request(effect=_has(_NO_STORE)),
    ("POST", "/v1/archives/verify"): lambda _: _json(effect=_has(_NO_STORE), week=""),
    ("POST", "/v1/archives/restore"): lambda _: _json(effect=_has(_NO_STORE), week=""),
    ("POST", "/v1/archives/fetch"): _fetch,
    ("POST", "/v1/redactions"): _redact,
    ("POST", "/v1/redactions/{redaction}/lift"): _lift,
    ("POST", "/v1/events/{event_id}/amendments"): _amend,
    ("POST", "/v1/events/{event_id}/reveal"): lambda r: _json(
        f"/v1/events/{r.event}/reveal", _grows(r), reason="review"
    ),
    ("GET", "/v1/custody"): _plain,
    ("PUT", "/v1/custody"): _set_rule,
    ("GET", "/v1/custody/proposals"): _plain,
    ("POST", "/v1/custody/proposals/{proposal}/approve"): lambda r: _settle(r, "approve", "done"),
    ("POST", "/v1/custody/proposals/{proposal}/decline"): lambda r: _settle(r, "decline", "declined"),
    ("GET", "/v1/views"): _plain,
    ("POST", "/v1/views"): _add_view,
    ("DELETE", "/v1/views/{view}"): _delete_view,
    ("GET", "/v1/views/{view}"): lambda r: Request(f"/v1/views/{_made_view(r)}"),
    ("PUT", "/v1/views/{view}"): _change_view,
}
