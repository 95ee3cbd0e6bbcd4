"""A mapping as a format: cut, take apart, date, fill in. What it says was checked by ``load``."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, BinaryIO

import orjson

from vestige.model.errors import InputError
from vestige.model.event import Event, Skipped, Unparsed
from vestige.model.vocabulary import VOCABULARY
from vestige.sources.contract import Context, Detection
from vestige.sources.reading.csv_split import split_table
from vestige.sources.reading.either import header_of
from vestige.sources.reading.fields import (
    REPLACED,
    ip_of,
    keys_of,
    make_event,
    outcome_of,
    port_of,
    severity_of,
    tags_of,
    text_of,
)
from vestige.sources.reading.json_read import read_object
from vestige.sources.reading.json_shape import shape_of, split_json
from vestige.sources.reading.kinds import read_line
from vestige.sources.reading.records import CONTINUED_BYTES, Batcher, split_lines
from vestige.sources.reading.table import read_row
from vestige.sources.reading.timefield import NO_STAMP, Stamp, clock_for, missing_parts

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterator, Sequence

    from vestige.model.event import Reading, Record
    from vestige.sources.contract import Sample
    from vestige.sources.mapping.patterns import Bounded
    from vestige.sources.mapping.times import Reader
    from vestige.sources.mapping.values import Value
    from vestige.sources.reading.timefield import Clock

_LOOK = 200
_CLOCK = clock_for(Context(received_at=0))
_HEAD = 1024
"""Bytes of a line at which the pattern of a record's first line looks."""


@dataclass(frozen=True, slots=True)
class Spec:
    """What a mapping says, compiled."""

    name: str
    digest: str
    source: str | None
    confidence: float
    split: str
    """``lines``, ``starts``, ``json`` or ``csv``."""
    start: re.Pattern[bytes] | None
    skip: Bounded | None
    regexes: tuple[Bounded, ...]
    delimiter: str
    columns: tuple[str, ...]
    has: tuple[Value, ...]
    """What an object must hold to be of this format."""
    needs: frozenset[str]
    """The columns a table must have."""
    when: Value | None
    readers: tuple[Reader, ...]
    zone: str
    fields: tuple[tuple[str, Value], ...]
    """Event fields and where each comes from."""
    keys: tuple[tuple[str, Value], ...]
    kind: Value
    default_kind: str


