r"""QRadar's Log Event Extended Format, versions 1.0 and 2.0, alone on a line or behind a syslog header.

::

    LEEF:1.0|vendor|product|version|event id|key=value<tab>key=value ...
    LEEF:2.0|vendor|product|version|event id|delimiter|key=value ...

The delimiter is one character or its number (``x5E``, ``0x09``); left out it is a tab. Keys used::

    devTime, devTimeFormat      when; counts and the usual ways of writing a time are read without the format
    src srcPort srcMAC usrName identSrc identHostName domain
    dst dstPort dstMAC
    cat sev (1 to 10) proto policy action url resource role

Attributes: the header's parts under ``version``, ``vendor``, ``product``, ``productVersion``, ``eventId``, and every
attribute under its key.

Reference: IBM, "QRadar Log Event Extended Format (LEEF)", version 2.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import orjson

from vestige.model.event import Event, Unparsed
from vestige.sources.contract import Context
from vestige.sources.network.gateway import kind_of, outcome, prefix_of, when
from vestige.sources.reading.fields import canonical_ip, keys_of, port_of_text
from vestige.sources.reading.kinds import LineRecords
from vestige.sources.reading.timefield import clock_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vestige.sources.reading.timefield import Clock

_START = re.compile(r"(?:^|[\s:])LEEF: ?([12])(?:\.\d)?\|")
_PARTS = ("vendor", "product", "productVersion", "eventId")
_CODE = re.compile(r"(?:0?x|\\x)([0-9A-Fa-f]{1,4})")
_STEPS = (0, 1, 1, 1, 2, 2, 2, 3, 3, 4, 4)
_OBJECTS = (("url", "url"), ("resource", ""), ("fileName", "file"), ("filePath", "file"), ("policy", "policy"))
_ACTS = ("action", "act", "disposition", "result", "status")


def _delimiter(text: str) -> str:
    found = _CODE.fullmatch(text)
    if found is not None:
        return chr(int(found[1], 16)) if int(found[1], 16) else "\t"
    return "\t" if text in {"", "\\t"} else text


def fields_of(text: str) -> dict[str, str] | str:
    """The parts of a line's event, or why there is none."""
    begin = _START.search(text)
    if begin is None:
        return "no LEEF event: LEEF:1.0| or LEEF:2.0| is missing"
    parts = text[begin.end() :].split("|", 4)
    if len(parts) < len(_PARTS) + 1:
        return "the LEEF header ends early: vendor, product, version and event id are expected, each closed by |"
    fields = {"version": begin[1], **dict(zip(_PARTS, parts, strict=False))}
    rest, delimiter = parts[4], "\t"
    if begin[1] == "2":
        given, bar, after = rest.partition("|")
        if bar and "=" not in given and len(given) <= 6:
            delimiter, rest = _delimiter(given), after
    for pair in rest.split(delimiter):
        name, equals, value = pair.partition("=")
        if equals and name.strip():
            fields.setdefault(name.strip(), value.strip())
    return fields


def _severity(text: str) -> int:
    return _STEPS[min(int(text), 10)] if text.isascii() and text.isdigit() and len(text) < 3 else 0


def _keys(fields: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    get = fields.get
    for name in ("usrName", "accountName", "identUserName"):
        yield "identity", get(name, "")
    yield "identity", f"{fields['domain']}\\{fields['usrName']}" if get("domain") and get("usrName") else ""
    for name in ("identHostName", "srcHostName", "dstHostName"):
        yield "host", get(name, "")
    for name in ("identSrc", "srcPreNAT", "srcPostNAT", "dstPreNAT", "dstPostNAT"):
        yield "ip", canonical_ip(get(name, ""))
    for name in ("srcMAC", "dstMAC", "identMAC"):
        yield "device", get(name, "")
    for name in ("md5", "sha1", "sha256", "fileHash"):
        yield "hash", get(name, "")


def _time(text: str, clock: Clock) -> str:
    fields = fields_of(text)
    return "" if isinstance(fields, str) else when(fields, (), "devTime", prefix_of(text).stamp, clock)[0].quality


def leef_event(text: str, clock: Clock) -> Event | Unparsed:
    """The event of a line."""
    fields = fields_of(text)
    if isinstance(fields, str):
        return Unparsed(fields)
    get = fields.get
    prefix = prefix_of(text)
    stamp, _ = when(fields, (), "devTime", prefix.stamp, clock)
    act = next((fields[name] for name in _ACTS if get(name)), "")
    src, dst = canonical_ip(get("src", "")), canonical_ip(get("dst", ""))
    name = fields["eventId"]
    ended = outcome(get("outcome", "") or get("result", ""), act, f"{name} {get('cat', '')}")
    kind = kind_of(f"{name} {get('cat', '')} {act}", ended, linked=bool(src and dst))
    actor = get("usrName", "") or get("accountName", "")
    thing, thing_type = next(((fields[key], what) for key, what in _OBJECTS if get(key)), ("", ""))
    parts = [f"{fields['vendor']} {fields['product']}: {name}", get("cat", ""), get("msg", "")]
    parts += [f"by {actor}" if actor else "", f"from {src}" if src else "", f"to {dst}" if dst else ""]
    parts.append(f"({act or ended})" if act or ended else "")
    return Event(
        kind,
        *stamp[:3],
        action=act or name,
        outcome=ended,
        severity=_severity(get("sev", "")),
        actor_id=actor,
        actor_type="user" if actor else "",
        object_id=thing,
        object_type=thing_type,
        src_ip=src,
        dst_ip=dst,
        src_port=port_of_text(get("srcPort", "")),
        dst_port=port_of_text(get("dstPort", "")),
        protocol=get("proto", "").lower(),
        device_id=get("srcMAC", ""),
        device_type="host" if get("srcMAC") else "",
        host=get("devHostName", "") or prefix.host,
        message=" ".join(" ".join(filter(None, parts)).split()),
        tags=(stamp.tag,) if stamp.tag else (),
        attributes=orjson.dumps(fields).decode(),
        keys=keys_of(_keys(fields)),
    )


_CLOCK = clock_for(Context(received_at=0))

FORMAT = LineRecords(
    name="leef",
    version="1",
    source_name=None,
    mine=lambda text: _START.search(text) is not None and text.count("|") >= 5,
    seen="events in the Log Event Extended Format",
    read=leef_event,
    confidence=0.98,
    quality=lambda text: _time(text, _CLOCK),
)
