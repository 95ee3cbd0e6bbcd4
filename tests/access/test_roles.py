"""The role matrix, cell by cell: every route as every role, every scope of a key, and the user on the socket."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from support.cell import Ready, Request
from support.cells import ANYBODY, CASES
from support.world import World, world_in
from vestige.access.roles import ROLES, SCOPES, Role, Scope
from vestige.api.permissions import PUBLIC, page, routes
from vestige.model.permission import Permission

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from vestige.api.permissions import Route

ROOT = Path(__file__).resolve().parents[2]
HOLDERS: dict[str, frozenset[Permission]] = {
    **{role.value: ROLES[role] for role in Role},
    **{f"key:{scope.value}": SCOPES[scope] for scope in Scope},
    "here": frozenset(Permission),
}
NEEDING = [route for route in routes() if route.need is not None and (route.method, route.path) not in ANYBODY]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_in(tmp_path_factory.mktemp("roles") / "data") as made:
        yield made


@pytest.fixture(scope="module")
def event(world: World) -> str:
    return world.seed()[0]


@pytest.fixture(scope="module")
def entity(world: World, event: str) -> str:
    del event
    answer = world.client("here").get("/v1/entities", params={"value": "bob"}).json()
    return str(answer["entities"][0]["id"])


def state(world: World) -> dict[str, Any]:
    """What a refused request could have changed."""
    here = world.client("here")
    paths = [*("/v1/views", "/v1/sequences", "/v1/sources", "/v1/ledger/keys", "/v1/detections")]
    keys = here.get("/v1/admin/keys").json()["keys"]
    unused = [{name: value for name, value in one.items() if name != "last_used_at"} for one in keys]
    paths += ["/v1/people", "/v1/people/requests", "/v1/tenants"]
    return {path: here.get(path).json() for path in paths} | {"keys": unused}


def test_every_route_needs_a_permission_or_says_why_not() -> None:
    found = {(route.method, route.path): route.need for route in routes()}
    assert {route for route, need in found.items() if need is None} == set(PUBLIC)


def test_the_walk_sees_every_route_there_is(world: World) -> None:
    documented = {
        (method.upper(), path) for path, methods in world.api.openapi()["paths"].items() for method in methods
    }
    assert {
        (route.method, route.path.replace(":path}", "}").replace(":name}", "}")) for route in routes()
    } == documented


def test_what_any_credential_opens_is_little() -> None:
    anybody = {(one.method, one.path) for one in routes() if one.need is not None and one.need.permission is None}
    assert anybody == ANYBODY


def test_every_route_has_a_case() -> None:
    assert set(CASES) == {(route.method, route.path) for route in NEEDING}


def test_the_page_is_as_the_routes_are() -> None:
    assert (ROOT / "docs" / "permissions.md").read_text(encoding="utf-8") == page(), "run `make permissions`"


def may(who: str, route: Route) -> bool:
    assert route.need is not None
    return bool(route.lets_in(HOLDERS[who])) and (who == "here" or not route.need.local)


def ask(world: World, who: str, route: Route, request: Request) -> httpx.Response:
    return world.client(who).request(route.method, request.path or route.path, **(request.kwargs or {}))


def test_of_a_refusal_nothing_stays_but_its_own_entry(world: World, event: str, entity: str, tmp_path: Path) -> None:
    refused = {route: [who for who in HOLDERS if not may(who, route)] for route in NEEDING}
    requests = {
        route: CASES[route.method, route.path](Ready(world, holders[0], tmp_path, event, entity))
        for route, holders in refused.items()
        if holders
    }
    before, head = state(world), world.head
    answers: dict[str, tuple[Route, str, httpx.Response]] = {}
    for route, request in requests.items():
        for who in refused[route]:
            answer = ask(world, who, route, request)
            assert answer.status_code == 403, (who, route, answer.status_code, answer.text)
            if answer.headers["content-type"] == "application/problem+json" and route.method != "HEAD":
                assert answer.json()["code"] == "forbidden"
            answers[answer.headers["x-request-id"]] = route, who, answer
    assert world.head == head + len(answers)
    assert state(world) == before
    told = {act["request"]: act["detail"] for act in world.acts("access.refused", len(answers))}
    for request_id, (route, who, answer) in answers.items():
        entry, need = told[request_id], route.need
        assert need is not None
        assert (entry["method"], entry["path"]) == (route.method, answer.request.url.path)
        # Where only the place is wrong, that says so.
        lacking = not route.lets_in(HOLDERS[who])
        assert entry["permission"] in {need.permission, need.also} if lacking else "machine" in entry["reason"]
    print(f"{len(answers)} cells refused")


@pytest.mark.parametrize("route", NEEDING, ids=lambda route: f"{route.method} {route.path}")
def test_whoever_may_is_let_in(world: World, event: str, entity: str, tmp_path: Path, route: Route) -> None:
    for who in HOLDERS:
        if may(who, route):
            request = CASES[route.method, route.path](Ready(world, who, tmp_path, event, entity))
            answer = ask(world, who, route, request)
            assert answer.status_code in request.passes, (who, answer.status_code, answer.text)
            assert request.effect is None or request.effect(answer), (who, answer.text)


def test_nobody_without_a_token_comes_anywhere(world: World, event: str, entity: str, tmp_path: Path) -> None:
    ready = Ready(world, "nobody", tmp_path, event, entity)
    requests = {key: case(ready) for key, case in CASES.items() if key != ("POST", "/v1/replay/{name}")}
    head = world.head
    with world.as_token("") as nobody:
        for (method, path), request in requests.items():
            answer = nobody.request(method, request.path or path, **(request.kwargs or {}))
            assert answer.status_code == 401, (method, path, answer.status_code)
    assert world.head == head
