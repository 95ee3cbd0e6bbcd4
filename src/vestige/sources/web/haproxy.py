r"""HAProxy's log, as syslog receivers keep it, or without a syslog header.

Read behind ``[<PRI>]time host haproxy[pid]:`` or as the whole line::

    HTTP     client:port [accept date] frontend backend/server TR/Tw/Tc/Tr/Ta status bytes request_cookie
             response_cookie termination conns/... queue/... [{request headers}] [{response headers}] "request"
    TCP      client:port [accept date] frontend backend/server Tw/Tc/Tt bytes termination conns/... queue/...
    default  Connect from client:port to address:port (frontend/mode)
    error    client:port [accept date] frontend/bind: what went wrong
    notices  Server b/s is DOWN..., Proxy p started.

The accept date is when it happened (no zone); where a line has none, the syslog header's time is. Attributes: the
manual's names: ``client``, ``accept_date``, ``frontend``, ``backend``, ``server``, ``timers`` (as written),
``duration`` (the last timer, milliseconds), ``status``, ``bytes``, ``termination_state``, ``connections``, ``queues``,
``captured_request_headers``, ``captured_response_headers``, and the request's parts under the family's plain names.

Reference: HAProxy Configuration Manual, chapter 8, "Logging".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import orjson

from vestige.model.event import Unparsed
from vestige.sources.reading.fields import canonical_ip, make_event, port_of_text
from vestige.sources.reading.kinds import LineRecords
from vestige.sources.reading.timefield import ASSUMED_YEAR, ASSUMED_ZONE, NO_STAMP, Stamp
from vestige.sources.web.requests import asked, ending_of, kind_of, put_request, request_of, telling

if TYPE_CHECKING:
    from vestige.model.event import Event, Reading
    from vestige.sources.reading.timefield import Clock

_HEADER = re.compile(
    r"(?:<\d{1,3}>)?([A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d"
    r"|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?)"
    r" (?:(\S+) )?(haproxy)(?:\[(\d{1,10})\])?: ",
)
_ENDPOINT = r"(\S+):(\d{1,5}) \[(\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d(?:\.\d{1,6})?)\]"
_COUNTS = r"(\d+/\d+/\d+/\d+/\+?\d+) (\d+/\d+)"
_HTTP = re.compile(
    rf"{_ENDPOINT} (\S+) ([^\s/]+)/(\S+) ([+-]?\d+(?:/[+-]?\d+){{4}}) (-1|\d{{3}}) \+?(\d{{1,18}})"
    rf" (\S+) (\S+) (\S{{4}}) {_COUNTS}(?: \{{([^{{}}]*)\}})?(?: \{{([^{{}}]*)\}})? \"(.*?)\"?",
    re.DOTALL,
)
_TCP = re.compile(
    rf"{_ENDPOINT} (\S+) ([^\s/]+)/(\S+) ([+-]?\d+(?:/[+-]?\d+){{2}}) \+?(\d{{1,18}}) (\S\S) {_COUNTS}.*", re.DOTALL
)
_ERROR = re.compile(rf"{_ENDPOINT} ([^\s/]+)/(\S+): (.+)", re.DOTALL)
_CONNECT = re.compile(r"Connect from (\S+):(\d{1,5}) to (\S+):(\d{1,5}) \(([^/\s]+)/(\w+)\)")
_SERVER = re.compile(r"(?:Backup )?Server (\S+?)/(\S+) is (UP|DOWN|going DOWN|stopping)\b.*", re.DOTALL)
_PROXY = re.compile(r"(?:Proxy|Stopping \w+|Pausing \w+) (\S+?)(?: (started|stopped))?\b.*", re.DOTALL)


class _Line:
    """What a line's header tells, and its attributes as they are found."""

    __slots__ = ("clock", "fields", "host", "pid", "stamp")

    def __init__(self, clock: Clock, header: re.Match[str] | None) -> None:
        self.clock = clock
        self.fields: dict[str, object] = {}
        self.stamp, self.host = NO_STAMP, ""
        if header is not None:
            time, host, program, pid = header.groups()
            self.stamp = clock.short(time) if time[0].isalpha() else clock.local(time)
            self.host = host or ""
            parts = (("timestamp", time), ("hostname", host), ("app_name", program))
            self.fields = {name: value for name, value in parts if value}
            if pid:
                self.fields["pid"] = int(pid)

    def event(
        self,
        kind: str,
        message: str,
        *,
        stamp: Stamp | None = None,
        action: str = "",
        outcome: str = "",
        severity: int = 0,
        target: tuple[str, str] = ("", ""),
        src: tuple[str, str] = ("", ""),
        dst: tuple[str, str] = ("", ""),
        protocol: str = "",
    ) -> Event:
        """The event; without a time of its own it happened when the header says."""
        observed = self.stamp.at if stamp is not None and self.stamp.quality != ASSUMED_YEAR else None
        at, time_text, quality, tag = self.stamp if stamp is None else stamp
        return make_event((
            kind, at, time_text, quality, observed, action, outcome, severity,
            "", "", "", "", "", "",
            target[0], "", target[1],
            canonical_ip(src[0]), canonical_ip(dst[0]), port_of_text(src[1]), port_of_text(dst[1]), protocol,
            "", "", "", self.host, "", "",
            message, (tag,) if tag else (), orjson.dumps(self.fields).decode(), (),
        ))  # fmt: skip


