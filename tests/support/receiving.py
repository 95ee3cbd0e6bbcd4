"""What came in, seen as anyone would see it: the records' exact bytes and their events, over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from support.program import Running


def client_of(server: Running) -> httpx.Client:
    """A client with the owner's token."""
    return httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {server.token}"}, timeout=60)


def events(client: httpx.Client, query: str, *, undated: bool = False) -> list[dict[str, Any]]:
    """The events that match, oldest first."""
    params: dict[str, str | int] = {"q": query, "limit": 5000, "order": "asc"}
    if undated:
        params["undated"] = "true"
    answer = client.get("/v1/search", params=params)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["events"]
    return found


def raw(client: httpx.Client, event: str) -> bytes:
    """The exact bytes of the record an event was read from."""
    return client.get(f"/v1/events/{event}/raw").content
