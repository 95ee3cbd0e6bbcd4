"""AWS VPC flow logs: text in the default or any custom format, and JSON renderings of the same fields.

Text: one record a line, fields set apart by spaces, ``-`` for no value. Files in S3 begin with a line of field names;
a template (``${version} ${srcaddr} …``) does the same; streams have neither and are then of version 2::

    version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status

Times are whole seconds since 1970: ``start`` is when the first packet of the window was seen and is the event's time,
``end`` when the last was. ``pkt-srcaddr`` and ``pkt-dstaddr`` are the ends of the connection where a NAT gateway or
load balancer stands between: where they are stated they are source and destination, as in Amazon Security Lake, and
the addresses the interface saw are address keys. A rejected flow is a refused connection; NODATA and SKIPDATA say
that nothing was seen, or that records were lost. JSON names have ``_`` for ``-`` or are in camel case.

Reference: docs.aws.amazon.com/vpc "Flow log records", "Available fields".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, BinaryIO

import orjson

from vestige.model.event import Event, Skipped, Unparsed
from vestige.model.instant import NANOS
from vestige.sources.cloud.audit import words
from vestige.sources.contract import Detection
from vestige.sources.reading.fields import canonical_ip, keys_of, make_event, port_of_text, text_of
from vestige.sources.reading.kinds import JsonRecords, read_line
from vestige.sources.reading.records import split_lines
from vestige.sources.reading.timefield import EXACT, MISSING, UNREADABLE, clock_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from vestige.model.event import Reading, Record
    from vestige.sources.contract import Context, Sample
    from vestige.sources.reading.timefield import Clock

DEFAULT = (
    "version", "account-id", "interface-id", "srcaddr", "dstaddr", "srcport", "dstport", "protocol", "packets", "bytes",
    "start", "end", "action", "log-status",
)  # fmt: skip
"""The fields of version 2, in their order."""
_KNOWN = frozenset(DEFAULT) | frozenset(
    words("""
        vpc-id subnet-id instance-id tcp-flags type pkt-srcaddr pkt-dstaddr region az-id sublocation-type sublocation-id
        pkt-src-aws-service pkt-dst-aws-service flow-direction traffic-path ecs-cluster-arn ecs-cluster-name
        ecs-container-instance-arn ecs-container-instance-id ecs-container-id ecs-second-container-id ecs-service-name
        ecs-task-definition-arn ecs-task-arn ecs-task-id reject-reason resource-id encryption-status
    """)
)
_PLAIN = {name.replace("-", ""): name for name in _KNOWN}
_PROTOCOLS = {"1": "icmp", "2": "igmp", "6": "tcp", "17": "udp", "41": "ipv6", "47": "gre", "50": "esp", "51": "ah",
              "58": "icmpv6", "89": "ospf", "132": "sctp"}  # fmt: skip
_LINE = re.compile(
    r"\d{1,2} (?:\d{12}|unknown|-) \S+ (?:[\da-fA-F.:]+|-) (?:[\da-fA-F.:]+|-) (?:\d{1,5}|-) (?:\d{1,5}|-)"
    r" (?:\d{1,3}|-) (?:\d+|-) (?:\d+|-) (?:\d{9,10}|-) (?:\d{9,10}|-) (?:ACCEPT|REJECT|-) (?:OK|NODATA|SKIPDATA)"
)
_SECONDS = re.compile(r"\d{9,10}")
_TEMPLATE = re.compile(r"\$\{([a-z-]{1,40})\}")
_MOST = 0.5


def names_of(line: str) -> tuple[str, ...]:
    """The field names of a header line or a template, or nothing if a line is neither."""
    given = tuple(_TEMPLATE.findall(line)) if line.startswith("${") else tuple(line.split())
    if len(given) < 3 or len(given) > 64:
        return ()
    known = sum(1 for name in given if name in _KNOWN)
    return given if known * 4 >= len(given) * 3 and ("srcaddr" in given or "pkt-srcaddr" in given) else ()


@lru_cache(maxsize=65536)
def _instant(text: str) -> int | None:
    return int(text) * NANOS if _SECONDS.fullmatch(text) else None


def flow_event(row: Mapping[str, str], attributes: str) -> Event:
    """An event from the fields of one record, under their own names; ``-`` and a missing field are alike."""
    get = row.get
    when = get("start", "")
    at = _instant(when)
    status, act = get("log-status", ""), get("action", "")
    seen = canonical_ip(get("srcaddr", "")), canonical_ip(get("dstaddr", ""))
    src = canonical_ip(get("pkt-srcaddr", "")) or seen[0]
    dst = canonical_ip(get("pkt-dstaddr", "")) or seen[1]
    src_port, dst_port = port_of_text(get("srcport", "")), port_of_text(get("dstport", ""))
    number = get("protocol", "")
    protocol = _PROTOCOLS.get(number, "" if number == "-" else number)
    device = _stated(get("interface-id", ""))
    refused = act == "REJECT"
    if status in {"NODATA", "SKIPDATA"}:
        kind = "logging.lost" if status == "SKIPDATA" else "network.statistics"
        message = f"{status} on {device or 'an interface'}"
        outcome = ""
    else:
        kind = "network.denied" if refused else "network.connection"
        outcome = "failure" if refused else "success" if act == "ACCEPT" else ""
        message = f"{protocol or 'traffic'} {_end(src, src_port)} to {_end(dst, dst_port)}: {act or 'no verdict'}"
    instance = _stated(get("instance-id", ""))
    return make_event((
        kind, at, when if when != "-" else "", EXACT if at is not None else MISSING, None, _stated(act), outcome, 0,
        "", "", "", "", "", "", _stated(get("vpc-id", "")), "", "vpc" if _stated(get("vpc-id", "")) else "",
        src, dst, src_port, dst_port, protocol, device, "", "interface" if device else "", instance, "", "",
        message, () if at is not None or when in {"", "-"} else (UNREADABLE,), attributes,
keys_of(("ip", other) for other in seen if other not in {src, dst}),
    ))  # fmt: skip


def _stated(text: str) -> str:
    return "" if text == "-" else text


def _end(address: str, port: int) -> str:
    shown = f"[{address}]" if ":" in address else address or "?"
    return f"{shown}:{port}" if port else shown


def _read_text(text: str, names: tuple[str, ...]) -> Reading:
    cells = text.split(" ")
    if (cells[0] in _KNOWN or cells[0].startswith("${")) and names_of(text):
        return Skipped("the names of the fields")
    if len(cells) != len(names):
        return Unparsed(f"{len(cells)} fields where the format has {len(names)}")
    row = dict(zip(names, cells, strict=True))
    if _stated(row.get("start", "")) and _instant(row["start"]) is None and not row["start"].isdigit():
        return Unparsed("no flow log record: start is no count of seconds")
    return flow_event(row, orjson.dumps(row).decode())


def _plain(record: Mapping[str, object]) -> dict[str, str]:
    """The known fields of a JSON rendering, under the format's own names."""
    found: dict[str, str] = {}
    for name, value in record.items():
        known = _PLAIN.get(name.replace("_", "").replace("-", "").lower())
        if known is not None:
            found[known] = text_of(value)
    return found


