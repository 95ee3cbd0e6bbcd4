"""The systemd journal in its export format: ``journalctl -o export``, what systemd-journal-upload sends.

An entry is a run of fields, entries are separated by an empty line. A field is ``NAME=value`` on a line where its value
is printable text, else ``NAME``, a line feed, the value's length as 64 bit little endian, the value, a line feed. The
payload is the entry's exact bytes without the last field's line feed.

What claims to be a binary field but does not end with a line feed at its stated length, or states more than
:data:`_LARGEST`, is read as lines, so that damage to one length does not swallow the entries behind it. The export
holds no seals: forward secure sealing is a matter of the journal files (``journalctl --verify``).

Fields and meaning: :mod:`vestige.sources.linux.journal_event`. Reference: systemd's "Journal Export Formats".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, BinaryIO

import orjson

from vestige.model.event import Skipped, Unparsed
from vestige.sources.contract import MAX_RECORD, Detection
from vestige.sources.linux.journal_event import is_entry, journal_event
from vestige.sources.reading.fields import REPLACED, decode
from vestige.sources.reading.records import Batcher, Chunks, cut

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vestige.model.event import Reading, Record
    from vestige.sources.contract import Context, Sample

_NAME = re.compile(rb"_{0,2}[A-Z][A-Z0-9_]{0,63}")
_LENGTH = 8
_LARGEST = 1 << 30
"""Longest value of a binary field (systemd's own bound on an entry)."""


class _Scanner:
    """Finds the ends of entries in what was read so far; holds the open entry only."""

    def __init__(self, offset: int, bound: int) -> None:
        self._held = bytearray()
        self._offset = offset
        """Where the held bytes begin in the member."""
        self._at = 0
        """The next line to look at begins here."""
        self._seen = 0
        """No line feed stands between ``_at`` and here."""
        self._from = 0
        """The open entry begins here."""
        self._value = 0
        """Behind the last byte of the binary field that begins at ``_at``, its line feed included; or 0."""
        self._plain = -1
        """The line that begins here is no binary field, though it looks like one."""
        self._bound = bound
        self._payloads: list[bytes] = []
        self._offsets: list[int] = []

    def feed(self, chunk: bytes) -> None:
        """Take what was read; find the entries that end in it."""
        self._held += chunk
        while self._step(final=False):
            pass
        self._trim()

    def finish(self) -> None:
        """The stream has ended: a torn binary field is read as lines, the last entry is whole."""
        while self._step(final=True):
            pass
        end = len(self._held)
        if end > self._from and self._held[end - 1] == 0x0A and self._at == end:
            end -= 1
        self._emit(end)
        self._at = self._from = len(self._held)

    def drain(self) -> tuple[list[bytes], list[int]]:
        """The payloads found since the last call, and their offsets."""
        found = self._payloads, self._offsets
        self._payloads, self._offsets = [], []
        return found

    def _step(self, *, final: bool) -> bool:
        """Go over one line or one binary field; whether there was a whole one."""
        held = self._held
        if self._value:
            return self._over_value(final=final)
        feed = held.find(b"\n", max(self._at, self._seen))
        if feed < 0:
            self._seen = len(held)
            if final and len(held) > self._at:
                self._at = len(held)
            return False
        if feed == self._at:
            if self._at > self._from:
                self._emit(self._at - 1)
            self._at = self._from = self._seen = feed + 1
            return True
        line = held[self._at : feed] if feed - self._at <= 66 else b"="
        if self._at != self._plain and _NAME.fullmatch(line):
            if len(held) < feed + 1 + _LENGTH:
                if not final:
                    self._seen = feed
                    return False
            else:
                size = int.from_bytes(held[feed + 1 : feed + 1 + _LENGTH], "little")
                if size <= _LARGEST:
                    self._value = feed + 1 + _LENGTH + size + 1
                    return True
        self._at = self._seen = feed + 1
        return True

    def _over_value(self, *, final: bool) -> bool:
        held = self._held
        if len(held) < self._value and not final:
            return False
        if len(held) >= self._value and held[self._value - 1] == 0x0A:
            self._at = self._seen = self._value
        elif self._at >= 0:
            self._plain = self._at
            self._seen = max(self._at, 0)
        else:
            # The field's own beginning was cut off as a piece: what is left of it is read as lines.
            self._at = self._seen = 0
        self._value = 0
        return True

    def _emit(self, end: int) -> None:
        at = self._from
        if end <= at:
            return
        for piece in cut(bytes(memoryview(self._held)[at:end]), self._bound):
            self._payloads.append(piece)
            self._offsets.append(self._offset + at)
            at += len(piece)

    def _trim(self) -> None:
        """Let go of what was emitted, and of pieces of an entry above the bound."""
        piece = self._bound + 1
        start = self._from
        while len(self._held) - start >= 2 * piece:
            self._payloads.append(bytes(memoryview(self._held)[start : start + piece]))
            self._offsets.append(self._offset + start)
            start += piece
        if start:
            del self._held[:start]
            self._offset += start
            self._at -= start
            self._seen = max(self._seen - start, 0)
            self._plain -= start
            self._from = 0
            if self._value:
                self._value -= start
            elif self._at < 0:
                self._at = 0


def split_export(
    stream: BinaryIO, *, start: int = 0, number: int = 0, bound: int = MAX_RECORD
) -> Iterator[list[Record]]:
    """Cut an export into batches of entries.

    Raises:
        InputError: whatever the stream raised, after every readable entry was yielded.
    """
    chunks = Chunks(stream, start)
    batcher = Batcher(number)
    scanner = _Scanner(chunks.offset, bound)
    for chunk in chunks:
        scanner.feed(chunk)
        yield from batcher.add(*scanner.drain())
    scanner.finish()
    yield from batcher.add(*scanner.drain())
    yield from batcher.rest()
    chunks.finish()


def fields_of(payload: bytes) -> tuple[dict[str, object], bool] | None:
    """An entry's fields, repeated ones as lists, and whether bytes had to be replaced; none if a line is no field."""
    found: dict[str, object] = {}
    replaced = False
    at = 0
    while at < len(payload):
        feed = payload.find(b"\n", at)
        line = payload[at:] if feed < 0 else payload[at:feed]
        name, equals, value = line.partition(b"=")
        at += len(line) + 1
        if not equals:
            if not _NAME.fullmatch(name) or len(payload) < at + _LENGTH:
                return None
            size = int.from_bytes(payload[at : at + _LENGTH], "little")
            end = at + _LENGTH + size
            if end > len(payload) or payload[end : end + 1] not in {b"", b"\n"}:
                return None
            value, at = payload[at + _LENGTH : end], end + 1
        elif not _NAME.fullmatch(name):
            return None
        text, changed = decode(value)
        replaced = replaced or changed
        _put(found, name.decode(), text)
    return found, replaced


def _put(found: dict[str, object], name: str, text: str) -> None:
    known = found.get(name)
    if known is None:
        found[name] = text
    elif isinstance(known, list):
        known.append(text)
    else:
        found[name] = [known, text]


class JournalExportFormat:
    """See the module."""

    name = "journald_export"
    version = "1"
    media_type = "application/vnd.fdo.journal"
    rendered = False
    source_name: str | None = "linux.journal"

    def detect(self, sample: Sample) -> Detection | None:
        """A first entry with the journal's own fields."""
        head = sample.body().lstrip(b"\n")[:32_768]
        if not head.startswith((b"__CURSOR=", b"__REALTIME_TIMESTAMP=")):
            return None
        scanner = _Scanner(0, MAX_RECORD)
        scanner.feed(sample.body())
        if sample.complete:
            scanner.finish()
        entries = [fields_of(payload) for payload in scanner.drain()[0]]
        mine = sum(1 for entry in entries if entry is not None and is_entry(entry[0]))
        if entries and mine * 2 <= len(entries):
            return None
        return Detection(0.97 if mine else 0.8, f"{mine} entries of journalctl -o export")

    def split(
        self, stream: BinaryIO, *, start: int = 0, number: int = 0, context: Context | None = None
    ) -> Iterator[list[Record]]:
        """Entry by entry."""
        del context
        return split_export(stream, start=start, number=number)

    def parse(self, payloads: Sequence[bytes], context: Context) -> list[Reading]:
        """One event per entry."""
        del context
        return [_read(payload) for payload in payloads]


def _read(payload: bytes) -> Reading:
    if len(payload) > MAX_RECORD:
        return Unparsed(f"a piece of a record longer than {MAX_RECORD} bytes; all pieces are kept")
    if not payload.strip():
        return Skipped("an empty line")
    found = fields_of(payload)
    if found is None:
        return Unparsed("no journal entry: expected NAME=value lines, or NAME, a length and that many bytes")
    record, replaced = found
    if not is_entry(record):
        return Unparsed("no journal entry: neither __CURSOR nor __REALTIME_TIMESTAMP")
    event = journal_event(record, orjson.dumps(record).decode())
    return event._replace(tags=(*event.tags, REPLACED)) if replaced else event


FORMAT = JournalExportFormat()
