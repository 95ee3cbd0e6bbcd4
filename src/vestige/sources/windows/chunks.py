r"""An EVTX file as records: cut chunk by chunk, each record rendered as JSON, and whatever cannot be read named.

Layout (all numbers little-endian)::

    file header   4096 bytes  "ElfFile\0"; chunks in use u16 at 42; flags u32 at 120 (4: checksums are not kept)
    chunk        65536 bytes  "ElfChnk\0"; first and last record id u64 at 24 and 32; free space offset u32 at 48;
                              checksums u32, of the records at 52, of the header at 124; 64 string and 32 template
                              offsets from 128; records from 512
    record                    0x00002A2A u32, size u32, record id u64, time written (FILETIME) u64, binary XML, size u32

A chunk holds all that its records refer to, so each is rendered by itself: memory is bounded, and damage to one harms
no other. Headers are walked here, not by the parser: it gets a copy in which what is no record is bridged, so that it
neither stops early nor decides what counts.

References: "Windows XML Event Log (EVTX)", libevtx documentation; MS-EVEN6 section 2.2 (binary XML).
"""

from __future__ import annotations

import base64
import io
import re
import struct
import zlib
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson
from evtx import PyEvtxParser

from vestige.model.errors import InputError
from vestige.sources.windows.filetime import filetime_text, refine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

HEADER = 4096
CHUNK = 65536
FIRST = 512
"""Where a chunk's records begin."""
_CONTROL = re.compile(rb"[\0-\x1f]")
FILE_MAGIC = b"ElfFile\0"
CHUNK_MAGIC = b"ElfChnk\0"
_MAGIC = b"**\0\0"
_LEAST = 28
"""The smallest record: its header and the size at its end."""
_NO_CHECKSUMS = 4
_EMPTY_RECORD = struct.Struct("<4sIQQI")
_RECORD = struct.Struct("<4sIQQ")
_TEMPLATED = b"\x0f\x01\x01\x00\x0c"
"""How a record's binary XML begins where it is a template's values: then a byte, the template's id, and its place."""
_NUMBERS = struct.Struct("<QQ")
_TEMPLATE = struct.Struct("<II")
_U32 = struct.Struct("<I")
_FILE = FILE_MAGIC + struct.pack("<QQQIHHHH", 0, 0, 1, 128, 1, 3, HEADER, 1) + bytes(HEADER - 44)
"""A file header for the parser; the real one decides nothing about records."""


Row = dict[str, Any]
"""What the parser tells of a record: ``event_record_id``, ``timestamp``, ``data``."""


class Found(NamedTuple):
    """One payload and the byte of the file it stands for."""

    payload: bytes
    offset: int


class _Span(NamedTuple):
    """A stretch of a chunk: a record, or (with a fault) what should have been one."""

    at: int
    size: int
    fault: str = ""


class _Block(NamedTuple):
    """Up to a chunk's length of the file, and where it stands."""

    data: bytes
    offset: int
    place: int
    """Its number in the file."""


class FileFacts(NamedTuple):
    """What the file header says."""

    chunks: int
    checksums: bool
    fault: str


def read_header(data: bytes) -> FileFacts:
    """The file header's facts; with a fault, none of them is believed."""
    if len(data) < HEADER:
        return FileFacts(0, checksums=True, fault=f"the file ends after {len(data)} bytes, inside its header")
    if data[:8] != FILE_MAGIC:
        return FileFacts(0, checksums=True, fault=f"the file header begins with {data[:8]!r}, not {FILE_MAGIC!r}")
    flags = _U32.unpack_from(data, 120)[0]
    return FileFacts(struct.unpack_from("<H", data, 42)[0], checksums=not flags & _NO_CHECKSUMS, fault="")