def _is_object(record: Mapping[str, object]) -> bool:
    row = _plain(record)
    if "srcaddr" not in row or "dstaddr" not in row or "query_name" in record:
        return False
    return len(row) >= 6 or len(row) * 2 > len(record) or "interface-id" in row


def _read_object(record: dict[str, object], text: str, clock: Clock) -> Reading:
    event = flow_event(_plain(record), text)
    if event.occurred_at is None and not event.time_text:
        stamp = clock.find(record)
        return event._replace(occurred_at=stamp.at, time_text=stamp.text, time_quality=stamp.quality)
    return event


_OBJECTS = JsonRecords(
    name="vpc_flow",
    version="1",
    source_name="aws.vpc_flow",
    mine=_is_object,
    seen="VPC flow log records",
    read=_read_object,
    confidence=0.92,
)


@dataclass(frozen=True)
class VpcFlow:
    """Text or objects, told apart by what a payload begins with."""

    name: str = "vpc_flow"
    version: str = "1"
    media_type: str = "text/plain"
    rendered: bool = False
    source_name: str | None = "aws.vpc_flow"

    def detect(self, sample: Sample) -> Detection | None:
        """A line of field names, or lines in the default format, or objects."""
        found = _OBJECTS.detect(sample)
        lines = [line.decode("utf-8", "replace").strip() for line in sample.lines()[:200]]
        if found is not None or not lines:
            return found
        names = names_of(lines[0])
        if names:
            return Detection(0.95, f"a line of {len(names)} flow log field names", header=names)
        mine = sum(1 for line in lines if _LINE.fullmatch(line))
        if mine <= _MOST * len(lines):
            return None
        return Detection(0.94, f"{mine} of {len(lines)} lines are flow log records of version 2")

    def split(
        self, stream: BinaryIO, *, start: int = 0, number: int = 0, context: Context | None = None
    ) -> Iterator[list[Record]]:
        """Line by line, or by the layout of the JSON found at detection."""
        if context is not None and context.hint("layout"):
            return _OBJECTS.split(stream, start=start, number=number, context=context)
        return split_lines(stream, start=start, number=number)

    def parse(self, payloads: Sequence[bytes], context: Context) -> list[Reading]:
        """One reading per line or object."""
        if context.hint("layout"):
            return _OBJECTS.parse(payloads, context)
        names, clock = context.header or DEFAULT, clock_for(context)

        def read(text: str, clock: Clock) -> Reading:
            del clock
            return _read_text(text.strip(), names)

        objects = [payload[:1] == b"{" for payload in payloads]
        if any(objects):
            return [
                _OBJECTS.parse([payload], context)[0] if is_object else read_line(payload, clock, read)
                for payload, is_object in zip(payloads, objects, strict=True)
            ]
        return [read_line(payload, clock, read) for payload in payloads]


FORMAT = VpcFlow()
