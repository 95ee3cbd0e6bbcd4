"""The Traefik proxy's access log as JSON: an object per request.

``StartUTC`` (when the request came), ``time`` (when the line was written), ``ClientHost``, ``ClientPort``,
``ClientUsername``, ``RequestMethod``, ``RequestPath`` (with the query), ``RequestHost``, ``RequestProtocol``,
``DownstreamStatus``, ``DownstreamContentSize``, ``Duration`` (nanoseconds), ``RouterName``, ``ServiceName``,
``ServiceURL``, and headers as ``request_User-Agent``. Attributes: the object.

Reference: Traefik documentation, "Access Logs".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vestige.sources.reading.fields import canonical_ip, make_event, port_of, text_of
from vestige.sources.reading.kinds import JsonRecords
from vestige.sources.reading.timefield import NO_STAMP
from vestige.sources.web.requests import ABSENT, ending_of, kind_of, split_url, telling

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vestige.model.event import Event
    from vestige.sources.reading.timefield import Clock


def _read(record: dict[str, object], text: str, clock: Clock) -> Event:
    get = record.get
    method, url, status = text_of(get("RequestMethod")), text_of(get("RequestPath")), text_of(get("DownstreamStatus"))
    path = split_url(url)[0]
    outcome, severity, code = ending_of(status)
    user = text_of(get("ClientUsername"))
    user = "" if user in ABSENT else user
    client = text_of(get("ClientHost")) or text_of(get("ClientAddr"))
    started, written = clock.read(get("StartUTC")), clock.read(get("time"))
    at, time_text, quality, tag = started if started.at is not None or written is NO_STAMP else written
    trace = text_of(get("TraceId")) or text_of(get("traceId"))
    return make_event((
        kind_of(code, user), at, time_text, quality, written.at if started.at is not None else None,
        method, outcome, severity,
        user, "", "user" if user else "", "", "", "",
        path, text_of(get("ServiceName")), "url" if path else "",
        canonical_ip(client), "", port_of(get("ClientPort")), port_of(get("RequestPort")),
        "http" if text_of(get("RequestProtocol")).startswith("HTTP/") else "",
        "", "", "", text_of(get("RequestHost")), "", trace,
        telling(f"{user} from {client}" if user else client, f"{method} {url}", status),
        (tag,) if tag else (), text, (),
    ))  # fmt: skip


def _mine(record: Mapping[str, object]) -> bool:
    return "DownstreamStatus" in record and "RequestMethod" in record


FORMAT = JsonRecords(
    name="traefik_json",
    version="1",
    source_name=None,
    mine=_mine,
    seen="Traefik requests",
    read=_read,
)
