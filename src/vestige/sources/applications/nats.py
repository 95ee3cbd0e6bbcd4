"""The NATS server's log.

::

    [1] 2026/01/01 10:00:00.123456 [INF] Server is ready
    [1] 2026/01/01 10:00:00.123456 [DBG] 192.0.2.7:38630 - cid:1 - Client connection created
    [1] 2026/01/01 10:00:00.123456 [TRC] 192.0.2.7:38630 - cid:1 - ->> [SUB orders.* 1]

``cid`` is a client, ``rid`` a route, ``lid`` a leaf node; ``->>`` came from it, ``<<-`` went to it. Times are the
server's local ones and state no zone. Attributes: ``pid``, ``time``, ``level``, ``client``, ``client_port``,
``client_id``, ``direction``, ``operation``, ``message``, and what the message was understood to say. Every run of every
server counts its connections from one and a line names neither, so ``client_id`` is no session.

References: nats-server logger/log.go; docs.nats.io "Logging", "Client protocol".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from vestige.model.event import Unparsed
from vestige.sources.applications.spoken import spoken_event
from vestige.sources.reading.fields import canonical_ip, port_of_text
from vestige.sources.reading.kinds import LineRecords
from vestige.sources.reading.said import rules_of
from vestige.sources.reading.timefield import ASSUMED_ZONE

if TYPE_CHECKING:
    from vestige.model.event import Reading
    from vestige.sources.reading.timefield import Clock

_LINE = re.compile(
    r"\[(?P<pid>\d{1,10})\] (?P<time>\d{4}/\d\d/\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?) "
    r"\[(?P<level>INF|DBG|TRC|WRN|ERR|FTL)\] (?:(?P<client>\[?[\w.:%-]{1,100}?\]?):(?P<client_port>\d{1,5}) - "
    r'(?:\w{1,20}:)?(?P<client_id>[a-z]id:\d{1,20})(?: - "[^"\n]{1,200}")? - )?(?:(?P<direction>->>|<<-) )?'
    r"(?P<message>.*)",
    re.DOTALL,
)
_LEVELS = {"INF": "info", "DBG": "debug", "TRC": "trace", "WRN": "warning", "ERR": "error", "FTL": "fatal"}
_WAYS = {"->>": "from client", "<<-": "to client"}
_RULES = rules_of(r"""
auth.login_failed | failure | authentication error | authentication error(?: - User "(?P<actor>[^"]*)")?
auth.login_failed | failure | Authorization Violation | .{0,40}Authorization Violation
access.denied | failure | Violation | (?:Publish|Subscription) Violation(?: - \w+ "?(?P<actor>[^",]{1,200})"?)?
  (?:, Subject "?(?P<object>[^",\s]+))?
auth.attempted | | CONNECT | \[CONNECT (?:.{0,2000}?"user":"(?P<actor>[^"]{1,200})")?
network.connection | success | connection created | (?:Client|Route|Leafnode|Websocket|Gateway)\b.{0,20}? connection created
network.connection | | connection closed | (?:Client|Route|Leafnode|Websocket|Gateway)\b.{0,20}? connection closed
data.read | | SUB | \[SUB (?P<object>\S+)\s
data.written | | PUB | \[H?PUB (?P<object>\S+)\s
data.read | | MSG | \[H?MSG (?P<object>\S+)\s
service.started | | Starting | Starting nats-server
service.started | success | Server is ready | Server is ready
network.listening | success | Listening | Listening for \w+ ?\w* ?connections on (?P<dst>\[?[\w.:]{1,60}\]?):(?P<dst_port>\d{1,5})
service.stopped | | Shutdown | (?:Initiating Shutdown|Server Exiting|Trapped "\w+" signal)
policy.changed | success | Reloaded | Reloaded
""")  # noqa: E501 - a table: one thing said a line


def _read(text: str, clock: Clock) -> Reading:
    found = _LINE.fullmatch(text)
    if found is None:
        return Unparsed("no line of the NATS server's log: expected [pid] date time [LVL] message")
    time, level, said = found["time"], _LEVELS[found["level"]], found["message"].rstrip()
    direction = found["direction"] or ""
    fields: dict[str, object] = {"pid": int(found["pid"]), "time": time, "level": level}
    parts = {
        "client": found["client"],
        "client_port": found["client_port"],
        "client_id": found["client_id"],
        "direction": _WAYS.get(direction, ""),
        "operation": said[1:].split(" ", 1)[0].rstrip("]") if direction and said.startswith("[") else "",
        "message": said,
    }
    fields |= {name: value for name, value in parts.items() if value}
    client = found["client"] or ""
    port = port_of_text(found["client_port"] or "")
    shown = f"{client}:{found['client_port']} {direction} {said}" if client else said
    event = spoken_event(
        said,
        level,
        clock.local(time)._replace(text=time),
        _RULES,
        fields,
        message=" ".join(shown.split()) if client else shown,
    )
    return event._replace(src_ip=canonical_ip(client), src_port=port) if client else event


FORMAT = LineRecords(
    name="nats",
    version="2",
    source_name="nats",
    mine=lambda text: _LINE.fullmatch(text) is not None,
    seen="lines of the NATS server's log ([pid] date time [LVL])",
    read=_read,
    quality=lambda _: ASSUMED_ZONE,
    confidence=0.95,
)
