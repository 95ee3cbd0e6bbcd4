r"""ArcSight's Common Event Format, alone on a line or behind a syslog header.

::

    CEF:0|vendor|product|version|signature id|name|severity|key=value key=value ...

``\|`` and ``\\`` are escaped in the header, ``\=``, ``\\``, ``\n`` and ``\r`` in values; values hold spaces.
Keys used::

    start, end          when it happened; rt: when the device received it (and the time where it is the only one)
    src spt shost smac suser suid sntdom    the source; c6a2 is its IPv6 address
    dst dpt dhost dmac duser duid dntdom    the destination; c6a3 is its IPv6 address
    act outcome reason cat proto app        what was done and how it ended
    request requestMethod fname filePath fileHash msg externalId deviceExternalId dvc dvchost deviceProcessName

The severity is 0 to 10, or Low, Medium, High, Very-High. A custom field with a label (``cs1Label=Rule cs1=allow``)
stands under its own name and, under ``labels``, by its label.

Attributes: the header's parts under ``version``, ``deviceVendor``, ``deviceProduct``, ``deviceVersion``,
``signatureId``, ``name``, ``severity``, and every extension under its key.

Reference: Micro Focus, "ArcSight Common Event Format (CEF) Implementation Standard", versions 25 and 26.
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

_START = re.compile(r"(?:^|[\s:])CEF: ?(\d{1,2})\|")
_PART = re.compile(r"((?:[^|\\]|\\.)*+)\|", re.DOTALL)
_KEY = re.compile(r"(?:(?<=\s)|^)([A-Za-z0-9_.\[\]-]{1,100})=")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED = {"n": "\n", "r": "\r"}
_PARTS = ("deviceVendor", "deviceProduct", "deviceVersion", "signatureId", "name", "severity")
_LABELLED = re.compile(r"(?:c(?:s|n|fp|6a)|flex(?:String|Number|Date)|deviceCustomDate)\d")
_WORDS = {"low": 1, "medium": 2, "high": 3, "very-high": 4, "very high": 4, "critical": 4}
_STEPS = (0, 1, 1, 1, 2, 2, 2, 3, 3, 4, 4)
_OBJECTS = (
    ("request", "url"), ("filePath", "file"), ("fname", "file"), ("destinationServiceName", "service"),
    ("dhost", "host"),
)  # fmt: skip


def _plain(text: str) -> str:
    if "\\" not in text:
        return text
    return _ESCAPE.sub(lambda found: _ESCAPED.get(found[1], found[1] if found[1] in "|=\\" else found[0]), text)


def fields_of(text: str) -> dict[str, str] | str:
    """The parts of a line's event, or why there is none."""
    begin = _START.search(text)
    if begin is None:
        return "no CEF event: CEF:0| is missing"
    fields = {"version": begin[1]}
    at = begin.end()
    for name in _PARTS:
        found = _PART.match(text, at)
        if found is None:
            return f"the CEF header ends before {name}: seven parts are expected, each closed by |"
        fields[name] = _plain(found[1])
        at = found.end()
    rest = text[at:]
    marks = list(_KEY.finditer(rest))
    for place, mark in enumerate(marks):
        end = marks[place + 1].start() if place + 1 < len(marks) else len(rest)
        fields.setdefault(mark[1], _plain(rest[mark.end() : end].rstrip()))
    return fields


def _severity(text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) < 3:
        return _STEPS[min(int(text), 10)]
    return _WORDS.get(text.strip().lower(), 0)


def _labels(fields: Mapping[str, str]) -> dict[str, str]:
    return {
        label: fields[name]
        for name in fields
        if _LABELLED.fullmatch(name) and (label := fields.get(name + "Label", ""))
    }


