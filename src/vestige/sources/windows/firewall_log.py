"""The log of Windows' own firewall (``pfirewall.log``): packets it dropped, connections it let through.

Columns::

    date time           local time of the machine (``#Time Format: Local``); no zone is stated
    action              ALLOW, OPEN, OPEN-INBOUND, CLOSE: let through; DROP: stopped; INFO-EVENTS-LOST: not recorded
    protocol            TCP, UDP, ICMP, or a number
    src-ip dst-ip src-port dst-port
    size tcpflags tcpsyn tcpack tcpwin icmptype icmpcode     of the packet
    info                of INFO-EVENTS-LOST, how many
    path                SEND, RECEIVE, FORWARD: which way the packet went
    pid                 the process, since Windows 11

The firewall does not name its machine. Attributes: every column under its name, without those that are ``-``.

References: Microsoft, "Interpreting the Windows Firewall log"; W3C extended logs (:mod:`~vestige.sources.web.w3c`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from vestige.model.event import Unparsed
from vestige.sources.reading.fields import canonical_ip, make_event, port_of_text
from vestige.sources.web.w3c import W3cRecords

if TYPE_CHECKING:
    from vestige.model.event import Reading
    from vestige.sources.reading.timefield import Stamp

_ACTIONS = {
    "ALLOW": ("network.connection", "success", "let through"),
    "OPEN": ("network.connection", "success", "opened"),
    "OPEN-INBOUND": ("network.connection", "success", "opened from outside"),
    "CLOSE": ("network.connection", "", "closed"),
    "DROP": ("network.denied", "failure", "dropped"),
    "INFO-EVENTS-LOST": ("logging.lost", "", ""),
}
_MEDIUM = 2
_WAYS = {"SEND": "sent", "RECEIVE": "received", "FORWARD": "forwarded"}


def _read(row: dict[str, str], stamp: Stamp) -> Reading:
    get = row.get
    action = get("action", "")
    if action not in _ACTIONS:
        return Unparsed(f"no act of the firewall: expected {', '.join(_ACTIONS)}, got {action[:40] or 'none'}")
    kind, outcome, said = _ACTIONS[action]
    lost = kind == "logging.lost"
    src_ip, dst_ip = canonical_ip(get("src-ip", "")), canonical_ip(get("dst-ip", ""))
    src_port, dst_port = port_of_text(get("src-port", "")), port_of_text(get("dst-port", ""))
    way = _WAYS.get(get("path", ""), "")
    parts = (
        get("protocol", "traffic"), said, "from", get("src-ip", ""), f"port {src_port}" if src_port else "",
        "to", get("dst-ip", ""), f"port {dst_port}" if dst_port else "", f"({way})" if way else "",
    )  # fmt: skip
    message = f"{get('info', 'some')} events were not recorded" if lost else " ".join(filter(None, parts))
    at, time_text, quality, tag = stamp
    return make_event((
        kind, at, time_text, quality, None, action, outcome, _MEDIUM if lost else 0,
        "", "", "", "", "", "", "", "", "",
        src_ip, dst_ip, src_port, dst_port, get("protocol", "").lower(),
        "", "", "", "", "", "",
        message, (tag,) if tag else (), orjson.dumps(row).decode(), (),
    ))  # fmt: skip


def _mine(names: frozenset[str]) -> bool:
    return {"action", "protocol", "src-ip", "dst-ip"} <= names and bool(names & {"tcpflags", "path"})


_COLUMNS = (
    "date time action protocol src-ip dst-ip src-port dst-port size tcpflags tcpsyn tcpack tcpwin icmptype icmpcode"
    " info path"
)

FORMAT = W3cRecords(
    name="windows_firewall",
    version="1",
    source_name="windows.firewall",
    mine=_mine,
    seen="the log of Windows' firewall",
    read=_read,
    layouts=(tuple(_COLUMNS.split()), (*_COLUMNS.split(), "pid")),
    local=True,
)
