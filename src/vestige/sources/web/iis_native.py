"""IIS' own fixed log format, older than W3C's and still to be chosen.

``client, user, month/day/year, time, service, server, server address, milliseconds, bytes received, bytes sent,
status, Windows status, method, target, parameters,``: fifteen values, each followed by a comma. The year has two or
four digits (two: 1995 to 2094), times are the server's local ones and state no zone.

Attributes: ``client``, ``user``, ``date``, ``time``, ``service``, ``vhost`` (the server's name), ``server_ip``,
``duration`` (milliseconds), ``bytes_received``, ``bytes``, ``status``, ``win32_status``, ``method``, ``url``, ``path``,
``query``; what is ``-`` is left out. (The third form IIS writes, NCSA, is the common log format.)

Reference: Microsoft, "IIS Log File Format (IIS 6.0)".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import orjson

from vestige.model.event import Unparsed
from vestige.sources.reading.fields import canonical_ip, make_event
from vestige.sources.reading.kinds import LineRecords
from vestige.sources.reading.timefield import ASSUMED_ZONE
from vestige.sources.web.requests import count_of, ending_of, kind_of, telling

if TYPE_CHECKING:
    from vestige.model.event import Reading
    from vestige.sources.reading.timefield import Clock

_COLUMNS = (
    "client user date time service vhost server_ip duration bytes_received bytes status win32_status method path query"
)
_NAMES = tuple(_COLUMNS.split())
_LINE = re.compile(
    r"(\S+), ([^,]{1,256}), (\d{1,2})/(\d{1,2})/(\d{2}|\d{4}), (\d{1,2}:\d\d:\d\d), (\w{1,64}), ([^,]{1,256}), (\S+), "
    r"(\d{1,18}), (\d{1,18}), (\d{1,18}), (\d{1,3}), (\d{1,18}), ([A-Za-z-]{1,32}), ",
)
_COUNTS = frozenset({"bytes_received", "bytes", "status"})
_FIRST_YEAR = 95


def _values(text: str) -> tuple[str, ...] | None:
    """The values of a line; the path, which may hold commas, and the query are what the last comma parts."""
    found, end = _LINE.match(text), text.rstrip()
    if found is None or not end.endswith(","):
        return None
    path, comma, query = end[found.end() : -1].rpartition(", ")
    return (*found.groups(), path, query) if comma else None


def _read(text: str, clock: Clock) -> Reading:
    found = _values(text)
    if found is None:
        return Unparsed("no line of IIS' own format: expected fifteen values, each followed by a comma")
    client, user, month, day, year, time, *rest = found
    values = (client, user, f"{month}/{day}/{year}", time, *rest)
    told = {name: value for name, value in zip(_NAMES, values, strict=True) if value not in {"-", ""}}
    get = told.get
    path, query, user = get("path", ""), get("query", ""), get("user", "")
    fields: dict[str, object] = {name: count_of(told[name]) if name in _COUNTS else told[name] for name in told}
    url = f"{path}?{query}" if query else path
    if url:
        fields["url"] = url
    outcome, severity, code = ending_of(get("status", ""))
    stamp = clock.local(f"{_year(year)}-{month:0>2}-{day:0>2}T{time:0>8}")
    return make_event((
        kind_of(code, user), stamp.at, f"{values[2]} {time}", stamp.quality, None, get("method", ""), outcome, severity,
        user, "", "user" if user else "", "", "", "",
        path, "", "url" if path else "",
        canonical_ip(client), canonical_ip(get("server_ip", "")), 0, 0, "http" if "method" in told else "",
        "", "", "", get("vhost", ""), "", "",
        telling(f"{user} from {client}" if user else client, f"{get('method', '')} {url}", get("status", "")),
        (stamp.tag,) if stamp.tag else (), orjson.dumps(fields).decode(), (),
    ))  # fmt: skip


def _year(text: str) -> str:
    if len(text) == 4:
        return text
    return f"19{text}" if int(text) >= _FIRST_YEAR else f"20{text}"


FORMAT = LineRecords(
    name="iis_native",
    version="1",
    source_name=None,
    mine=lambda text: _values(text) is not None,
    seen="lines of IIS' own format",
    read=_read,
    confidence=0.96,
    quality=lambda _: ASSUMED_ZONE,
)
