"""Which route needs which permission, read from the routes themselves; and that as a page of documentation.

A route without a permission must stand in :data:`PUBLIC`, with the reason; a test holds every route to that, and
``docs/permissions.md`` to what :func:`page` makes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from fastapi.routing import APIRoute

from vestige.api.callers import Need
from vestige.api.create import ROUTERS
from vestige.api.public import PUBLIC
from vestige.app import ROLES, SCOPES
from vestige.model.permission import Permission

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fastapi.dependencies.models import Dependant


__all__ = ["PUBLIC", "Route", "page", "routes"]


class Route(NamedTuple):
    """A route and what it asks of a caller; nothing if it is public."""

    method: str
    path: str
    need: Need | None

    def lets_in(self, permissions: frozenset[Permission]) -> str:
        """``yes``, ``own`` (what is the caller's own), or empty."""
        if self.need is None or self.need.permission is None or self.need.permission in permissions:
            also = None if self.need is None else self.need.also
            return "yes" if also is None or also in permissions else ""
        return "own" if self.need.own in permissions else ""


def routes() -> list[Route]:
    """Every route of the interface but the OpenAPI document, by path and method."""
    found = [
        Route(method, route.path, next(_needs(route.dependant), None))
        for router in ROUTERS
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in sorted(route.methods or ())
    ]
    return sorted(found, key=lambda route: (route.path, route.method))


def page() -> str:
    """The whole of ``docs/permissions.md``."""
    return "\n".join(
        [
            "# Permissions",
            "",
            "Made from the routes by `make permissions`; a test holds it to them. What roles and scopes are for, and",
            "how people and keys get them: [access](access.md). A command may do what the routes it calls may.",
            "",
            "## Roles and scopes",
            "",
            *_table(
                ["permission", *_titles(ROLES), *_titles(SCOPES, "key: ")],
                [
                    [f"`{one}`", *("yes" if one in held else "" for held in (*ROLES.values(), *SCOPES.values()))]
                    for one in Permission
                ],
            ),
            "",
            f"Asked for by no route yet: {', '.join(f'`{one}`' for one in _unused())}.",
            "",
            "`own`, below: the route shows agent sessions and seals whose actor the caller is, and nothing else.",
            "`here`: only on the data directory's socket, by the operating system's own user, who may do everything.",
            "",
            "## Routes",
            "",
            *_table(
                ["method", "path", "permission", *_titles(ROLES), *_titles(SCOPES, "key: ")],
                [[f"`{one.method}`", f"`{one.path}`", *_cells(one)] for one in routes()],
            ),
            "",
        ]
    )


def _unused() -> list[Permission]:
    asked = {
        permission
        for one in routes()
        if one.need is not None
        for permission in (one.need.permission, one.need.own, one.need.also)
    }
    return [one for one in Permission if one not in asked]


def _cells(route: Route) -> list[str]:
    everyone = [*ROLES.values(), *SCOPES.values()]
    if route.need is None:
        return [f"none: {PUBLIC[route.method, route.path]}", *("yes" for _ in everyone)]
    if route.need.local:
        return [f"`{route.need.permission}`, here", *("" for _ in everyone)]
    needed = "any credential" if route.need.permission is None else f"`{route.need.permission}`"
    if route.need.also is not None:
        needed += f" and `{route.need.also}`"
    return [needed, *(route.lets_in(held) for held in everyone)]


def _titles(held: Iterable[str], before: str = "") -> list[str]:
    return [before + str(name).replace("_", " ") for name in held]


def _table(head: list[str], rows: list[list[str]]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return [f"| {' | '.join(line)} |" for line in lines]


def _needs(dependant: Dependant) -> Iterator[Need]:
    for one in dependant.dependencies:
        if isinstance(one.call, Need):
            yield one.call
        yield from _needs(one)
