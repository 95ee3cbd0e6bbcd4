"""Error logs of nginx.

Read: ``2016/10/25 14:49:34 [error] 54053#0: *1 message, client: 192.0.2.1, server: name, request: "GET / HTTP/1.1",
upstream: "...", host: "name", referrer: "..."``; what follows the message is there as far as nginx knows it. Times
state no zone. Lines without a header belong to the record before them. Attributes: ``time``, ``level``, ``pid``,
``tid``, ``connection``, ``message``, ``client``, ``server``, the request's parts (``method``, ``url``, ``path``,
``query``, ``http_version``), ``upstream``, ``vhost`` (of ``host``), ``referrer``, ``user``.

References: nginx core error_log; ngx_http_request.c (ngx_http_log_error), ngx_http_auth_basic_module.c.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import orjson

from vestige.model.event import Unparsed
from vestige.sources.reading.blocks import BlockRecords
from vestige.sources.reading.fields import canonical_ip, make_event, severity_of
from vestige.sources.reading.said import Meaning, meaning_of, rules_of
from vestige.sources.reading.timefield import ASSUMED_ZONE
from vestige.sources.web.requests import NO_REQUEST, put_request, request_of

if TYPE_CHECKING:
    from vestige.model.event import Reading
    from vestige.sources.reading.timefield import Clock

_BEGINS = re.compile(rb"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d \[[a-z]+\] \d+#")
_LINE = re.compile(
    r"(\d{4}/\d\d/\d\d \d\d:\d\d:\d\d) \[(emerg|alert|crit|error|warn|notice|info|debug)\] (\d{1,18})#(\d{1,18}): "
    r"(?:\*(\d{1,18}) )?(.*)",
    re.DOTALL,
)
_TOLD = re.compile(
    r", (client|server|request|subrequest|upstream|host|referrer): (?:\"([^\"]*)\"|([^,\"\s]+))(?=, [a-z]+: |$)"
)
_RULES = rules_of(r"""
auth.login_failed | failure | | user "(?P<user>[^"]*)": (?P<action>password mismatch)
auth.login_failed | failure | | user "(?P<user>[^"]*)" was (?P<action>not found)
access.denied | failure | | (?P<action>access forbidden by rule)
access.denied | failure | directory index is forbidden | directory index of .{0,4000} is forbidden
policy.verdict | failure | | (?P<action>limiting (?:requests|connections))
service.stopped | success | | signal \d+ \((?P<action>SIGTERM|SIGQUIT|SIGINT)\) received.*?(?:exit|shut)
service.started | success | | (?P<action>start worker processes)
service.error | failure | | (?P<action>\w+\(\))(?: ".{0,4000}?")? failed
service.error | failure | | (?P<action>upstream timed out|no live upstreams)
""")


def _read(text: str, clock: Clock) -> Reading:
    found = _LINE.fullmatch(text)
    if found is None:
        return Unparsed("not an nginx error log line: expected date time [level] pid#tid: message")
    time, level, pid, tid, connection, said = found.groups()
    fields: dict[str, object] = {"time": time, "level": level, "pid": int(pid), "tid": int(tid)}
    if connection:
        fields["connection"] = int(connection)
    told = {match[1]: match[2] or match[3] or "" for match in _TOLD.finditer(said)}
    first = _TOLD.search(said)
    message = said if first is None else said[: first.start()]
    fields["message"] = message
    line = told.pop("request", "")
    request = request_of(line) if line else NO_REQUEST
    put_request(fields, request, line)
    vhost = told.pop("host", "")
    fields |= told | ({"vhost": vhost} if vhost else {})
    severity = severity_of(level)
    meaning = meaning_of(message, _RULES) or Meaning("service.error" if severity >= 3 else "service.status", "", "", {})
    kind, outcome, action, parts = meaning
    user = parts.get("user", "")
    if user:
        fields["user"] = user
    client = told.get("client", "")
    at, time_text, quality, tag = clock.local(time)
    asked = f" ({request.method} {request.url})" if request.method else ""
    return make_event((
        kind, at, time_text, quality, None, action, outcome, severity,
        user, "", "user" if user else "", "", "", "",
        request.path, "", "url" if request.path else "",
        canonical_ip(client), "", 0, 0, "http" if request.version else "",
        "", "", "", vhost.partition(":")[0] or told.get("server", ""), "", "",
        f"{client}: {message}{asked}" if client else message or f"an empty message of level {level}",
        (tag,) if tag else (), orjson.dumps(fields).decode(), (),
    ))  # fmt: skip


FORMAT = BlockRecords(
    name="nginx_error",
    version="1",
    source_name=None,
    mine=lambda text: _LINE.fullmatch(text) is not None,
    seen="an nginx error record",
    read=_read,
    quality=lambda _: ASSUMED_ZONE,
    confidence=0.95,
    begins=lambda line, _: _BEGINS.match(line),
)
