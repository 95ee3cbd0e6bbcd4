"""From entries to rows: one block of a log, read into events.

An entry's ``seq`` is its position here: the index counts through all epochs of a tenant's log.
A :class:`Run` is a stretch of evidence of one acquisition with rising seqs, whether it comes from memory right after
its commit or from the ledger. Both roads meet in :func:`add_run`, so a live import and a rebuild give equal rows.
"""

from __future__ import annotations

import ipaddress
from collections import Counter
from itertools import groupby, islice
from typing import TYPE_CHECKING, NamedTuple

import orjson

from vestige.index import Block
from vestige.ingest.source_settings import find_values
from vestige.ingest.unusable import parse
from vestige.ledger import Kind, is_opening
from vestige.model.errors import NotFoundError
from vestige.model.event import Event, KeyKind, Skipped, Unparsed
from vestige.model.instant import MAX_INSTANT, MIN_INSTANT, Instant, TimeQuality, parse_rfc3339, to_text
from vestige.model.offset import shifted
from vestige.model.vocabulary import GENERIC, RESERVED, is_reserved

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vestige.ingest.contexts import Contexts, KeyRule, Reader
    from vestige.ledger import StoredEntry

PARSE_LIMIT = 8 << 20
"""Bytes above which a record is kept whole but not parsed: no single event of use is larger."""
EXCERPT = 512
MESSAGE_LIMIT = 32 << 10
PARSED, UNPARSED, SKIPPED = 0, 1, 2
VALUES_PER_KEY = 16
"""Values of one declared key that one event gives at most."""


class Kept(NamedTuple):
    """What stands for a payload that is not parsed: why, and its first bytes."""

    reason: str
    head: bytes = b""


ERASED = Kept("erased")
ALTERED = Kept("the stored bytes are not those the ledger committed to; `vestige ledger verify` says more")
LOST = Kept("its blob is missing; `vestige ledger verify` says more")


class Run(NamedTuple):
    """Evidence entries of one acquisition with rising seqs."""

    seqs: Sequence[int]
    ids: Sequence[str]
    received: int
    source: str
    acquisition: str
    payloads: Sequence[bytes | Kept]

    @property
    def size(self) -> int:
        """Bytes of payload held."""
        return sum(len(payload) for payload in self.payloads if isinstance(payload, bytes))


class Control(NamedTuple):
    """One entry of our own kinds: an act, to be shown in category ``vestige``."""

    seq: int
    id: str
    received: int
    kind: str
    refs: tuple[str, ...]
    payload: bytes | Kept


class Columns:
    """The columns of a block under construction."""

    def __init__(self) -> None:
        self.seqs: list[int] = []
        self.subs: list[int] = []
        self.ids: list[str] = []
        self.received: list[int] = []
        self.sources: list[str] = []
        self.parsers: list[str] = []
        self.events: list[Event] = []
        self.statuses: list[int] = []
        self.size = 0
        """Characters of the events' two large texts, message and attributes."""
        self.offsets: list[int] = []

    def extend(self, other: Columns) -> None:
        """Add another's rows behind these."""
        self.seqs += other.seqs
        self.subs += other.subs
        self.ids += other.ids
        self.received += other.received
        self.sources += other.sources
        self.parsers += other.parsers
        self.events += other.events
        self.statuses += other.statuses
        self.size += other.size
        self.offsets += other.offsets

    def block(self, log: int, lo: int, hi: int, tip: str) -> Block:
        """The finished block; ``tip`` is the leaf hash of entry ``hi - 1``."""
        return Block(
            log=log,
            lo=lo,
            hi=hi,
            tip=tip,
            seqs=self.seqs,
            subs=self.subs,
            ids=self.ids,
            received=self.received,
            sources=self.sources,
            parsers=self.parsers,
            events=self.events,
            statuses=self.statuses,
            offsets=self.offsets,
        )


class Tally(NamedTuple):
    """What became of the records of a run."""

    parsed: int
    unparsed: int
    skipped: int
    events: int
    qualities: Counter[str]
    """How many events have which time quality."""
    failures: list[tuple[int, str]]
    """(index within the run, reason) of each unparsed record."""
    form: str = ""
    """The format that read it."""
    generic: int = 0
    """Events whose type says only what kind of source spoke."""