@dataclass(frozen=True, slots=True)
class MappedFormat:
    """A format made of a mapping."""

    spec: Spec
    data: bytes = field(repr=False)
    """The mapping's bytes."""

    def __reduce__(self) -> tuple[Callable[[bytes], MappedFormat], tuple[bytes]]:
        """To another process goes the mapping, which is compiled there again."""
        from vestige.sources.mapping.load import compile_mapping  # noqa: PLC0415 - which imports this module

        return compile_mapping, (self.data,)

    @property
    def name(self) -> str:
        """The mapping's name."""
        return self.spec.name

    @property
    def digest(self) -> str:
        """The SHA-256 of the mapping's bytes, in hex."""
        return self.spec.digest

    @property
    def version(self) -> str:
        """``1`` and the beginning of the mapping's SHA-256: another mapping is another parser."""
        return f"1+{self.spec.digest[:16]}"

    @property
    def media_type(self) -> str:
        """Of one payload."""
        return {"json": "application/json", "csv": "text/csv"}.get(self.spec.split, "text/plain")

    @property
    def rendered(self) -> bool:
        """Never: a mapping reads text."""
        return False

    @property
    def source_name(self) -> str | None:
        """What the mapping calls its source."""
        return self.spec.source

    def detect(self, sample: Sample) -> Detection | None:
        """By the share of records the mapping takes apart; a table by its columns."""
        spec = self.spec
        if spec.split == "json":
            return self._detect_json(sample)
        if spec.split == "csv":
            return self._detect_table(sample)
        texts = [line.decode("utf-8", "replace") for line in sample.lines()[:_LOOK]]
        if spec.start is not None:
            texts = [text for text in texts if spec.start.match(text.encode()[:_HEAD])]
        texts = [text for text in texts if not _is_skipped(spec.skip, text)]
        found = [parts for text in texts if isinstance(parts := _parts(spec, text), dict)]
        if spec.start is not None and texts and not found:
            # A record's later lines may be needed to match; its first line is what can be seen here.
            return Detection(spec.confidence * 0.8, f"{len(texts)} lines begin a record of {spec.name}")
        if not found or len(found) * 2 <= len(texts):
            return None
        sure = spec.confidence * (0.8 + 0.2 * len(found) / len(texts))
        return Detection(sure, f"{len(found)} of {len(texts)} lines are of {spec.name}", extra=self._assumed(found))

    def _detect_json(self, sample: Sample) -> Detection | None:
        shape = shape_of(sample)
        if shape is None:
            return None
        mine = [record for record in shape.objects if all(has(record) is not None for has in self.spec.has)]
        if not mine or len(mine) * 2 <= len(shape.objects) + shape.bad:
            return None
        layout = tuple(entry for entry in shape.extra() if entry[0] not in {"zone", "year"})
        why = f"{len(mine)} objects are of {self.spec.name}"
        return Detection(self.spec.confidence, why, extra=layout + self._assumed(mine))

    def _detect_table(self, sample: Sample) -> Detection | None:
        spec = self.spec
        if spec.columns:
            lines = [line.decode("utf-8", "replace") for line in sample.lines()[:_LOOK]]
            fit = sum(1 for line in lines if line.count(spec.delimiter) >= len(spec.columns) - 1)
            if not fit or fit * 2 <= len(lines):
                return None
            why = f"{fit} of {len(lines)} rows have the columns of {spec.name}"
            return Detection(spec.confidence * 0.7, why, header=spec.columns, delimiter=spec.delimiter)
        found = header_of(sample, lambda names: spec.needs <= set(names))
        if found is None or found[0] != spec.delimiter:
            return None
        _, header, rows = found
        return Detection(
            spec.confidence,
            f"a header with the columns of {spec.name}",
            header=header,
            delimiter=spec.delimiter,
            extra=self._assumed(rows),
        )

    def _assumed(self, records: Sequence[dict[str, object]]) -> tuple[tuple[str, str], ...]:
        """What the sample's times leave out and the mapping does not state."""
        found = missing_parts(_when(self.spec, record, _CLOCK).quality for record in records)
        return tuple(part for part in found if part[0] != "zone" or not self.spec.zone)

    def split(
        self, stream: BinaryIO, *, start: int = 0, number: int = 0, context: Context | None = None
    ) -> Iterator[list[Record]]:
        """As the mapping says."""
        spec = self.spec
        if spec.split == "json":
            return split_json(stream, start=start, number=number, context=context)
        if spec.split == "csv":
            return split_table(stream, start=start, number=number, delimiter=spec.delimiter)
        if spec.start is not None:
            return _split_starts(stream, spec.start, start, number)
        return split_lines(stream, start=start, number=number)

    def parse(self, payloads: Sequence[bytes], context: Context) -> list[Reading]:
        """One reading per record. A zone a person gave for the import goes before the mapping's."""
        spec = self.spec
        clock = clock_for(replace(context, zone=spec.zone) if spec.zone and not context.zone_given else context)
        if spec.split == "csv":
            context = replace(context, header=context.header or spec.columns, delimiter=spec.delimiter)
        return [_read(spec, payload, clock, context) for payload in payloads]


def _split_starts(stream: BinaryIO, first: re.Pattern[bytes], start: int, number: int) -> Iterator[list[Record]]:
    """Lines, each with those behind it that begin no record; an empty line, or 1 MiB, ends a record."""
    batcher = Batcher(number)
    parts: list[bytes] = []
    begun = end = size = 0
    fault: InputError | None = None
    lines = split_lines(stream, start=start)
    while True:
        try:
            batch = next(lines, None)
        except InputError as error:
            batch, fault = None, error
        if batch is None:
            break
        payloads: list[bytes] = []
        offsets: list[int] = []
        for payload, offset, _ in batch:
            long = len(payload)
            joins = parts and offset == end + 1 and size + 1 + long <= CONTINUED_BYTES
            if joins and first.match(payload[:_HEAD]) is None:
                parts.append(payload)
                size += 1 + long
            else:
                if parts:
                    payloads.append(b"\n".join(parts))
                    offsets.append(begun)
                parts = [payload]
                begun, size = offset, long
            end = offset + long
        yield from batcher.add(payloads, offsets)
    if parts:
        yield from batcher.add([b"\n".join(parts)], [begun])
    yield from batcher.rest()
    if fault is not None:
        raise fault


