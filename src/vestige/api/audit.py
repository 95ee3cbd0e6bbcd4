"""Who did what in a tenant: its own acts, as its ledger has them.

There is no other record of them, and no way to change one: this is a list of entries, and entries are only ever added.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query

from vestige.api.answers import upkeep as answers
from vestige.api.callers import ReadsAudit
from vestige.api.limits import only_known_parameters
from vestige.api.timeline import quoted
from vestige.app import Window
from vestige.model.errors import UsageError
from vestige.model.instant import parse_bound

ROUTER = APIRouter(prefix="/v1/audit", tags=["audit"], dependencies=[Depends(only_known_parameters)])
_ACTION: Final = re.compile(r"[a-z_]+(\.[a-z_]+)*(\.\*)?")
_DECIDED: Final = "policy.decided"
_RESOURCE: Final = ("resource", "detail.id", "detail.name", "detail.source")
"""Where acts name what they were done to."""
Text = Annotated[str, Query(max_length=300)]


@ROUTER.get("", responses={200: {"model": answers.Audit}})
def audit(
    caller: ReadsAudit,
    action: Annotated[Text, Query(description="such as key.revoked; key.* is every act upon keys")] = "",
    actor: Annotated[Text, Query(description="who did it")] = "",
    resource: Annotated[Text, Query(description="what it was done to, such as key:01K…")] = "",
    start: Annotated[str | None, Query(alias="from", description="from this time on, ISO 8601")] = None,
    end: Annotated[str | None, Query(alias="to", description="up to, not including, this time")] = None,
    order: Annotated[str, Query(pattern="^(asc|desc)$")] = "desc",
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> dict[str, Any]:
    """The tenant's own acts, the newest first: who, what, when, by which request, to what, and what was before.

    Seals of agents' sessions and commits are made by themselves, and many: they are told where `action` names them.
    """
    terms = ["in:ledger category:vestige"]
    if action:
        if not _ACTION.fullmatch(action):
            raise UsageError("action is none", expected="such as key.revoked or key.*", got=action[:60], field="action")
        terms.append(f"action:{action}")
    else:
        terms.append("NOT action:seal")
    if actor:
        terms.append(f"actor:{quoted(actor)}")
    if resource:
        terms.append("(" + " OR ".join(f"attributes.{path}:{quoted(resource)}" for path in _RESOURCE) + ")")
    within = Window(
        start=None if start is None else parse_bound(start, field="from"),
        end=None if end is None else parse_bound(end, field="to"),
        descending=order == "desc",
    )
    lag = caller.rooms.settle()
    page = caller.rooms.timeline.page(" ".join(terms), within, limit=limit, cursor=cursor)
    following = {} if page.next_cursor is None else {"next_cursor": page.next_cursor}
    return {"entries": [_entry(event) for event in page.events]} | following | caller.rooms.behind(lag)


def _entry(event: dict[str, Any]) -> dict[str, Any]:
    said = dict(event.get("attributes", {}))
    for name in ("act", "by"):
        said.pop(name, None)
    known = {name: said.pop(name) for name in ("resource", "key", "address", "agent", "request") if name in said}
    detail = said.pop("detail", {})
    if event["action"] == _DECIDED and isinstance(detail, dict):
        # All it was made from is long: `GET /v1/policies/decisions/{id}` gives it.
        detail = {name: detail[name] for name in ("at", "digests", "engine", "missed") if name in detail} | {
            name: detail["outcome"][name] for name in ("passed", "blocked")
        }
    head = {
        "id": event["id"],
        "seq": event["seq"],
        "at": event["occurred_at"],
        "kind": event["event_type"].removeprefix("vestige."),
        "action": event["action"],
        "actor": event.get("actor", {}).get("id", ""),
    }
    return head | known | {"detail": (said | detail) if isinstance(detail, dict) else said}
