"""OpenTelemetry's protocol in protobuf: files of messages behind their lengths, and bodies of OTLP/HTTP requests.

How messages stand in a file is its ``layout`` in the context::

    fixed     four bytes of length, the highest first, before each: the collector's file exporter (``format: proto``)
    varint    a varint of length before each: the specification's file exporter, ``writeDelimitedTo``
    whole     one message and nothing else: the body of a request. So is a context that states no layout.

A record is a message with its length. The wire does not say whether a message holds logs, traces or metrics: it is
the one that explains all its bytes. Where a receiver knows, ``signal`` (``logs``, ``traces``, ``metrics``) in the
context is tried first. Events and their attributes are those of the same request in OTLP/JSON.

References: opentelemetry-proto 1.x; opentelemetry.io, "OTLP File Exporter"; the collector's fileexporter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from vestige.model.errors import InputError
from vestige.model.event import Skipped, Unparsed
from vestige.sources.contract import MAX_RECORD, Detection
from vestige.sources.reading.records import READ_BYTES, Batcher, Pending, cut
from vestige.sources.reading.timefield import clock_for
from vestige.sources.telemetry.otlp_event import SIGNALS, request_events
from vestige.sources.telemetry.otlp_values import hex_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from google.protobuf.message import Message

    from vestige.model.event import Reading, Record
    from vestige.sources.contract import Context, Sample
    from vestige.sources.reading.timefield import Clock

FIXED, VARINT, WHOLE = "fixed", "varint", "whole"
_MESSAGES: dict[str, type[Message]] = {
    "logs": ExportLogsServiceRequest,
    "traces": ExportTraceServiceRequest,
    "metrics": ExportMetricsServiceRequest,
}
_FIELD_1 = 0x0A
"""The first byte of every request that holds something: field 1, of known length."""
_IDS = (("traceId", 16), ("spanId", 8), ("parentSpanId", 8))
_EXPLAINED = 0.95


def rewritten(data: bytes, text: Callable[[str, str], str]) -> bytes:
    """A request with its texts changed; byte for byte the same where none changes, or where it is no request.

    What nobody knows of a changed one is left out: nobody could look into it.

    Args:
        data: the request.
        text: what becomes of a text, by the name of the attribute it is the value of (empty: of none).
    """
    known = _understood(data)
    return known[1].SerializeToString() if known is not None and _rewrite(known[1], "", text) else data


def _rewrite(message: Message, key: str, text: Callable[[str, str], str]) -> bool:
    """Change the texts of a message in place; whether any changed."""
    changed = False
    for descriptor, value in message.ListFields():
        if descriptor.message_type is not None:
            parts = value if descriptor.is_repeated else (value,)
            name = str(getattr(message, "key", "") or key)
            for part in parts:
                changed |= _rewrite(part, name, text)
        elif descriptor.type == descriptor.TYPE_STRING and descriptor.name != "key":
            if descriptor.is_repeated:
                news = [text(key, one) for one in value]
                if news != list(value):
                    del value[:]
                    value.extend(news)
                    changed = True
            elif (new := text(key, value)) != value:
                setattr(message, descriptor.name, new)
                changed = True
    return changed


def length_of(layout: str, data: bytes | bytearray, at: int) -> tuple[int, int] | None:
    """Bytes of the length and the length itself at a place; none if it is not whole yet.

    Raises:
        ValueError: there is no length here.
    """
    if layout == FIXED:
        return (4, int.from_bytes(data[at : at + 4], "big")) if len(data) - at >= 4 else None
    size = 0
    for place, byte in enumerate(data[at : at + 5]):
        size |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return place + 1, size
    if len(data) - at >= 5:
        raise ValueError("a length of more than five bytes")
    return None


class _Frames:
    """Cuts messages out of what was read; after a length that cannot be, all the rest is one record."""

    def __init__(self, layout: str, offset: int, bound: int) -> None:
        self._layout = layout
        self._offset = offset
        self._bound = bound
        self._held = bytearray()
        self._pending = Pending(bound) if layout == WHOLE else None
        self._payloads: list[bytes] = []
        self._offsets: list[int] = []

    def drain(self) -> tuple[list[bytes], list[int]]:
        """The payloads found since the last call, and their offsets."""
        found = self._payloads, self._offsets
        self._payloads, self._offsets = [], []
        return found

    def feed(self, chunk: bytes) -> None:
        """Take what was read."""
        if self._pending is not None:
            self._take(self._pending.push(chunk))
            return
        self._held += chunk
        at = 0
        while self._pending is None:
            try:
                found = length_of(self._layout, self._held, at)
            except ValueError:
                found = (0, self._bound + 1)
            if found is None:
                break
            end = at + sum(found)
            if end - at > self._bound:
                self._pending = Pending(self._bound)
            elif end > len(self._held):
                break
            else:
                self._take([bytes(memoryview(self._held)[at:end])])
                at = end
        del self._held[:at]
        if self._pending is not None:
            rest, self._held = bytes(self._held), bytearray()
            self._take(self._pending.push(rest))

    def finish(self) -> None:
        """The stream has ended: what is open is a record, torn or not."""
        rest = bytes(self._held) if self._pending is None else self._pending.take()
        if rest:
            self._take(cut(rest, self._bound))

    def _take(self, payloads: list[bytes]) -> None:
        for payload in payloads:
            self._payloads.append(payload)
            self._offsets.append(self._offset)
            self._offset += len(payload)


def split_messages(
    stream: BinaryIO, layout: str, *, start: int = 0, number: int = 0, bound: int = MAX_RECORD
) -> Iterator[list[Record]]:
    """Cut a stream into batches of messages.

    Raises:
        InputError: whatever the stream raised, after every readable message was yielded.
    """
    frames, batcher = _Frames(layout, start, bound), Batcher(number)
    fault: InputError | None = None
    while fault is None:
        try:
            chunk = stream.read(READ_BYTES)
        except InputError as error:
            fault = error
            break
        if not chunk:
            break
        frames.feed(chunk)
        yield from batcher.add(*frames.drain())
    frames.finish()
    yield from batcher.add(*frames.drain())
    yield from batcher.rest()
    if fault is not None:
        raise fault


def read_message(data: bytes, signal: str = "") -> tuple[str, dict[str, object]] | None:
    """The signal of a message and the message as OTLP/JSON would have it; none if it is no request."""
    known = _understood(data, signal)
    if known is None:
        return None
    try:
        found = MessageToDict(known[1], use_integers_for_enums=True)
    except (RecursionError, ValueError):
        return None
    _hexed(found, known[0])
    return known[0], found


def _understood(data: bytes, signal: str = "") -> tuple[str, Message] | None:
    """The signal of a message, and the message without what nobody knows; none if it is no request."""
    order = sorted(_MESSAGES, key=lambda name: name != signal)
    best: tuple[float, str, Message] | None = None
    for name in order:
        message = _MESSAGES[name]()
        try:
            message.ParseFromString(data)
        except DecodeError:
            continue
        whole = message.ByteSize()
        message.DiscardUnknownFields()
        share = message.ByteSize() / whole if whole else 0.0
        if best is None or share > best[0]:
            best = share, name, message
        if share == 1:
            break
    return None if best is None or best[0] < _EXPLAINED else best[1:]


def _hexed(found: dict[str, object], signal: str) -> None:
    """Ids as hex instead of base64, as OTLP/JSON has them."""
    work: list[object] = [found.get(SIGNALS[signal][0])]
    while work:
        part = work.pop()
        if isinstance(part, list):
            work += part
        elif isinstance(part, dict):
            for name, size in _IDS:
                if name in part:
                    part[name] = hex_id(part[name], size)
            work += [value for name, value in part.items() if name not in {"attributes", "body", "resource", "scope"}]


def _holds(found: dict[str, object], signal: str) -> bool:
    """Whether a request holds at least one item."""
    value: object = found
    for name in SIGNALS[signal]:
        value = value.get(name) if isinstance(value, dict) else None
        value = value[0] if isinstance(value, list) and value else None
    return isinstance(value, dict) and bool(value)


class OtlpProtoFormat:
    """See the module."""

    name = "otlp_proto"
    version = "2"
    media_type = "application/x-protobuf"
    source_name: str | None = None
    rendered = False

    def detect(self, sample: Sample) -> Detection | None:
        """A first message that is a request and holds something."""
        data = sample.head
        for layout in (FIXED, WHOLE, VARINT):
            if layout == WHOLE:
                message, there = data, sample.complete
            else:
                framed = self._first(layout, data)
                if framed is None:
                    continue
                message, there = framed
            if message[:1] != bytes([_FIELD_1]):
                continue
            if there:
                found = read_message(message)
                if found is not None and _holds(found[1], found[0]):
                    extra = (("layout", layout), ("signal", found[0]))
                    return Detection(0.97, f"OTLP {found[0]} in protobuf, {layout} layout", extra=extra)
            elif _begins(message):
                return Detection(0.85, f"begins like OTLP in protobuf, {layout} layout", extra=(("layout", layout),))
        return None

    def _first(self, layout: str, data: bytes) -> tuple[bytes, bool] | None:
        """The first message of a framed file as far as it is there, and whether it is there whole."""
        try:
            found = length_of(layout, data, 0)
        except ValueError:
            return None
        if found is None or not 0 < found[1] <= MAX_RECORD:
            return None
        end = sum(found)
        return data[found[0] : end], end <= len(data)

    def split(
        self, stream: BinaryIO, *, start: int = 0, number: int = 0, context: Context | None = None
    ) -> Iterator[list[Record]]:
        """Message by message, by the layout found at detection."""
        layout = (context.hint("layout") if context is not None else "") or WHOLE
        return split_messages(stream, layout, start=start, number=number)

    def parse(self, payloads: Sequence[bytes], context: Context) -> list[Reading]:
        """The events of each message."""
        clock, layout, signal = clock_for(context), context.hint("layout") or WHOLE, context.hint("signal")
        return [_read(payload, layout, signal, clock) for payload in payloads]


def _begins(message: bytes) -> bool:
    """Whether a message too long to be seen whole begins as one: a group, its resource or scope, a key or a name."""
    at = 0
    for tags in ((_FIELD_1,), (_FIELD_1, 0x12), (_FIELD_1, 0x12)):
        if message[at : at + 1] not in {bytes([tag]) for tag in tags}:
            return False
        try:
            found = length_of(VARINT, message, at + 1)
        except ValueError:
            return False
        if found is None or not found[1]:
            return False
        at += 1 + found[0]
    return True


def _read(payload: bytes, layout: str, signal: str, clock: Clock) -> Reading:
    if len(payload) > MAX_RECORD:
        return Unparsed(f"a piece of a record longer than {MAX_RECORD} bytes; all pieces are kept")
    message = payload
    if layout != WHOLE:
        try:
            found = length_of(layout, payload, 0)
        except ValueError:
            found = None
        if found is None:
            return Unparsed("no OTLP message: the file ends, or has no length, where one is expected")
        message = payload[found[0] :]
        if len(message) != found[1]:
            return Unparsed(f"an OTLP message of {found[1]} bytes was announced, {len(message)} are there")
    if not message:
        return Skipped("an OTLP request that holds nothing")
    request = read_message(message, signal)
    if request is None:
        return Unparsed("no OTLP request of logs, traces or metrics explains these bytes")
    events = request_events(request[1], clock)
    return events or Skipped(f"an OTLP request of {request[0]} that holds none")


FORMAT = OtlpProtoFormat()
