"""A request of the matrices: what it may use, and what shows that it had its effect."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import httpx

    from support.world import World


@dataclass
class Ready:
    """What a case may use: made afresh for each request."""

    world: World
    who: str
    folder: Path
    event: str
    """The id of an event everybody who reads may see, the developer's own."""
    entity: str

    @property
    def mark(self) -> str:
        """Something no other request had."""
        return secrets.token_hex(4)

    def here(self, method: str, path: str, **kwargs: Any) -> Any:
        """Ask as the one who may do everything."""
        answer = self.world.client("here").request(method, path, **kwargs)
        assert answer.is_success, (method, path, answer.status_code, answer.text)
        return answer.json() if answer.headers.get("content-type", "").startswith("application/json") else None


@dataclass(frozen=True)
class Request:
    """A request, how it is answered where it is allowed, and the check of its effect."""

    path: str = ""
    """With its parameters filled in; empty: the route's own."""
    kwargs: dict[str, Any] | None = None
    effect: Callable[[httpx.Response], object] | None = None
    """Called with the answer of an allowed request; what it gives must be true."""
    passes: tuple[int, ...] = (200, 201, 204)


def has(text: str) -> Callable[[httpx.Response], object]:
    """The check that an answer has a text."""
    return lambda answer: text in answer.text