def found_in(stream: BinaryIO, start: int) -> Iterator[list[Found]]:
    """What a file holds from byte ``start`` on, a chunk at a time. The stream stands at the file's first byte.

    Raises:
        InputError: whatever the stream raised, after everything that could be read.
    """
    reader = _Reader(stream)
    head = reader.take(HEADER)
    facts = read_header(head)
    if facts.fault and head:
        yield _from(start, [_damage(head, -1, 0, facts.fault)])
    index = -1
    for block in _blocks(reader):
        index = block.place
        if block.offset + len(block.data) > start:
            yield _from(start, _chunk(block, facts))
    if index + 1 < facts.chunks:
        said = f"the file ends after {index + 1} chunks, its header counts {facts.chunks}"
        yield _from(start, [_damage(b"", index + 1, reader.offset, said)])
    if reader.error is not None:
        raise reader.error


def _from(start: int, found: list[Found]) -> list[Found]:
    return [one for one in found if one.offset >= start]


class _Reader:
    """A stream read in exact amounts; its failure is kept, and ends it."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.offset = 0
        self.error: InputError | None = None

    def take(self, size: int) -> bytes:
        """That many bytes, fewer only at the end."""
        parts: list[bytes] = []
        while size and self.error is None:
            try:
                part = self._stream.read(size)
            except InputError as error:
                self.error = error
                break
            if not part:
                break
            parts.append(part)
            size -= len(part)
        data = b"".join(parts)
        self.offset += len(data)
        return data


def _blocks(reader: _Reader) -> Iterator[_Block]:
    """The file behind its header in chunks; where bytes were lost or put in, from the next chunk's beginning again."""
    data, offset, index = reader.take(CHUNK + FIRST), HEADER, 0
    while data:
        following = data[CHUNK:]
        shifted = following.strip(b"\0") and not following.startswith(CHUNK_MAGIC)
        place = _chunk_header(data) if shifted or not data.startswith(CHUNK_MAGIC) else 0
        cut = place or CHUNK
        yield _Block(data[:cut], offset, index)
        offset += len(data[:cut])
        data = data[cut:] + reader.take(cut)
        index += 1


def _chunk_header(data: bytes) -> int:
    """Where inside a block a chunk header with a right checksum begins, or 0."""
    at = data.find(CHUNK_MAGIC, 1, CHUNK + len(CHUNK_MAGIC))
    while at > 0:
        if _header_sum(data[at : at + FIRST]):
            return at
        at = data.find(CHUNK_MAGIC, at + 1, CHUNK + len(CHUNK_MAGIC))
    return 0


def _header_sum(data: bytes) -> bool:
    return zlib.crc32(data[:120] + data[128:FIRST]) == int.from_bytes(data[124:128], "little")


def _chunk(block: _Block, facts: FileFacts) -> list[Found]:
    data, offset, index = block
    if not data.strip(b"\0"):
        lost = index < facts.chunks
        return [_damage(data, index, offset, "all bytes of a chunk in use are zero")] if lost else []
    out: list[Found] = []
    whole = data.ljust(CHUNK, b"\0")
    free = _U32.unpack_from(whole, 48)[0]
    known = whole.startswith(CHUNK_MAGIC)
    note = ""
    if not known:
        said = f"a chunk begins with {bytes(data[:8])!r}, not {CHUNK_MAGIC!r}"
        out.append(_damage(data[:FIRST], index, offset, said))
    elif not FIRST <= free <= CHUNK:
        out.append(_damage(data[:FIRST], index, offset, f"a chunk's header says its free space begins at {free}"))
        known = False
    elif facts.checksums:
        note = _checksums(whole, free)
    end = free if known else len(data)
    spans = _walk(whole, min(end, len(data)), sure=known)
    rendered = _render(whole, spans)
    first, last = _NUMBERS.unpack_from(whole, 24)
    proven = known and facts.checksums and not note
    for span, text in zip(spans, rendered, strict=True):
        if isinstance(text, str):
            stray = known and span.at < free and not first <= _RECORD.unpack_from(whole, span.at)[2] <= last
            doubts = (f',"checksum":"wrong: {note}"' if note else "") + (',"stray":true' if stray else "")
            payload = _payload(whole, span, text, block, doubts)
            if not proven or doubts:
                payload = _valid(payload)
            if payload:
                out.append(Found(payload, offset + span.at))
                continue
            text = RuntimeError("names in it are no text")  # noqa: PLW2901 - told below, as the parser's own errors
        said = span.fault or f"a record that cannot be rendered: {text}"
        out.append(_damage(data[span.at : span.at + span.size], index, offset + span.at, said))
    reached = spans[-1].at + spans[-1].size if spans else FIRST
    if known and len(data) < free and (not spans or not spans[-1].fault):
        said = f"the file ends {free - len(data)} bytes before the chunk's records do"
        # Its place is the last byte at most: the byte behind the file is where missing chunks are told.
        out.append(_damage(data[reached:], index, offset + min(reached, len(data) - 1), said))
    return out


