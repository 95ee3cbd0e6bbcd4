"""One installation within the test's process, and clients of its interface as whoever the test wants to be."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx

from vestige.access import people_store, store
from vestige.access.roles import Role, Scope
from vestige.access.tokens import new_token, token_digest
from vestige.api import Server, create_api
from vestige.app import Installation, Settings
from vestige.model.ids import new_ulid
from vestige.model.instant import now

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fastapi import FastAPI

EVENTS = [
    {"event_type": "agent.tool_use", "occurred_at": "2026-04-11T10:00:00Z", "actor": {"id": "developer@example.org"},
     "session": "s1", "network": {"src_ip": "203.0.113.10"}},
    {"event_type": "auth.login", "occurred_at": "2026-04-11T10:01:00Z", "actor": {"id": "bob"}, "session": "s1",
     "network": {"src_ip": "203.0.113.10"}},
    {"event_type": "agent.tool_use", "occurred_at": "2026-04-11T10:02:00Z", "actor": {"id": "other@example.org"}},
    {"event_type": "data.export", "occurred_at": "2026-04-11T10:03:00Z", "actor": {"id": "developer@example.org"}},
]  # fmt: skip


@dataclass
class World:
    """An installation, its application, and tokens by who holds them."""

    installation: Installation
    api: FastAPI
    socket: Path
    url: str
    clients: dict[str, httpx.Client] = field(default_factory=dict)
    slug: str = "default"

    @property
    def tenant(self) -> str:
        """The tenant's id."""
        return self.installation.access.tenant(self.slug).id

    @property
    def head(self) -> int:
        """How many entries its log has."""
        return self.installation.ledger.head(self.tenant)

    def as_token(self, token: str, **headers: str) -> httpx.Client:
        """A client over the network with a token, or with none."""
        return client_of(self.url, token, **headers)

    def client(self, who: str) -> httpx.Client:
        """A client as a role, a scope (``key:read``), or ``here``: the operating system's user on the socket."""
        return self.clients[who]

    def seed(self) -> list[str]:
        """Take the events in; their ids."""
        answer = self.client("here").post("/v1/ingest/events", json=EVENTS, headers={"X-Source-Id": "seed"}).json()
        return [one["id"] for one in answer["results"]]

    def admit(self, email: str, role: str, password: str) -> None:
        """Let somebody in, who sets that password."""
        invited = self.client("owner").post("/v1/people", json={"email": email, "role": role})
        body = {"token": invited.json()["token"], "password": password}
        self.client("here").post("/v1/people/accept", json=body).raise_for_status()

    def acts(self, action: str = "", most: int = 1000) -> list[dict[str, Any]]:
        """The tenant's newest own acts, oldest first."""
        entries: list[dict[str, Any]] = []
        asked: dict[str, str | int] = {"action": action, "limit": min(most, 1000)}
        while len(entries) < most:
            answer = self.client("here").get("/v1/audit", params=asked)
            assert answer.status_code == 200, answer.text
            entries += answer.json()["entries"]
            if not answer.json().get("next_cursor"):
                break
            asked["cursor"] = answer.json()["next_cursor"]
        return entries[::-1]


def token_of(installation: Installation, tenant: str, *, role: str = "", scopes: tuple[str, ...] = ()) -> str:
    """A token of a person with a role, or of a key with scopes."""
    token, at = new_token(), now()
    identity, person = new_ulid(at // 1_000_000), ""
    with installation.db.write() as connection:
        if role:
            person = new_ulid(at // 1_000_000)
            people_store.add(
                connection,
                people_store.Person(person, tenant, f"{role}@example.org", role, Role(role), False, "", at),
            )
        store.add_key(
            connection,
            store.KeyRow(identity, tenant, f"test {scopes}", token_digest(token), at, scopes, person=person),
        )
    return token


def client_of(url: str, token: str = "", **headers: str) -> httpx.Client:
    """A client with a token, or with none."""
    if token:
        headers["Authorization"] = f"Bearer {token}"
    return httpx.Client(base_url=url, headers=headers, timeout=60)


def everybody(world: World, slug: str) -> dict[str, httpx.Client]:
    """A client for each role and scope of a tenant, and for whoever is on the socket."""
    tenant = world.installation.access.tenant(slug).id
    transport = httpx.HTTPTransport(uds=str(world.socket))
    here = httpx.Client(transport=transport, base_url="http://here", headers={"X-Vestige-Tenant": slug}, timeout=60)
    clients = {"here": here}
    for role in Role:
        clients[role.value] = world.as_token(token_of(world.installation, tenant, role=role.value))
    for scope in Scope:
        clients[f"key:{scope.value}"] = world.as_token(token_of(world.installation, tenant, scopes=(scope.value,)))
    return clients


@contextlib.contextmanager
def world_in(data: Path, **settings: Any) -> Iterator[World]:
    """An installation in a fresh directory, served on a free port and on a socket."""
    with Installation.open(Settings(data=data, **settings)) as installation, contextlib.ExitStack() as stack:
        api = create_api(installation)
        server = Server(api, installation.settings, data / "socket", ("127.0.0.1", 0))
        server.start()
        stack.callback(server.stop)
        made = World(installation, api, data / "socket", f"http://127.0.0.1:{server.port}")
        made.clients.update(everybody(made, "default"))
        for client in made.clients.values():
            stack.callback(client.close)
        yield made