def add_run(columns: Columns, run: Run, contexts: Contexts, digest_token: Callable[[str], str]) -> Tally:
    """Read one run and add its rows.

    Args:
        columns: where the rows go.
        run: the evidence.
        contexts: how each acquisition is read.
        digest_token: keyed digest of a token's text: what a token is known by as a correlation key. Message and
            attributes hold what the record holds, tokens included.
    """
    reader = contexts.reader(run.acquisition)
    payloads = [too_long(payload) or payload if isinstance(payload, bytes) else payload for payload in run.payloads]
    wanted = [payload if isinstance(payload, bytes) else b"" for payload in payloads]
    readings = parse(reader.format, wanted, reader.context.at(run.received))
    corrected = bool(reader.clock_offset or reader.keys)
    source = contexts.source_name(run.source)
    seqs, subs, ids = columns.seqs, columns.subs, columns.ids
    events, statuses = columns.events, columns.statuses
    before = len(events)
    unparsed = skipped = 0
    failures: list[tuple[int, str]] = []
    for index, reading in enumerate(readings):
        payload = payloads[index]
        if isinstance(payload, Kept):
            reading = Unparsed(payload.reason)  # noqa: PLW2901 - what stands here now
        if isinstance(reading, Event):
            seqs.append(run.seqs[index])
            subs.append(0)
            ids.append(run.ids[index])
            statuses.append(PARSED)
            events.append(_finish(correct(reading, reader) if corrected else reading, digest_token))
        elif reading and not isinstance(reading, (Unparsed, Skipped)):
            for sub, event in enumerate(reading):
                seqs.append(run.seqs[index])
                subs.append(sub)
                ids.append(run.ids[index])
                statuses.append(PARSED)
                events.append(_finish(correct(event, reader) if corrected else event, digest_token))
        else:
            if not isinstance(reading, (Unparsed, Skipped)):
                reading = Skipped("the record gives no event")  # noqa: PLW2901 - every entry has a row
            status, name = (
                (UNPARSED, "record.unparsed") if isinstance(reading, Unparsed) else (SKIPPED, "record.skipped")
            )
            if status == UNPARSED:
                unparsed += 1
                failures.append((index, reading.reason))
            else:
                skipped += 1
            seqs.append(run.seqs[index])
            subs.append(0)
            ids.append(run.ids[index])
            statuses.append(status)
            events.append(_kept(name, reading, payload.head if isinstance(payload, Kept) else payload[:EXCERPT]))
    added = len(events) - before
    columns.size += sum(len(event.attributes) + len(event.message) for event in islice(events, before, None))
    columns.received += [run.received] * added
    columns.sources += [source] * added
    columns.parsers += [reader.parser] * added
    columns.offsets += _offsets(reader.clock_offset, events[before:])
    parsed = [events[index] for index in range(before, len(events)) if statuses[index] == PARSED]
    return Tally(
        len(run.payloads) - unparsed - skipped,
        unparsed,
        skipped,
        added - unparsed - skipped,
        Counter([event.time_quality for event in parsed]),
        failures,
        reader.format.name,
        sum([event.event_type in GENERIC for event in parsed]),
    )


def correct(event: Event, reader: Reader) -> Event:
    """The event by its source's clock offset, with the keys declared for it.

    The record's own time stays in ``time_text``; taking the offset off both times gives what was read.
    """
    if reader.clock_offset and (event.occurred_at is not None or event.observed_at is not None):
        occurred, observed = (
            None if at is None else shifted(at, reader.clock_offset) for at in (event.occurred_at, event.observed_at)
        )
        if occurred is None and event.occurred_at is not None:
            event = event._replace(time_quality=TimeQuality.MISSING, tags=(*event.tags, "time:out_of_range"))
        event = event._replace(occurred_at=occurred, observed_at=observed)
    if reader.keys:
        event = event._replace(keys=(*event.keys, *_declared(event, reader.keys)))
    return event


def _offsets(offset: int, events: Sequence[Event]) -> list[int]:
    """What is in the times of each event: nothing where it has none."""
    if not offset:
        return [0] * len(events)
    return [0 if event.occurred_at is None and event.observed_at is None else offset for event in events]


def _declared(event: Event, rules: Sequence[KeyRule]) -> list[tuple[str, str]]:
    try:
        attributes = orjson.loads(event.attributes)
    except orjson.JSONDecodeError:
        return []
    if not isinstance(attributes, dict):
        return []
    found: dict[tuple[str, str], None] = {}
    for path, kind, label in rules:
        for text in find_values(attributes, path, VALUES_PER_KEY):
            value = _address(text) if kind == KeyKind.IP else f"{label}:{text}" if label else text
            if value:
                found[kind, value] = None
    return [key for key in found if key not in event.keys]


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return ""