def _checksums(data: bytes, free: int) -> str:
    """Which of a chunk's checksums are wrong."""
    wrong = [] if _header_sum(data) else ["header"]
    if zlib.crc32(data[FIRST:free]) != _U32.unpack_from(data, 52)[0]:
        wrong.append("records")
    return " and ".join(wrong)


def _walk(data: bytes, end: int, *, sure: bool) -> list[_Span]:
    """The records up to ``end``, and those the header does not know of yet: whole ones whose ids go on.

    ``sure``: the chunk's header says that the records reach to ``end``; otherwise only what looks like one is named.
    """
    spans: list[_Span] = []
    at, last = FIRST, -1
    while at < end:
        magic, size, number, _ = _RECORD.unpack_from(data, at) if at + 24 <= CHUNK else (b"", 0, 0, 0)
        fault = f"no record begins here: {data[at : at + 4]!r}"
        if magic == _MAGIC and _LEAST <= size <= CHUNK - at:
            closed = _closed(data, at, size)
            if closed or at + size <= end:
                reach = size if closed else _torn(data, at, size, end)
                spans.append(_Span(at, reach))
                at, last = at + reach, number
                continue
            fault = f"a record of {size} bytes, of which {end - at} are there"
        following = _next(data, at + _LEAST, end)
        if following < 0 and not sure:
            break
        following = end if following < 0 else following
        spans.append(_Span(at, following - at, fault))
        at = following
    while last >= 0 and _header_at(data, at) and _closed(data, at, size := _U32.unpack_from(data, at + 4)[0]):
        if _RECORD.unpack_from(data, at)[2] != last + 1:
            break
        spans.append(_Span(at, size))
        at, last = at + size, last + 1
    return spans


def _closed(data: bytes, at: int, size: int) -> bool:
    return data[at + size - 4 : at + size] == data[at + 4 : at + 8]


def _header_at(data: bytes, at: int) -> bool:
    if data[at : at + 4] != _MAGIC or at + _LEAST > CHUNK:
        return False
    return bool(_LEAST <= _U32.unpack_from(data, at + 4)[0] <= CHUNK - at)


def _torn(data: bytes, at: int, size: int, end: int) -> int:
    """How far a record reaches whose size is not repeated at its end: not over a record that is whole."""
    following = _next(data, at + _LEAST, min(end, at + size))
    return size if following < 0 else following - at


def _next(data: bytes, at: int, end: int) -> int:
    """Where the next whole record begins before ``end``, or -1."""
    at = data.find(_MAGIC, at, end)
    while at >= 0:
        if _header_at(data, at) and _closed(data, at, _U32.unpack_from(data, at + 4)[0]):
            return at
        at = data.find(_MAGIC, at + 1, end)
    return -1


def _render(data: bytes, spans: list[_Span]) -> list[str | Exception]:
    """The JSON of each span's record, or why there is none."""
    if not spans:
        return []
    rows = _parse(_bridged(data, spans), len(spans))
    rows += [ValueError("the parser gives nothing for it")] * (len(spans) - len(rows))
    out: list[str | Exception] = []
    for span, row in zip(spans, rows, strict=True):
        if span.fault:
            out.append(ValueError(span.fault))
        elif not _own_template(data, span.at):
            out.append(ValueError("its template is not in this chunk"))
        elif isinstance(row, Exception):
            out.append(row)
        elif row["event_record_id"] != _RECORD.unpack_from(data, span.at)[2]:
            out.append(ValueError(f"the parser gives record {row['event_record_id']} for it"))
        else:
            out.append(row["data"])
    return out


