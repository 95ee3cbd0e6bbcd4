"""Verdicts of Pensando's distributed firewall, as its cards send them by syslog.

::

    <14>1 2026-01-01T10:00:00Z host pen-tmagent 1402  - [{"time":…, "srcaddr":…, "destaddr":…, "action":…}, …]

The header leaves out the message id that RFC 5424 wants; behind it stands an array of flows::

    time                                when, ISO 8601
    srcaddr srcport destaddr destport   the endpoints
    protocol                            TCP, UDP, ICMP
    action                              allow, deny (drop), reject
    direction                           from-host, from-uplink
    rule-id session-id session-state    which rule decided; flow_create, flow_delete and others

A line is as many events as it has flows. Attributes: a flow's fields under their names, and under ``syslog`` the
header's. ``rule-id`` is the object, ``session-id`` the session, with the host before it.

References: Filebeat's Pensando module; Pensando PSM "Firewall log" export; RFC 5424.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import orjson

from vestige.model.event import MOST_EVENTS, Event, Unparsed
from vestige.sources.reading.fields import ip_of, port_of, text_of
from vestige.sources.reading.kinds import LineRecords

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vestige.model.event import Reading
    from vestige.sources.reading.timefield import Clock

_LINE = re.compile(
    r"<(?P<pri>\d{1,3})>\d{1,2} (?P<timestamp>\S+) (?P<hostname>\S+) (?P<app_name>\S+) (?P<procid>\S+) "
    r"{1,3}(?:- ){0,2}- ?(?P<flows>\[ ?\{.*\])\s*",
    re.DOTALL,
)
_ACTIONS = {
    "allow": ("network.connection", "success", "allowed"),
    "deny": ("network.denied", "failure", "denied"),
    "drop": ("network.denied", "failure", "dropped"),
    "reject": ("network.denied", "failure", "rejected"),
}


def _mine(text: str) -> bool:
    return _LINE.fullmatch(text) is not None and '"srcaddr"' in text and '"destaddr"' in text


def _read(text: str, clock: Clock) -> Reading:
    found = _LINE.fullmatch(text)
    if found is None:
        return Unparsed("no firewall log of Pensando: expected a syslog header and an array of flows")
    try:
        flows = orjson.loads(found["flows"])
    except ValueError:
        return Unparsed("no firewall log of Pensando: the array behind the header is no JSON")
    if not all(isinstance(flow, dict) and "srcaddr" in flow for flow in flows):
        return Unparsed("no firewall log of Pensando: an element of the array is no flow")
    header = {name: found[name] for name in ("pri", "timestamp", "hostname", "app_name", "procid")}
    events = tuple(_flow(flow, header, clock) for flow in flows[: MOST_EVENTS + 1])
    return events[0] if len(events) == 1 else events


def _flow(flow: Mapping[str, object], header: dict[str, str], clock: Clock) -> Event:
    get = flow.get
    action = text_of(get("action"))
    kind, outcome, said = _ACTIONS.get(action.lower(), ("network.connection", "unknown", action or "seen"))
    stamp = clock.read(get("time") or header["timestamp"])
    protocol, rule, session = text_of(get("protocol")), text_of(get("rule-id")), text_of(get("session-id"))
    src, dst = text_of(get("srcaddr")), text_of(get("destaddr"))
    ends = f"from {src} port {text_of(get('srcport'))} to {dst} port {text_of(get('destport'))}"
    host = header["hostname"] if header["hostname"] != "-" else ""
    noticed = clock.read(header["timestamp"])
    return Event(
        kind,
        stamp.at,
        stamp.text,
        stamp.quality,
        observed_at=noticed.at if noticed.at != stamp.at else None,
        action=action,
        outcome=outcome,
        object_id=rule,
        object_type="rule" if rule else "",
        src_ip=ip_of(src),
        dst_ip=ip_of(dst),
        src_port=port_of(get("srcport")),
        dst_port=port_of(get("destport")),
        protocol=protocol.lower(),
        host=host,
        session=f"{host}:{session}" if session and host else session,
        message=" ".join(f"{protocol or 'traffic'} {said} {ends} {text_of(get('session-state'))}".split()),
        tags=(stamp.tag,) if stamp.tag else (),
        attributes=orjson.dumps({**flow, "syslog": header}).decode(),
    )


FORMAT = LineRecords(
    name="pensando",
    version="1",
    source_name="pensando.dfw",
    mine=_mine,
    seen="firewall logs of Pensando",
    read=_read,
    confidence=0.98,
)
