"""Requests of the matrices about repositories, policies and what is pushed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from support.cell import Ready, Request
from support.cell import has as _has
from support.git_bundle import ONE_COMMIT, one_commit

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx


def _repository(ready: Ready) -> str:
    """An id of a repository with one commit in it."""
    made = ready.here("POST", "/v1/code/repositories", json={"name": f"host/own/{ready.mark}"})["id"]
    ready.here("POST", f"/v1/code/repositories/{made}/bundles", content=one_commit())
    return str(made)


def _of_repository(path: str, text: str = "", **kwargs: Any) -> Callable[[Ready], Request]:
    return lambda ready: Request(
        f"/v1/code/repositories/{_repository(ready)}{path}", kwargs, _has(text) if text else None
    )


def _asked(text: str, **question: Any) -> Callable[[Ready], Request]:
    """A question of an assistant about a repository."""

    def case(ready: Ready) -> Request:
        name = ready.here("GET", f"/v1/code/repositories/{_repository(ready)}")["name"]
        return Request(kwargs={"json": {"repository": name, **question}}, effect=_has(text))

    return case


def _policy(mark: str) -> str:
    return f'version = 1\n[[policy]]\nname = "own-{mark}"\ntype = "trace_completeness"\naction = "warn"\n'


def _made_policy(ready: Ready) -> str:
    return str(ready.here("POST", "/v1/policies", json={"text": _policy(ready.mark)})["policies"][0]["name"])


def _apply_policy(ready: Ready) -> Request:
    mark = ready.mark
    return Request(kwargs={"json": {"text": _policy(mark)}}, effect=_has(f"own-{mark}"))


def _remove_policy(ready: Ready) -> Request:
    name = _made_policy(ready)
    gone = lambda _: name not in json.dumps(ready.here("GET", "/v1/policies"))  # noqa: E731 - one line
    return Request(f"/v1/policies/{name}", effect=gone)


def _push(ready: Ready) -> dict[str, Any]:
    made = ready.here("GET", f"/v1/code/repositories/{_repository(ready)}")
    return {"repository": made["name"], "updates": [{"ref": "refs/heads/main", "new": ONE_COMMIT}]}


def _check_push(ready: Ready) -> Request:
    return Request(kwargs={"json": _push(ready)}, effect=_has('"decision"'))


def _made_decision(ready: Ready) -> str:
    return str(ready.here("POST", "/v1/policies/check", json=_push(ready))["decision"])


def _judged(ready: Ready) -> str:
    """A repository to which something was pushed, once."""
    pushed = _push(ready)
    ready.here("POST", "/v1/policies/check", json=pushed)
    return str(pushed["repository"])


def _waiver(ready: Ready) -> dict[str, str]:
    until = datetime.now(UTC) + timedelta(days=1)
    return {"policy": _made_policy(ready), "repository": "host/own/one", "until": until.isoformat(), "reason": "why"}


def _made_waiver(ready: Ready) -> str:
    return str(ready.here("POST", "/v1/policies/waivers", json=_waiver(ready))["id"])


def _withdraw_waiver(ready: Ready) -> Request:
    waiver = _made_waiver(ready)

    def gone(_: httpx.Response) -> bool:
        found = ready.here("GET", "/v1/policies/waivers")["waivers"]
        return bool(next(one["state"] for one in found if one["id"] == waiver) == "withdrawn")

    return Request(f"/v1/policies/waivers/{waiver}", effect=gone)


def _fetch_code(ready: Ready) -> Request:
    """Where no address may be called: who may fetch is told so."""
    body = {"name": f"host/far/{ready.mark}", "url": "https://10.0.0.1/own.git"}
    made = ready.here("POST", "/v1/code/repositories", json=body)["id"]
    return Request(f"/v1/code/repositories/{made}/fetch", effect=_has("may not be called"), passes=(502,))


def _remove_repository(ready: Ready) -> Request:
    made = _repository(ready)
    gone = lambda _: made not in json.dumps(ready.here("GET", "/v1/code/repositories"))  # noqa: E731 - one line
    return Request(f"/v1/code/repositories/{made}", effect=gone)


_MODEL = {"provider": "openai", "name": "a-model", "url": "https://10.0.0.1"}


def _story_model(ready: Ready) -> dict[str, Any]:
    found: dict[str, Any] = ready.here("GET", "/v1/stories/model")
    return found


def _set_model(ready: Ready) -> Request:
    body = _MODEL | {"name": f"own-{ready.mark}"}
    return Request(kwargs={"json": body}, effect=lambda _: _story_model(ready)["name"] == body["name"])


def _clear_model(ready: Ready) -> Request:
    ready.here("PUT", "/v1/stories/model", json=_MODEL)
    return Request(effect=lambda _: _story_model(ready) == {"set": False})


def _write_story(ready: Ready) -> Request:
    """Where no model is set: who may have one write is told so."""
    assert ready.world.client("here").delete("/v1/stories/model").status_code == 204
    body = {"repository": _repository(ready), "path": "a.txt"}
    return Request(kwargs={"json": body}, effect=_has("no model writes stories here"), passes=(409,))


CODE_CELLS: dict[tuple[str, str], Callable[[Ready], Request]] = {
    ("GET", "/v1/code/repositories"): lambda _: Request(effect=_has('"repositories"')),
    ("POST", "/v1/code/repositories"): lambda _: Request(
        kwargs={"json": {"name": "host/new"}}, effect=_has("host/new")
    ),
    ("GET", "/v1/code/repositories/{repository}"): _of_repository("", "bytes"),
    ("DELETE", "/v1/code/repositories/{repository}"): _remove_repository,
    ("GET", "/v1/code/repositories/{repository}/tips"): _of_repository("/tips", ONE_COMMIT),
    ("POST", "/v1/code/repositories/{repository}/bundles"): _of_repository(
        "/bundles", "received", content=one_commit()
    ),
    ("POST", "/v1/code/repositories/{repository}/fetch"): _fetch_code,
    ("GET", "/v1/code/repositories/{repository}/refs"): _of_repository("/refs", ONE_COMMIT),
    ("GET", "/v1/code/repositories/{repository}/tree"): _of_repository("/tree", "a.txt"),
    ("GET", "/v1/code/repositories/{repository}/file"): _of_repository("/file?path=a.txt", "one line"),
    ("GET", "/v1/code/repositories/{repository}/lines"): _of_repository("/lines?path=a.txt", "unknown"),
    ("GET", "/v1/code/repositories/{repository}/commits"): _of_repository("/commits", ONE_COMMIT),
    ("GET", "/v1/stories"): lambda r: Request(
        f"/v1/stories?repository={_repository(r)}&path=a.txt", effect=_has("nobody knows who wrote")
    ),
    ("POST", "/v1/stories"): _write_story,
    ("GET", "/v1/stories/model"): lambda _: Request(effect=_has('"set"')),
    ("PUT", "/v1/stories/model"): _set_model,
    ("DELETE", "/v1/stories/model"): _clear_model,
    ("GET", "/v1/policies"): lambda r: Request(effect=_has(_made_policy(r))),
    ("POST", "/v1/policies"): _apply_policy,
    ("DELETE", "/v1/policies/{policy}"): _remove_policy,
    ("GET", "/v1/policies/schema"): lambda _: Request(effect=_has("trace_completeness")),
    ("POST", "/v1/policies/check"): _check_push,
    ("POST", "/v1/policies/verify"): lambda r: Request(
        kwargs={"json": _push(r) | {"attest": True}}, effect=_has("in-toto")
    ),
    ("POST", "/v1/policies/bundles"): lambda r: Request(
        kwargs={"json": {"repository": f"host/own/{r.mark}", "until": _waiver(r)["until"]}}, effect=_has("tlog-proof")
    ),
    ("POST", "/v1/policies/test"): lambda r: Request(
        kwargs={"json": {"text": _policy(r.mark), "repository": _push(r)["repository"], "commits": True}},
        effect=_has(ONE_COMMIT),
    ),
    ("GET", "/v1/policies/versions"): lambda r: Request(
        f"/v1/policies/versions?policy={_made_policy(r)}", effect=_has('"in_force":true')
    ),
    ("GET", "/v1/policies/results"): lambda r: Request(
        f"/v1/policies/results?repository={_judged(r)}", effect=_has('"decisions":1')
    ),
    ("POST", "/v1/assistant/explain-line"): _asked("a.txt", file="a.txt", line=1),
    ("POST", "/v1/assistant/policy-dry-run"): _asked('"recorded":false'),
    ("POST", "/v1/assistant/verify-commit"): _asked("not_sealed", commit=ONE_COMMIT),
    ("POST", "/v1/assistant/session"): lambda _: Request(kwargs={"json": {"session": "s1"}}, effect=_has('"id":"s1"')),
    ("POST", "/v1/assistant/search-timeline"): lambda _: Request(
        kwargs={"json": {"query": "type:agent.tool_use"}}, effect=_has("developer@example.org")
    ),
    ("GET", "/v1/policies/decisions"): lambda r: Request(effect=_has(_made_decision(r))),
    ("GET", "/v1/policies/decisions/{decision}"): lambda r: Request(
        f"/v1/policies/decisions/{_made_decision(r)}", effect=_has('"facts"')
    ),
    ("GET", "/v1/policies/decisions/{decision}/replay"): lambda r: Request(
        f"/v1/policies/decisions/{_made_decision(r)}/replay", effect=_has('"same":true')
    ),
    ("GET", "/v1/policies/waivers"): lambda r: Request(effect=_has(_made_waiver(r))),
    ("POST", "/v1/policies/waivers"): lambda r: Request(kwargs={"json": _waiver(r)}, effect=_has("in force")),
    ("DELETE", "/v1/policies/waivers/{waiver}"): _withdraw_waiver,
    ("GET", "/v1/code/repositories/{repository}/commits/{oid}"): _of_repository(f"/commits/{ONE_COMMIT}", "one line"),
    ("GET", "/v1/code/repositories/{repository}/commits/{oid}/attribution"): _of_repository(
        f"/commits/{ONE_COMMIT}/attribution", ONE_COMMIT
    ),
    ("POST", "/v1/code/repositories/{repository}/claims"): _of_repository(
        "/claims", "unused", json={"form": "git-ai", "commit": ONE_COMMIT, "text": "no note"}
    ),
}
