"""From entries to rows: one block of a log, read into events.

An entry's ``seq`` is its position here: the index counts through all epochs of a tenant's log.
A :class:`Run` is a stretch of evidence of one acquisition with rising seqs, whether it comes from memory right after
its commit or from the ledger. Both roads meet in :func:`add_run`, so a live import and a rebuild give equal rows.
"""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

import orjson

from vestige.index import Block
from vestige.ledger import Kind
from vestige.model.event import Event, KeyKind, Skipped, Unparsed
from vestige.model.instant import MAX_INSTANT, MIN_INSTANT, Instant, TimeQuality, parse_rfc3339, to_text
from vestige.model.vocabulary import RESERVED, is_reserved

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vestige.ingest.contexts import Contexts
    from vestige.ledger import StoredEntry

PARSE_LIMIT = 8 << 20
"""Bytes above which a record is kept whole but not parsed: no single event of use is larger."""
EXCERPT = 512
MESSAGE_LIMIT = 32 << 10
PARSED, UNPARSED, SKIPPED = 0, 1, 2


class Run(NamedTuple):
    """Evidence entries of one acquisition with rising seqs. A payload of ``None`` was erased."""

    seqs: Sequence[int]
    ids: Sequence[str]
    received: int
    source: str
    acquisition: str
    payloads: Sequence[bytes | None]

    @property
    def size(self) -> int:
        """Bytes of payload held."""
        return sum(len(payload) for payload in self.payloads if payload is not None)


class Control(NamedTuple):
    """One entry of our own kinds: an act, to be shown in category ``vestige``."""

    seq: int
    id: str
    received: int
    kind: str
    refs: tuple[str, ...]
    payload: bytes | None


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


def add_run(columns: Columns, run: Run, contexts: Contexts, digest_token: Callable[[str], str]) -> Tally:
    """Read one run and add its rows.

    Args:
        columns: where the rows go.
        run: the evidence.
        contexts: how each acquisition is read.
        digest_token: keyed digest of a token's text; raw tokens never reach the index.
    """
    reader = contexts.reader(run.acquisition)
    payloads = [payload if payload is not None and len(payload) <= PARSE_LIMIT else b"" for payload in run.payloads]
    readings = reader.format.parse(payloads, reader.context.at(run.received))
    source = contexts.source_name(run.source)
    seqs, subs, ids = columns.seqs, columns.subs, columns.ids
    events, statuses = columns.events, columns.statuses
    before = len(events)
    unparsed = skipped = 0
    failures: list[tuple[int, str]] = []
    for index, reading in enumerate(readings):
        payload = run.payloads[index]
        if payload is None:
            reading = Unparsed("erased")  # noqa: PLW2901 - what stands here now
        elif len(payload) > PARSE_LIMIT:
            reading = Unparsed(f"a record of {len(payload)} bytes is kept whole but not parsed")  # noqa: PLW2901
        if isinstance(reading, Event):
            seqs.append(run.seqs[index])
            subs.append(0)
            ids.append(run.ids[index])
            statuses.append(PARSED)
            events.append(_finish(reading, digest_token))
        elif reading and not isinstance(reading, (Unparsed, Skipped)):
            for sub, event in enumerate(reading):
                seqs.append(run.seqs[index])
                subs.append(sub)
                ids.append(run.ids[index])
                statuses.append(PARSED)
                events.append(_finish(event, digest_token))
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
            events.append(_kept(name, reading, payload))
    added = len(events) - before
    columns.received += [run.received] * added
    columns.sources += [source] * added
    columns.parsers += [reader.parser] * added
    return Tally(
        len(run.payloads) - unparsed - skipped,
        unparsed,
        skipped,
        added - unparsed - skipped,
        Counter([events[index].time_quality for index in range(before, len(events)) if statuses[index] == PARSED]),
        failures,
    )


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


def _kept(event_type: str, reading: Unparsed | Skipped, payload: bytes | None) -> Event:
    excerpt = "" if payload is None else payload[:EXCERPT].decode("utf-8", "replace")
    return Event(
        event_type=event_type,
        message=reading.reason,
        attributes=orjson.dumps({"excerpt": excerpt, "reason": reading.reason}).decode(),
    )


def add_control(columns: Columns, control: Control) -> None:
    """Add the row of one act of our own."""
    text = "{}" if control.payload is None else control.payload.decode("utf-8", "replace")
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


def runs_of(entries: Sequence[StoredEntry], load: Callable[[int], bytes]) -> list[Run | Control]:
    """The runs and acts of a stretch read back from the ledger, in order of seq.

    Args:
        entries: a dense stretch of a log.
        load: fetches the payload of a seq that is kept as a blob.
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
            payloads = [_payload(entry, load) for entry, _ in members]
            out.append(Run(seqs, ids, received, source, acquisition, payloads))
        else:
            out += [
                Control(entry.position, entry.id, received, kind, tuple(leaf["refs"]), _payload(entry, load))
                for entry, leaf in members
            ]
    return out


def _payload(entry: StoredEntry, load: Callable[[int], bytes]) -> bytes | None:
    if entry.payload is None and entry.blob:
        return load(entry.position)
    return entry.payload


def to_micros(instant: int) -> Instant:
    """An instant as a leaf's ``at`` states it: whole microseconds."""
    return Instant(instant // 1000 * 1000)
