r"""Access logs of Apache, nginx and the many servers that write as they do: one line per request.

Read::

    common      client ident user [26/Dec/2016:16:16:28 +0200] "GET /path?query HTTP/1.1" 200 45
    combined    ... "referrer" "user agent"
    vhost       vhost[:port] client ident user [...] ...                   (Apache's vhost_combined, vhost_common)
    forwarded   "client, proxy, proxy" peer - user [...] ...               (X-Forwarded-For put in front)
    extended    ... what a LogFormat puts behind: kept as ``extras``; a single number there is ``duration``
    ingress     ... request_length request_time [upstream] [alternative] address length time status request_id

Attributes: ``client`` (``clients`` where several are named), ``ident``, ``user``, ``vhost``, ``time``, ``method``,
``url``, ``path``, ``query``, ``http_version`` (or ``request``, where the line is none), ``status``, ``bytes``,
``referrer``, ``user_agent``; a ``-`` is left out. Escapes (``\"``, ``\x22``) stay as the server wrote them. Of several
clients the first public one is the event's address, as anyone can put a private one in front.

``duration`` is text: whether it counts seconds or microseconds (``%T``, ``%D``, ``$request_time``) is not in the log.

References: Apache mod_log_config; nginx ngx_http_log_module; ingress-nginx's log format.
"""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from typing import TYPE_CHECKING

import orjson

from vestige.model.event import Unparsed
from vestige.model.instant import NANOS
from vestige.sources.reading.fields import canonical_ip, host_key, keys_of, make_event, port_of_text
from vestige.sources.reading.kinds import LineRecords
from vestige.sources.reading.timefield import ASSUMED_ZONE, EXACT, Stamp
from vestige.sources.web.requests import ABSENT, asked, ending_of, kind_of, put_request, request_of, telling

if TYPE_CHECKING:
    from vestige.model.event import Event
    from vestige.sources.reading.timefield import Clock

_TIME = r"\[(\d{1,2}/[A-Za-z]{3}/\d{4}:\d\d:\d\d:\d\d(?:\.\d{1,9})?(?: [+-]\d{4})?)\]"
_QUOTED = r'"([^"\\]*(?:\\.[^"\\]*)*)"'
_ANSWER = rf"(\d{{3}}|-) (\d{{1,18}}|-)(?: (?:{_QUOTED}|-) (?:{_QUOTED}|-)(?=\s|$))?(.*)"
_LINE = re.compile(rf"(\S+) (\S+) (\S+) {_TIME} {_QUOTED} {_ANSWER}", re.DOTALL)
_HEADED = re.compile(rf"(.{{1,2000}}?) {_TIME} {_QUOTED} {_ANSWER}", re.DOTALL)
_UNESCAPED = re.compile(rf'(.{{1,2000}}?) {_TIME} "(.*?)" {_ANSWER}', re.DOTALL)
_HEAD = re.compile(r"(.*?) (\S+) (\S+)", re.DOTALL)
_APART = re.compile(r'[",\s]+')
_EXTRA = re.compile(rf"{_QUOTED}|(\S+)")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)*\.?")
_ZONELESS = re.compile(r"\[\d{1,2}/[A-Za-z]{3}/\d{4}:\d\d:\d\d:\d\d(?:\.\d{1,9})?\]")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_INGRESS = re.compile(r" (\d{1,18}) ([\d.]+) \[([^\]\s]*)\](?: \[([^\]\s]*)\])? (.+)")
_INGRESS_NAMES = ("upstream_addr", "upstream_response_length", "upstream_response_time", "upstream_status", "req_id")
_NO_LINE = 'not an access log line: expected client, identity, user, [time], "request", status and size'
_NO_KEY = ("host", "")
_MOST_EXTRAS = 64
_SECONDS = {f"{second:02}": second * NANOS for second in range(60)}


def read_access(text: str, clock: Clock) -> Event | Unparsed:
    """One line of any of these forms."""
    found = _LINE.fullmatch(text)
    if found is not None:
        return _event(clock, [], "", *found.groups())
    found = _HEADED.fullmatch(text) or _UNESCAPED.fullmatch(text)
    if found is None:
        return Unparsed(_NO_LINE)
    head, *rest = found.groups()
    front, dash, user = head.partition(" - ")
    ident = "-"
    if not dash:
        parts = _HEAD.fullmatch(head)
        if parts is None:
            return Unparsed(_NO_LINE)
        front, ident, user = parts.groups()
    names = [name for name in _APART.split(front) if name]
    vhost = ""
    if len(names) > 1 and "," not in front and not canonical_ip(names[0]):
        vhost = names.pop(0)
    if not names:
        return Unparsed(_NO_LINE)
    return _event(clock, names, vhost, _outermost(names), ident, user, *rest)