def _is_skipped(skip: Bounded | None, text: str) -> bool:
    return skip is not None and skip.pattern.match(text[: min(skip.longest, _HEAD)]) is not None


def _parts(spec: Spec, text: str) -> dict[str, object] | str:
    """The named groups of the first expression that matches a text, or why none does."""
    longest = 0
    for pattern, limit in spec.regexes:
        if len(text) > limit:
            longest = max(longest, limit)
            continue
        found = pattern.fullmatch(text)
        if found is not None:
            return {name: value for name, value in found.groupdict().items() if value is not None}
    if longest:
        return f"longer than the {longest} characters this mapping's expression is used on"
    count = len(spec.regexes)
    return "no match for the mapping's expression" if count == 1 else f"no match for any of {count} expressions"


def _read(spec: Spec, payload: bytes, clock: Clock, context: Context) -> Reading:
    if spec.split in {"json", "csv"}:
        found = read_object(payload) if spec.split == "json" else read_row(payload, context)
        if isinstance(found, Unparsed | Skipped):
            return found
        record, text, changed = found
        return _event(spec, record, text, clock, changed=changed)
    return read_line(payload, clock, partial(_read_text, spec))


def _read_text(spec: Spec, line: str, clock: Clock) -> Reading:
    if _is_skipped(spec.skip, line):
        return Skipped("the mapping skips it")
    parts = _parts(spec, line)
    if isinstance(parts, str):
        return Unparsed(parts)
    return _event(spec, parts, orjson.dumps(parts).decode(), clock, changed=False)


def _when(spec: Spec, record: dict[str, object], clock: Clock) -> Stamp:
    if spec.when is None:
        return NO_STAMP
    value = spec.when(record)
    unread = NO_STAMP
    for reader in spec.readers:
        stamp = reader(value, clock)
        if stamp.at is not None:
            return stamp
        unread = unread if unread.text else stamp
    return unread


_TEXTS = """
    action actor_id actor_name actor_type subject_id subject_name subject_type object_id object_name object_type
    protocol device_id device_name device_type host session trace_id message
"""
_CONVERT: dict[str, Callable[[object], object]] = {
    **dict.fromkeys(_TEXTS.split(), text_of),
    **dict.fromkeys(("src_ip", "dst_ip"), ip_of),
    **dict.fromkeys(("src_port", "dst_port"), port_of),
    "outcome": outcome_of,
    "severity": severity_of,
    "tags": tags_of,
}
_SLOTS = {name: (Event._fields.index(name), convert) for name, convert in _CONVERT.items()}
"""The event fields a mapping may fill: their place, and how a source's value becomes one the model allows."""
_BLANK: list[object] = list(Event(""))
_MESSAGE, _ACTION = Event._fields.index("message"), Event._fields.index("action")
_ATTRIBUTES, _KEYS = Event._fields.index("attributes"), Event._fields.index("keys")


def _event(spec: Spec, record: dict[str, object], text: str, clock: Clock, *, changed: bool) -> Event:
    at, time_text, quality, tag = _when(spec, record, clock)
    kind = text_of(spec.kind(record))
    fields = _BLANK.copy()
    for name, value in spec.fields:
        place, convert = _SLOTS[name]
        fields[place] = convert(value(record))
    fields[:4] = kind if kind in VOCABULARY else spec.default_kind, at, time_text, quality
    if not fields[_MESSAGE]:
        fields[_MESSAGE] = fields[_ACTION] or fields[0]
    fields[_ATTRIBUTES] = text
    fields[_KEYS] = keys_of((name, text_of(value(record))) for name, value in spec.keys)
    event = make_event(fields)
    extra = (*((tag,) if tag else ()), *((REPLACED,) if changed else ()))
    return event._replace(tags=(*event.tags, *extra)) if extra else event
