"""The error log of Windows' HTTP driver (HTTPERR): requests and connections that never reached a site.

Columns: ``date time`` (GMT), ``c-ip c-port s-ip s-port``, ``cs-version cs-method cs-uri``, ``sc-status``,
``s-siteid``, ``s-reason`` (why: ``BadRequest``, ``ConnLimit``, ``Timer_MinBytesPerSecond``), ``s-queuename``, and since
Windows Server 2016 ``streamid``. Without a status no answer was sent: the driver closed the connection.

Attributes: every column under its name, and the request's parts under the family's plain names.

Reference: Microsoft, "Error logging in HTTP APIs".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from vestige.sources.reading.fields import canonical_ip, make_event, port_of_text
from vestige.sources.web.requests import ending_of, kind_of, split_url, telling
from vestige.sources.web.w3c import W3cRecords

if TYPE_CHECKING:
    from vestige.model.event import Event
    from vestige.sources.reading.timefield import Stamp


def _read(row: dict[str, str], stamp: Stamp) -> Event:
    get = row.get
    method, url, status, reason = get("cs-method", ""), get("cs-uri", ""), get("sc-status", ""), get("s-reason", "")
    path, query = split_url(url)
    outcome, severity, code = ending_of(status)
    client = get("c-ip", "")
    plain = {
        "method": method,
        "url": url,
        "path": path,
        "query": query,
        "status": code,
        "http_version": get("cs-version", "").removeprefix("HTTP/"),
        "client": client,
    }
    fields: dict[str, object] = {**row, **{name: value for name, value in plain.items() if value not in {None, ""}}}
    at, time_text, quality, tag = stamp
    asked = f"{method} {url}".strip() or "a connection"
    message = telling(client, asked, status) if status else f"{client}: {asked} was closed"
    return make_event((
        kind_of(code, "") if status else "network.connection",
        at, time_text, quality, None, reason or method, outcome if status else "failure", severity,
        "", "", "", "", "", "",
        path, "", "url" if path else "",
        canonical_ip(client), canonical_ip(get("s-ip", "")),
        port_of_text(get("c-port", "")), port_of_text(get("s-port", "")), "http" if method else "",
        "", "", "", "", "", "",
        f"{message} ({reason})" if reason else message,
        (tag,) if tag else (), orjson.dumps(fields).decode(), (),
    ))  # fmt: skip


def _mine(names: frozenset[str]) -> bool:
    return names >= {"c-ip", "s-reason"}


_LAYOUT = "date time c-ip c-port s-ip s-port cs-version cs-method cs-uri sc-status s-siteid s-reason s-queuename"

FORMAT = W3cRecords(
    name="iis_error",
    version="1",
    source_name=None,
    mine=_mine,
    seen="the HTTP driver's error log",
    read=_read,
    layouts=(tuple(_LAYOUT.split()), tuple(_LAYOUT.replace("cs-uri ", "cs-uri streamid ").split())),
)