def _read(text: str, clock: Clock) -> Reading:
    header = _HEADER.match(text)
    body = (text if header is None else text[header.end() :]).rstrip()
    line = _Line(clock, header)
    for pattern, read in _FORMS:
        found = pattern.fullmatch(body)
        if found is not None:
            return read(line, found)
    if header is None:
        return Unparsed("neither a syslog header of haproxy nor one of its log forms")
    line.fields["message"] = body
    return line.event("service.status", body or "an empty message of haproxy")


def _http(line: _Line, found: re.Match[str]) -> Event:
    client, port, date, frontend, backend, server, timers, status, size, *rest = found.groups()
    sent, answered, state, connections, queues, asked_with, answered_with, requested = rest
    request = request_of(requested)
    outcome, severity, code = ending_of(status)
    line.fields |= {"client": client, "accept_date": date, "frontend": frontend, "backend": backend, "server": server}
    line.fields |= {"timers": timers, "duration": timers.rpartition("/")[2], "bytes": int(size)}
    if code is not None:
        line.fields["status"] = code
    line.fields |= {"termination_state": state, "connections": connections, "queues": queues}
    cookies = (("captured_request_cookie", sent), ("captured_response_cookie", answered))
    line.fields |= {name: value for name, value in cookies if value != "-"}
    headers = (("captured_request_headers", asked_with), ("captured_response_headers", answered_with))
    line.fields |= {name: value.split("|") for name, value in headers if value is not None}
    put_request(line.fields, request, requested)
    return line.event(
        kind_of(code, ""),
        telling(client, f"{asked(request, requested)} to {backend}/{server}", status),
        stamp=line.clock.local(date),
        action=request.method,
        outcome=outcome,
        severity=severity,
        target=(request.path, "url" if request.path else ""),
        src=(client, port),
        protocol="http" if request.version else "",
    )


def _tcp(line: _Line, found: re.Match[str]) -> Event:
    client, port, date, frontend, backend, server, timers, size, state, connections, queues = found.groups()
    line.fields |= {"client": client, "accept_date": date, "frontend": frontend, "backend": backend, "server": server}
    line.fields |= {"timers": timers, "duration": timers.rpartition("/")[2], "bytes": int(size)}
    line.fields |= {"termination_state": state, "connections": connections, "queues": queues}
    failed = server == "<NOSRV>" or state[0] in "SPRI"
    outcome = "success" if state == "--" else "failure" if failed else "unknown"
    return line.event(
        "network.connection",
        f"{client} connected to {backend}/{server} through {frontend}, ended {state}",
        stamp=line.clock.local(date),
        outcome=outcome,
        severity=1 if outcome == "failure" else 0,
        target=(f"{backend}/{server}", "service"),
        src=(client, port),
        protocol="tcp",
    )


def _error(line: _Line, found: re.Match[str]) -> Event:
    client, port, date, frontend, bind, what = found.groups()
    line.fields |= {"client": client, "accept_date": date, "frontend": frontend, "bind": bind, "message": what}
    return line.event(
        "network.connection",
        f"{client} failed to connect to {frontend}/{bind}: {what}",
        stamp=line.clock.local(date),
        action=what[:200],
        outcome="failure",
        severity=1,
        target=(f"{frontend}/{bind}", "service"),
        src=(client, port),
    )


def _connect(line: _Line, found: re.Match[str]) -> Event:
    client, port, address, served, frontend, mode = found.groups()
    line.fields |= {"client": client, "destination": address, "frontend": frontend, "mode": mode}
    return line.event(
        "network.connection",
        f"{client} connected to {address}:{served} ({frontend}/{mode})",
        action="Connect",
        target=(frontend, "service"),
        src=(client, port),
        dst=(address, served),
        protocol=mode.lower(),
    )


def _server(line: _Line, found: re.Match[str]) -> Event:
    backend, server, state = found.groups()
    line.fields |= {"backend": backend, "server": server, "message": found[0]}
    down = state == "DOWN"
    return line.event(
        "service.error" if down else "service.status",
        found[0],
        action=f"Server {state}",
        outcome="failure" if down else "",
        severity=3 if down else 0,
        target=(f"{backend}/{server}", "service"),
    )


def _proxy(line: _Line, found: re.Match[str]) -> Event:
    name, state = found.groups()
    line.fields |= {"frontend": name, "message": found[0]}
    kind = "service.started" if state == "started" else "service.stopped"
    return line.event(kind, found[0], action=found[0].split(" ", 1)[0], target=(name, "service"))


_FORMS = ((_HTTP, _http), (_TCP, _tcp), (_ERROR, _error), (_CONNECT, _connect), (_SERVER, _server), (_PROXY, _proxy))


def _mine(text: str) -> bool:
    header = _HEADER.match(text)
    return header is not None or any(pattern.fullmatch(text) for pattern in (_HTTP, _TCP))


def _quality(text: str) -> str:
    header = _HEADER.match(text)
    if header is not None and header[1][0].isalpha():
        return ASSUMED_YEAR
    return ASSUMED_ZONE


FORMAT = LineRecords(
    name="haproxy",
    version="1",
    source_name=None,
    mine=_mine,
    seen="HAProxy log lines",
    read=_read,
    confidence=0.97,
    quality=_quality,
)