def _keys(fields: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    get = fields.get
    yield "hash", get("fileHash", "")
    for name in ("suid", "duid", "suser", "duser"):
        yield "identity", get(name, "")
    for domain, user in (("sntdom", "suser"), ("dntdom", "duser")):
        yield "identity", f"{fields[domain]}\\{fields[user]}" if get(domain) and get(user) else ""
    for name in ("shost", "dhost"):
        yield "host", get(name, "")
    for name in ("sourceTranslatedAddress", "destinationTranslatedAddress"):
        yield "ip", canonical_ip(get(name, ""))
    for name in ("smac", "dmac"):
        yield "device", get(name, "")
    yield "custom", get("externalId", "")


def _time(text: str, clock: Clock) -> str:
    fields = fields_of(text)
    if isinstance(fields, str):
        return ""
    return when(fields, ("start", "end"), "rt", prefix_of(text).stamp, clock)[0].quality


def cef_event(text: str, clock: Clock) -> Event | Unparsed:
    """The event of a line."""
    fields = fields_of(text)
    if isinstance(fields, str):
        return Unparsed(fields)
    get = fields.get
    prefix = prefix_of(text)
    stamp, observed = when(fields, ("start", "end"), "rt", prefix.stamp, clock)
    act, name = get("act", ""), fields["name"]
    src = canonical_ip(get("src", "")) or canonical_ip(get("c6a2", ""))
    dst = canonical_ip(get("dst", "")) or canonical_ip(get("c6a3", ""))
    ended = outcome(get("outcome", "") or get("categoryOutcome", "").strip("/"), act, name)
    words = " ".join((name, get("cat", ""), act, fields["signatureId"], get("categoryBehavior", "")))
    kind = kind_of(words, ended, linked=bool(src and dst))
    actor, subject = get("suser", "") or get("suid", ""), get("duser", "") or get("duid", "")
    if not actor and kind.startswith("auth."):
        actor, subject = subject, ""
    thing, thing_type = next(((fields[key], what) for key, what in _OBJECTS if get(key)), ("", ""))
    labels = _labels(fields)
    attributes: dict[str, object] = {**fields, "labels": labels} if labels else {**fields}
    return Event(
        kind,
        stamp.at,
        stamp.text,
        stamp.quality,
        observed_at=observed,
        action=act or name or fields["signatureId"],
        outcome=ended,
        severity=_severity(fields["severity"]),
        actor_id=actor,
        actor_type="user" if actor else "",
        subject_id=subject,
        subject_type="user" if subject else "",
        object_id=thing,
        object_type=thing_type,
        src_ip=src,
        dst_ip=dst,
        src_port=port_of_text(get("spt", "")),
        dst_port=port_of_text(get("dpt", "")),
        protocol=get("proto", "").lower() or get("app", "").lower(),
        device_id=get("deviceExternalId", ""),
        device_name=get("dvchost", "") or get("dvc", ""),
        device_type="sensor" if get("dvchost") or get("dvc") or get("deviceExternalId") else "",
        host=get("dvchost", "") or prefix.host,
        session=get("sessionId", ""),
        message=_message(fields, actor, src, dst, ended),
        tags=(stamp.tag,) if stamp.tag else (),
        attributes=orjson.dumps(attributes).decode(),
        keys=keys_of(_keys(fields)),
    )


def _message(fields: Mapping[str, str], actor: str, src: str, dst: str, ended: str) -> str:
    line = f"{fields['deviceVendor']} {fields['deviceProduct']}: {fields['name'] or fields['signatureId']}"
    said = fields.get("msg", "")
    parts = [line]
    if said and said != fields["name"]:
        parts.append(said)
    parts.append(f"by {actor}" if actor else "")
    parts.append(f"from {src}" if src else "")
    parts.append(f"to {dst}" if dst else "")
    parts.append(f"({fields.get('act') or ended})" if fields.get("act") or ended else "")
    return " ".join(" ".join(filter(None, parts)).split())


_CLOCK = clock_for(Context(received_at=0))

FORMAT = LineRecords(
    name="cef",
    version="1",
    source_name=None,
    mine=lambda text: _START.search(text) is not None and text.count("|") >= 7,
    seen="events in the Common Event Format",
    read=cef_event,
    confidence=0.98,
    quality=lambda text: _time(text, _CLOCK),
)
