"""The Traefik proxy's access log as text: the common log form with four more fields behind it.

The combined form, then ``request_count "frontend" "backend url" duration``, the last in whole milliseconds (``12ms``).
Attributes: as in :mod:`~vestige.sources.web.web_access`, and ``request_count``, ``frontend_name``, ``backend_url``,
``duration``.

Reference: Traefik documentation, "Access Logs".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import orjson

from vestige.model.event import Unparsed
from vestige.sources.reading.kinds import LineRecords
from vestige.sources.web.web_access import read_access

if TYPE_CHECKING:
    from vestige.model.event import Reading
    from vestige.sources.reading.timefield import Clock

_TAIL = re.compile(r' (\d+|-) (?:"([^"]{0,2000})"|-) (?:"([^"]{0,8000})"|-) (\d+ms)$')


def _read(text: str, clock: Clock) -> Reading:
    tail = _TAIL.search(text, max(0, len(text) - 12_000))
    event = read_access(text if tail is None else text[: tail.start()], clock)
    if tail is None or isinstance(event, Unparsed):
        return event
    count, frontend, backend, duration = tail.groups()
    named = (("frontend_name", frontend), ("backend_url", backend), ("duration", duration))
    fields: dict[str, object] = {name: value for name, value in named if value}
    if count != "-":
        fields["request_count"] = int(count) if len(count) < 19 else count
    return event._replace(attributes=f"{event.attributes[:-1]},{orjson.dumps(fields).decode()[1:]}")


FORMAT = LineRecords(
    name="traefik",
    version="1",
    source_name=None,
    mine=lambda text: _TAIL.search(text) is not None and '] "' in text,
    seen="Traefik access log lines",
    read=_read,
    confidence=0.97,
)
