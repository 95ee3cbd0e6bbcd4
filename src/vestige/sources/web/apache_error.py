"""Error logs of the Apache HTTP server.

Read::

    2.4    [Mon Dec 26 16:15:55.103522 2016] [core:notice] [pid 11379:tid 42] [client 192.0.2.1:3322] AH00094: message
    2.2    [Mon Dec 26 16:22:08 2016] [error] [client 192.0.2.1] message, referer: http://...

with ``(13)Permission denied: `` before or behind the client. Times state no zone. Lines without a header (what a
program the server runs wrote) belong to the record before them. Attributes: ``time``, ``module``, ``level``, ``pid``,
``tid``, ``client``, ``code`` (``AH00094``), ``os_error``, ``message``, ``referrer``, and ``user`` and ``path`` where
the message names them.

References: Apache core ErrorLogFormat; log message numbers in docs/log-message-tags.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import orjson

from vestige.model.event import Unparsed
from vestige.sources.reading.blocks import BlockRecords
from vestige.sources.reading.fields import canonical_ip, make_event, port_of_text, severity_of
from vestige.sources.reading.said import Meaning, meaning_of, rules_of
from vestige.sources.reading.timefield import ASSUMED_ZONE

if TYPE_CHECKING:
    from vestige.model.event import Reading
    from vestige.sources.reading.timefield import Clock

_TIME = r"\[((?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d{1,9})? \d{4})\]"
_BEGINS = re.compile(_TIME.encode())
_LINE = re.compile(
    rf"{_TIME} \[(?:([\w.-]*):)?(emerg|alert|crit|error|warn|notice|info|debug|trace\d)\]"
    r"(?: \[pid (\d+)(?::tid (\d+))?\])?(?: \[cid [^\]\n]*\])?( .*)?",
    re.DOTALL,
)
_CLIENT = re.compile(r"\[(?:remote|client) ([^\]\n]+)\] ?")
_OS_ERROR = re.compile(r"\((\d+)\)([^:\[\n]{1,80}): ")
_CODE = re.compile(r"(AH\d{5}): ")
_REFERRER = re.compile(r", referer: (\S+)$")
_RULES = rules_of(r"""
auth.login_failed | failure | | user (?P<user>.*?):? (?P<action>authentication failure) for "(?P<path>[^"]*)"
auth.login_failed | failure | user not found | user (?P<user>.*?):? not found
auth.login_failed | failure | password mismatch | user (?P<user>.*?): password mismatch
auth.login_failed | failure | | (?P<action>Authentication failed) for user (?P<user>\S+)
access.denied | failure | | (?P<action>client denied) by server configuration: (?P<path>.*)
access.denied | failure | | access to (?P<path>\S+) (?P<action>denied|failed)
access.denied | failure | | user (?P<user>\S+): (?P<action>authorization failure)
access.denied | failure | | (?P<action>Directory index forbidden) by Options directive: (?P<path>\S+)
access.denied | failure | | (?P<action>ModSecurity: Access denied)
service.error | failure | | (?P<action>File does not exist): (?P<path>.*)
service.error | failure | | (?P<action>script not found) or unable to stat: (?P<path>.*)
service.started | success | configured | .{1,1000}? configured -- resuming normal operations
service.stopped | success | shutting down | caught SIG(?:TERM|WINCH), shutting down
service.status | | | (?P<action>(?:SIGHUP|SIGUSR1|Graceful restart) (?:received|requested))
""")


def _read(text: str, clock: Clock) -> Reading:
    found = _LINE.fullmatch(text)
    if found is None:
        return Unparsed("not an Apache error log line: expected [day month date time year] [level] message")
    time, module, level, pid, tid, rest = found.groups()
    message = (rest or "").strip()
    named: list[tuple[str, str | None]] = [("time", time), ("module", module), ("level", level)]
    fields: dict[str, object] = {name: value for name, value in named if value}
    fields |= {name: int(value[:18]) for name, value in (("pid", pid), ("tid", tid)) if value}
    message, client = _prefixes(message, fields)
    referrer = _REFERRER.search(message, max(0, len(message) - 4000))
    if referrer is not None:
        message = message[: referrer.start()]
        fields["referrer"] = referrer[1]
    fields["message"] = message
    severity = severity_of(level)
    meaning = meaning_of(message, _RULES)
    if meaning is None:
        meaning = Meaning("service.error" if severity >= 3 else "service.status", "", str(fields.get("code", "")), {})
    kind, outcome, action, parts = meaning
    user, path = parts.get("user", ""), parts.get("path", "")
    fields |= parts
    address, port = _endpoint(client)
    at, time_text, quality, tag = clock.local(time)
    return make_event((
        kind, at, time_text, quality, None, action, outcome, severity,
        user, "", "user" if user else "", "", "", "",
        path, "", "file" if path else "",
        address, "", port, 0, "",
        "", "", "", "", "", "",
        f"{client}: {message}" if client else message or f"an empty message of level {level}",
        (tag,) if tag else (), orjson.dumps(fields).decode(), (),
    ))  # fmt: skip


def _prefixes(message: str, fields: dict[str, object]) -> tuple[str, str]:
    """The message without the client, the system's error and the message number before it; and the client."""
    client = ""
    for _ in range(4):
        for name, pattern in (("client", _CLIENT), ("os_error", _OS_ERROR), ("code", _CODE)):
            found = None if name in fields else pattern.match(message)
            if found is not None:
                fields[name] = found[1] if name != "os_error" else f"({found[1]}){found[2]}"
                message = message[found.end() :]
                client = found[1] if name == "client" else client
    return message, client


def _endpoint(client: str) -> tuple[str, int]:
    """Address and port of ``192.0.2.1:80``, ``[::1]:80``, and Apache's ``::1:80``."""
    host, colon, port = client.rpartition(":")
    if colon and port_of_text(port) and canonical_ip(host):
        return canonical_ip(host), port_of_text(port)
    return canonical_ip(client), 0


FORMAT = BlockRecords(
    name="apache_error",
    version="1",
    source_name=None,
    mine=lambda text: _LINE.fullmatch(text) is not None,
    seen="an Apache error record",
    read=_read,
    quality=lambda _: ASSUMED_ZONE,
    begins=lambda line, _: _BEGINS.match(line),
)
