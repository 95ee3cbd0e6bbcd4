"""One event: as read, as the exact bytes it was read from, proven, and among what happened around it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response

from vestige.api.callers import Reads, ReadsOwn, Reveals
from vestige.api.ledger import TEXT
from vestige.api.limits import only_known_parameters
from vestige.app import Raw
from vestige.model.instant import NANOS
from vestige.model.permission import Permission

ROUTER = APIRouter(prefix="/v1/events", tags=["events"], dependencies=[Depends(only_known_parameters)])
EventCount = Annotated[int, Query(ge=1, le=500)]


@ROUTER.get("/{event_id}")
def event(caller: ReadsOwn, event_id: str) -> dict[str, Any]:
    """One event, with where it comes from: acquisition, offset, commitment to the payload, leaf hash.

    Who may read cases is told those it is pinned in.
    """
    found = caller.rooms.event(event_id)
    cases = caller.rooms.cases.naming(event_id) if Permission.CASES_READ in caller.permissions else []
    return found | ({"cases": cases} if cases else {})


@ROUTER.get("/{event_id}/raw")
def raw(caller: Reveals, event_id: str) -> Response:
    """The exact bytes of the record, as they came. The digest headers are computed from what is sent."""
    found = caller.rooms.raw(event_id)
    caller.record("evidence.revealed", {"bytes": len(found.payload), "seq": found.seq}, f"event:{event_id.upper()}")
    return bytes_of(found)


def bytes_of(found: Raw) -> Response:
    """A record's exact bytes as an answer."""
    headers = {
        "Repr-Digest": f"sha-256=:{found.sha256_base64}:",
        "X-Vestige-Sha256": found.sha256,
        "X-Vestige-Leaf-Hash": found.leaf_hash,
        "X-Vestige-Log": found.log,
        "X-Vestige-Seq": str(found.seq),
        "X-Content-Type-Options": "nosniff",
        "Content-Disposition": "attachment",
    }
    return Response(found.payload, media_type=found.media_type, headers=headers)


@ROUTER.get("/{event_id}/proof")
def proof(caller: ReadsOwn, event_id: str) -> Response:
    """A C2SP tlog-proof of the record the event was read from."""
    entry, _ = caller.rooms.entry(event_id)
    return Response(caller.rooms.ledger.receipt(entry.id), media_type=TEXT)


@ROUTER.get("/{event_id}/opening")
def opening(caller: ReadsOwn, event_id: str) -> dict[str, Any]:
    """What opens the record's commitment: its leaf, the salt, the payload's SHA-256. With the proof, all it takes."""
    return caller.rooms.opening(event_id)


@ROUTER.get("/{event_id}/context")
def context(
    caller: ReadsOwn,
    event_id: str,
    seconds: Annotated[float, Query(gt=0, le=31_536_000)] = 300,
    limit: EventCount = 200,
    q: Annotated[str, Query(max_length=4096, description="show only what matches, and the event itself")] = "",
) -> dict[str, Any]:
    """What happened around an event, whatever the source and whatever filter led to it, unless `q` asks for less."""
    return {"events": caller.rooms.context(event_id, count=limit, within=int(seconds * NANOS), query=q)}


@ROUTER.get("/{event_id}/correlated")
def correlated(
    caller: Reads,
    event_id: str,
    limit: EventCount = 50,
    window: Annotated[float, Query(gt=0, le=31_622_400, description="seconds on either side")] = 12 * 3600,
) -> dict[str, Any]:
    """The events that share a key with one, the most telling first; each with the key, its rarity and the reason."""
    return caller.rooms.correlated(event_id, int(window * NANOS), limit)
