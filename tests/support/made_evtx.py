"""Small, valid EVTX files made by hand: binary XML without templates, all values text.

Layout: :mod:`vestige.sources.windows.chunks`. Tokens of binary XML: MS-EVEN6 section 2.2.12.
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

HEADER, CHUNK, FIRST = 4096, 65536, 512
EPOCH = 116_444_736_000_000_000
_CHUNK_HEADER = struct.Struct("<8sQQQQIIII")


class Element:
    """An XML element: its name, attributes, and content (text, or elements)."""

    def __init__(self, name: str, content: str | Sequence[Element] = "", /, **attributes: str) -> None:
        self.name = name
        self.content = content
        self.attributes = attributes


def event(
    number: int,
    data: Mapping[str, str] | None = None,
    *,
    provider: str = "Microsoft-Windows-Security-Auditing",
    channel: str = "Security",
    time: str = "2026-01-02T03:04:05.123456700Z",
    keywords: str = "0x8020000000000000",
    record: int = 1,
    user_data: Element | None = None,
) -> Element:
    """An event as the XML of the event log has it."""
    system = Element(
        "System",
        [
            Element("Provider", Name=provider),
            Element("EventID", str(number), Qualifiers="0"),
            Element("Level", "0"),
            Element("Task", "12544"),
            Element("Keywords", keywords),
            Element("TimeCreated", SystemTime=time),
            Element("EventRecordID", str(record)),
            Element("Correlation", ActivityID="{0F62A835-F0DA-0000-3043-FE916E3ED601}"),
            Element("Channel", channel),
            Element("Computer", "DC01.corp.example"),
        ],
    )
    fields = [Element("Data", value, Name=name) for name, value in (data or {}).items()]
    body = Element("UserData", [user_data]) if user_data else Element("EventData", fields)
    return Element("Event", [system, body], xmlns="http://schemas.microsoft.com/win/2004/08/events/event")


def file_of(chunks: Iterable[Sequence[Element]], *, written: int = EPOCH) -> bytes:
    """A file of chunks of events, numbered from 1; ``written`` (FILETIME) stands in every record's header."""
    made: list[bytes] = []
    number = 1
    for events in chunks:
        made.append(_chunk(events, number, written))
        number += len(events)
    head = b"ElfFile\0" + struct.pack("<QQQIHHHH", 0, max(0, len(made) - 1), number, 128, 1, 3, HEADER, len(made))
    head = head.ljust(120, b"\0")
    return (head + struct.pack("<II", 0, zlib.crc32(head))).ljust(HEADER, b"\0") + b"".join(made)


def record_offsets(data: bytes) -> list[int]:
    """Where the records of a well-formed file begin."""
    found: list[int] = []
    for base in range(HEADER, len(data), CHUNK):
        at, free = FIRST, struct.unpack_from("<I", data, base + 48)[0]
        while at < free:
            found.append(base + at)
            at += struct.unpack_from("<I", data, base + at + 4)[0]
    return found


def _chunk(events: Sequence[Element], number: int, written: int) -> bytes:
    body, at, last = b"", FIRST, FIRST
    for index, item in enumerate(events):
        last = at + len(body)
        body += _record(item, number + index, written, last)
    free = FIRST + len(body)
    ids = (number, number + len(events) - 1)
    head = _CHUNK_HEADER.pack(b"ElfChnk\0", *ids, *ids, 128, last, free, zlib.crc32(body)).ljust(FIRST, b"\0")
    total = zlib.crc32(head[:120] + head[128:FIRST])
    return (head[:124] + struct.pack("<I", total) + head[128:] + body).ljust(CHUNK, b"\0")


def _record(item: Element, number: int, written: int, at: int) -> bytes:
    content = b"\x0f\x01\x01\x00" + _element(item, at + 28) + b"\x00"
    size = (24 + len(content) + 4 + 7) // 8 * 8
    return (
        struct.pack("<4sIQQ", b"**\0\0", size, number, written)
        + content.ljust(size - 28, b"\0")
        + struct.pack("<I", size)
    )


def _element(item: Element, at: int) -> bytes:
    """An element whose first token stands at ``at`` in its chunk: names lie where they are first needed."""
    start = 9 if not item.attributes else 13
    name = _name(item.name)
    attributes = b""
    for index, (key, value) in enumerate(item.attributes.items()):
        more = 0x40 if index + 1 < len(item.attributes) else 0
        place = at + start + len(name) + len(attributes) + 5
        attributes += struct.pack("<BI", 0x06 | more, place) + _name(key) + _text(value)
    inner_at = at + start + len(name) + len(attributes) + 1
    inner = _text(item.content) if isinstance(item.content, str) else b""
    for child in item.content if not isinstance(item.content, str) else ():
        inner += _element(child, inner_at + len(inner))
    closing = b"\x02" + inner + b"\x04"
    listed = struct.pack("<I", len(attributes)) if item.attributes else b""
    rest = name + listed + attributes + closing
    token = 0x41 if item.attributes else 0x01
    return struct.pack("<BII", token, 4 + len(rest), at + 9) + rest


def _name(text: str) -> bytes:
    return struct.pack("<IHH", 0, 0, len(text)) + text.encode("utf-16-le") + b"\0\0"


def _text(text: str) -> bytes:
    return struct.pack("<BBH", 0x05, 0x01, len(text)) + text.encode("utf-16-le") if text else b""