def _own_template(data: bytes, at: int) -> bool:
    """Whether the template a record begins with is the one it names: stray records of other chunks name others."""
    if data[at + 24 : at + 29] != _TEMPLATED or at + 38 > CHUNK:
        return True
    name, place = _TEMPLATE.unpack_from(data, at + 30)
    return bool(place + 8 <= CHUNK and _U32.unpack_from(data, place + 4)[0] == name)


def _bridged(data: bytes, spans: list[_Span]) -> bytes:
    """A chunk the parser walks exactly as the spans say.

    Without the chunk's tables of strings and templates: records name the places of both themselves, and the parser
    follows a damaged table's chain in circles without end.
    """
    copy = bytearray(data)
    for span in spans:
        if span.fault and span.size >= _LEAST:
            _EMPTY_RECORD.pack_into(copy, span.at, _MAGIC, span.size, 0, 0, 0)
        else:
            _U32.pack_into(copy, span.at + 4, span.size)
    reach = spans[-1].at + spans[-1].size if spans[-1].size >= _LEAST else spans[-1].at
    copy[:8] = CHUNK_MAGIC
    struct.pack_into("<QQQQIIII", copy, 8, 1, 1, 1, 2**64 - 1, 128, FIRST, reach, 0)
    copy[128:FIRST] = bytes(FIRST - 128)
    return bytes(copy)


def _parse(chunk: bytes, most: int) -> list[Row | Exception]:
    """What the parser says of a chunk, in order."""
    rows: list[Row | Exception] = []
    try:
        iterator = PyEvtxParser(io.BytesIO(_FILE + chunk), number_of_threads=1).records_json()
        while len(rows) < most:
            try:
                row: Any = next(iterator)
            except StopIteration:
                break
            except RuntimeError as error:
                rows.append(error)
            else:
                rows.append(row)
    except RuntimeError as error:
        rows.append(error)
    return rows


def _payload(data: bytes, span: _Span, text: str, block: _Block, doubts: str) -> bytes:
    """A record's payload: where it stands, what speaks against trusting it, and the event."""
    at, end = span.at, span.at + span.size
    _, size, number, written = _RECORD.unpack_from(data, at)
    told = filetime_text(written)
    if size != span.size or data[end - 4 : end] != data[at + 4 : at + 8]:
        doubts += ',"torn":true'
    facts = f'"chunk":{block.place},"offset":{block.offset + at},"record":{number},{told}{doubts}'
    return f'{{"evtx":{{{facts}}},{refine(text, data, (at + 24, end), written, told)[1:]}'.encode()


def _valid(payload: bytes) -> bytes:
    """The payload as JSON, or nothing: the parser writes the names of a damaged record as they are, unescaped."""
    for text in (payload, _CONTROL.sub(lambda found: b"\\u%04x" % found[0][0], payload)):
        try:
            orjson.loads(text)
        except orjson.JSONDecodeError:
            continue
        return text
    return b""


def _damage(data: bytes, index: int, offset: int, said: str) -> Found:
    """A payload for bytes that could not be read: what they are, and what is wrong with them."""
    said = said.replace("\\", "\\\\").replace('"', "'")
    said = "".join(max(letter, " ") for letter in said)[:400]
    where = f'"chunk":{index},' if index >= 0 else ""
    facts = f'"evtx":{{{where}"offset":{offset},"size":{len(data)},"damage":"{said}"}}'
    content = f'"base64":"{base64.b64encode(data).decode()}"' if data.strip(b"\0") else f'"zeros":{len(data)}'
    return Found(f"{{{facts},{content}}}".encode(), offset)