def _outermost(names: list[str]) -> str:
    """Of the clients a line names, the first with a public address, else the first."""
    for name in names:
        address = canonical_ip(name)
        if address and ipaddress.ip_address(address).is_global:
            return name
    return names[0]


def _event(
    clock: Clock,
    clients: list[str],
    vhost: str,
    client: str,
    ident: str,
    user: str,
    time: str,
    line: str,
    status: str,
    size: str,
    referrer: str | None,
    agent: str | None,
    rest: str,
) -> Event:
    request = request_of(line)
    outcome, severity, code = ending_of(status)
    address = canonical_ip(client)
    fields: dict[str, object] = {"client": client, "time": time}
    put_request(fields, request, line)
    if code is not None:
        fields["status"] = code
    if size != "-":
        fields["bytes"] = int(size)
    if referrer and referrer != "-":
        fields["referrer"] = referrer
    if agent and agent != "-":
        fields["user_agent"] = agent
    if ident != "-":
        fields["ident"] = ident
    who = client
    if user in ABSENT:
        user = ""
    else:
        fields["user"] = user
        who = f"{user} from {client}"
    at, time_text, quality, tag = _when(time, clock)
    trace = _trail(rest, fields) if rest else ""
    host, port = "", 0
    keys: tuple[tuple[str, str], ...] = ()
    if vhost:
        host, port = _vhost(vhost)
        fields["vhost"] = vhost
    if len(clients) > 1 or not address:
        fields["clients"] = clients or [client]
        keys = keys_of(_named(name) for name in clients or [client] if name != client or not address)
    return make_event((
        kind_of(code, user), at, time_text, quality, None, request.method, outcome, severity,
        user, "", "user" if user else "", "", "", "",
        request.path, "", "url" if request.path else "",
        address, "", 0, port, "http" if request.version else "",
        "", "", "", host, "", trace,
        telling(who, asked(request, line), status), (tag,) if tag else (), orjson.dumps(fields).decode(), keys,
    ))  # fmt: skip


def _vhost(vhost: str) -> tuple[str, int]:
    name, colon, port = vhost.rpartition(":")
    return (name, port_of_text(port)) if colon and port_of_text(port) else (vhost, 0)


def _named(client: str) -> tuple[str, str]:
    """A further client as a key: its address, or its name where the server looked that up."""
    address = canonical_ip(client)
    if address:
        return "ip", address
    return next(iter(host_key(client)), _NO_KEY) if _NAME.fullmatch(client) else _NO_KEY


def _when(text: str, clock: Clock) -> Stamp:
    """The usual stamp by its minute, which neighbouring lines share; any other as it comes."""
    second = _SECONDS.get(text[18:20])
    if len(text) != 26 or second is None:
        return clock.local(text)
    minute = _minute(f"{text[:18]}00{text[20:]}", clock)
    return clock.local(text) if minute is None else Stamp(minute + second, text, EXACT)


@lru_cache(4096)
def _minute(text: str, clock: Clock) -> int | None:
    at, _, quality, _ = clock.read_text(text)
    return at if quality == EXACT else None


def _trail(rest: str, fields: dict[str, object]) -> str:
    """Put what stands behind the known fields among them; the request's id, where it has one."""
    found = _INGRESS.fullmatch(rest) if "[" in rest else None
    if found is not None and len(values := _joined(found[5].split(" ", _MOST_EXTRAS))) == len(_INGRESS_NAMES):
        length, duration, upstream, other, _ = found.groups()
        fields |= {"request_length": int(length), "duration": duration, "proxy_upstream_name": upstream}
        if other:
            fields["proxy_alternative_upstream_name"] = other
        fields |= {name: value for name, value in zip(_INGRESS_NAMES, values, strict=True) if value != "-"}
        return values[-1]
    extras = [quoted or bare for quoted, bare in _EXTRA.findall(rest)[:_MOST_EXTRAS]]
    if len(extras) == 1 and _NUMBER.fullmatch(extras[0]):
        fields["duration"] = extras[0]
    elif any(extra != "-" for extra in extras):
        fields["extras"] = extras
    return ""


def _joined(words: list[str]) -> list[str]:
    """Words, those of one list (``a, b`` or ``a : b``) together."""
    out: list[str] = []
    for word in words:
        if out and (word == ":" or out[-1].endswith((",", " :"))):
            out[-1] += f" {word}"
        else:
            out.append(word)
    return out


def _mine(text: str) -> bool:
    return _HEADED.fullmatch(text) is not None or _UNESCAPED.fullmatch(text) is not None


def _quality(text: str) -> str:
    found = _ZONELESS.search(text)
    return ASSUMED_ZONE if found is not None else ""


FORMAT = LineRecords(
    name="web_access",
    version="1",
    source_name=None,
    mine=_mine,
    seen="access log lines",
    read=read_access,
    confidence=0.93,
    quality=_quality,
)
