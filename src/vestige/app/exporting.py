"""The header of an export: what was asked for, how its times came about, and which state of the ledger it shows.

A table of events does not say which query made it, that its times are UTC, or that a source's clock was set right by
four minutes. Whoever gets the file a year later needs that to read it, so it travels beside it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import vestige
from vestige.model.errors import NotFoundError
from vestige.model.instant import now, to_text

if TYPE_CHECKING:
    from vestige.app.rooms import Rooms

TIMES = "UTC; a source's zone and clock offset, where it has them, are already in them"


def export_header(rooms: Rooms, shape: str, query: str, start: int | None, end: int | None) -> dict[str, Any]:
    """What an export of these events would have to say of itself.

    Raises:
        QueryError: the query is none.
    """
    lag = rooms.settle()
    count = rooms.timeline.count(query, start, end)
    bounded = start is not None or end is not None
    said = [
        {"name": source["name"], "settings": source["settings"]} for source in rooms.sources.all() if source["settings"]
    ]
    return {
        "made_by": f"vestige {vestige.__version__}",
        "made_at": to_text(now()),
        "tenant": rooms.tenant.slug,
        "format": shape,
        "query": query,
        "from": None if start is None else to_text(start),
        "to": None if end is None else to_text(end),
        "order": "oldest first" if bounded else "oldest first, then events that state no time",
        "events": count.dated + (0 if bounded else count.undated),
        "times": TIMES,
        "sources": said,
        "checkpoint": _checkpoint(rooms),
    } | rooms.behind(lag)


def _checkpoint(rooms: Rooms) -> str | None:
    try:
        return rooms.ledger.published()
    except NotFoundError:
        return None