def _finish(event: Event, digest_token: Callable[[str], str]) -> Event:
    """What holds of every event, whichever format read it: instants fit, no record speaks as one of our own acts."""
    at, seen = event.occurred_at, event.observed_at
    if at is not None and not MIN_INSTANT <= at <= MAX_INSTANT:
        tags = (*event.tags, "time:out_of_range")
        event = event._replace(occurred_at=None, time_quality=TimeQuality.MISSING, tags=tags)
    if seen is not None and not MIN_INSTANT <= seen <= MAX_INSTANT:
        event = event._replace(observed_at=None)
    if event.event_type.startswith(RESERVED) and is_reserved(event.event_type):
        event = event._replace(event_type="event.generic")
    if len(event.message) > MESSAGE_LIMIT:
        event = event._replace(message=event.message[: MESSAGE_LIMIT - 1] + "…")
    if event.keys and any(kind == KeyKind.TOKEN for kind, _ in event.keys):
        event = event._replace(
            keys=tuple((kind, digest_token(text) if kind == KeyKind.TOKEN else text) for kind, text in event.keys)
        )
    return event


def too_long(payload: bytes) -> Kept | None:
    """What stands for a payload that is too long to be parsed; None if it is not."""
    return _too_long(len(payload), payload) if len(payload) > PARSE_LIMIT else None


def _too_long(length: int, head: bytes) -> Kept:
    return Kept(f"a record of {length} bytes is kept whole but not parsed", head[:EXCERPT])


def _kept(event_type: str, reading: Unparsed | Skipped, head: bytes) -> Event:
    excerpt = head.decode("utf-8", "replace")
    return Event(
        event_type=event_type,
        message=reading.reason,
        attributes=orjson.dumps({"excerpt": excerpt, "reason": reading.reason}).decode(),
    )


def add_control(columns: Columns, control: Control) -> None:
    """Add the row of one act of our own."""
    text = control.payload.decode("utf-8", "replace") if isinstance(control.payload, bytes) else "{}"
    try:
        body = orjson.loads(text)
    except orjson.JSONDecodeError:
        body = {}
    body = body if isinstance(body, dict) else {}
    said = body.get("act") or body.get("name") or ""
    columns.seqs.append(control.seq)
    columns.subs.append(0)
    columns.ids.append(control.id)
    columns.received.append(control.received)
    columns.sources.append("vestige")
    columns.parsers.append("vestige/1")
    columns.offsets.append(0)
    columns.statuses.append(PARSED)
    columns.events.append(
        Event(
            event_type=f"vestige.{control.kind}",
            occurred_at=control.received,
            time_text=to_text(control.received),
            time_quality=TimeQuality.EXACT,
            action=str(body.get("act", control.kind)),
            actor_id=str(body.get("by", "")),
            object_id=control.refs[0] if control.refs else "",
            message=f"{control.kind} {said}".rstrip(),
            attributes=text if len(text) <= MESSAGE_LIMIT and text.startswith("{") else "{}",
        )
    )
    columns.size += len(columns.events[-1].attributes)


def runs_of(entries: Sequence[StoredEntry], load: Callable[[StoredEntry, int], bytes]) -> list[Run | Control]:
    """The runs and acts of a stretch read back from the ledger, in order of seq.

    What is read back is held against the leaf's commitment: an altered payload is shown as such, not as evidence.

    Args:
        entries: a dense stretch of a log.
        load: fetches at most so many of the first bytes of an entry's payload.
    """
    out: list[Run | Control] = []
    leaves = [orjson.loads(entry.leaf) for entry in entries]
    rows = zip(entries, leaves, strict=True)
    for (kind, source, acquisition, at), group in groupby(
        rows, key=lambda row: (row[1]["kind"], row[1].get("src", ""), row[1].get("acq", ""), row[1]["at"])
    ):
        received = parse_rfc3339(at)[0]
        members = list(group)
        if kind == Kind.EVIDENCE:
            seqs, ids = [entry.position for entry, _ in members], [entry.id for entry, _ in members]
            payloads = [_payload(entry, leaf["len"], load) for entry, leaf in members]
            out.append(Run(seqs, ids, received, source, acquisition, payloads))
        else:
            out += [
                Control(
                    entry.position, entry.id, received, kind, tuple(leaf["refs"]), _payload(entry, leaf["len"], load)
                )
                for entry, leaf in members
            ]
    return out


def _payload(entry: StoredEntry, length: int, load: Callable[[StoredEntry, int], bytes]) -> bytes | Kept:
    if entry.salt is None:
        return ERASED
    try:
        if length > PARSE_LIMIT:
            return _too_long(length, load(entry, EXCERPT))
        payload = load(entry, length + 1) if entry.payload is None else entry.payload
    except NotFoundError:
        return LOST
    return payload if is_opening(entry.leaf, entry.salt, payload) else ALTERED


def to_micros(instant: int) -> Instant:
    """An instant as a leaf's ``at`` states it: whole microseconds."""
    return Instant(instant // 1000 * 1000)
