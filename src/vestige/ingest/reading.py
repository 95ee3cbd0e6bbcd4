"""From entries to rows: one block of a log, read into events.

What is read comes from memory right after its commit or from the ledger (:mod:`vestige.ingest.runs`). Both roads meet
in :func:`add_run`, so a live import and a rebuild give equal rows.
"""

from __future__ import annotations

import ipaddress
from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, Protocol, cast

import orjson
import pyarrow.compute as pc

from vestige.index import Block
from vestige.ingest.masking import REDACTED_TYPE, mask, withheld
from vestige.ingest.runs import ERASED, EXCERPT, PARSE_LIMIT, Control, Kept, Run, too_long
from vestige.ingest.source_settings import find_values
from vestige.ingest.unusable import parse, parse_columns
from vestige.model.event import MOST_EVENTS, Event, KeyKind, Reading, Skipped, Unparsed
from vestige.model.instant import MAX_INSTANT, MIN_INSTANT, TimeQuality, to_text
from vestige.model.nesting import TOO_DEEP, too_deep
from vestige.model.offset import shifted
from vestige.model.vocabulary import GENERIC, OWN_SOURCE, RESERVED, is_reserved
from vestige.sources import Columnar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pyarrow as pa

    from vestige.ingest.contexts import KeyRule, Reader
    from vestige.ledger.remarks import Remarks

MESSAGE_LIMIT = 32 << 10
PARSED, UNPARSED, SKIPPED = 0, 1, 2
_NESTED = Unparsed(TOO_DEEP)
_TOO_MANY = Unparsed(f"a record of more than {MOST_EVENTS} events is kept whole but not parsed")
BY_COLUMN = 2_500
"""Records read by column at a time: one that has to be read by itself costs only so many their speed."""
VALUES_PER_KEY = 16
"""Values of one declared key that one event gives at most."""


class Columns:
    """The columns of a block under construction."""

    def __init__(self) -> None:
        self.seqs: list[int] = []
        self.subs: list[int] = []
        self.ids: list[str] = []
        self.received: list[int] = []
        self.sources: list[str] = []
        self.parsers: list[str] = []
        self.parts: list[list[Event] | pa.RecordBatch] = []
        self.statuses: list[int] = []
        self.size = 0
        """Characters of the events' two large texts, message and attributes."""
        self.offsets: list[int] = []
        self.acquisitions: list[str] = []

    @property
    def rows(self) -> list[Event]:
        """Where events go that come one by one: behind all there are."""
        if not self.parts or not isinstance(self.parts[-1], list):
            self.parts.append([])
        return cast("list[Event]", self.parts[-1])

    def extend(self, other: Columns) -> None:
        """Add another's rows behind these."""
        self.seqs += other.seqs
        self.subs += other.subs
        self.ids += other.ids
        self.received += other.received
        self.sources += other.sources
        self.parsers += other.parsers
        for part in other.parts:
            if isinstance(part, list):
                self.rows.extend(part)
            else:
                self.parts.append(part)
        self.statuses += other.statuses
        self.size += other.size
        self.offsets += other.offsets
        self.acquisitions += other.acquisitions

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
            parts=self.parts,
            statuses=self.statuses,
            offsets=self.offsets,
            acquisitions=self.acquisitions,
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


class Readers(Protocol):
    """How acquisitions are read: what :class:`vestige.ingest.contexts.Contexts` says of them."""

    def reader(self, acquisition: str) -> Reader:
        """What reads the records of an acquisition."""

    def source_name(self, source: str) -> str:
        """What a source is called."""


def add_run(
    columns: Columns,
    run: Run,
    contexts: Readers,
    digest_token: Callable[[str], str],
    remarks: Remarks | None = None,
) -> Tally:
    """Read one run and add its rows.

    Args:
        columns: where the rows go.
        run: the evidence.
        contexts: how each acquisition is read.
        digest_token: keyed digest of a token's text: what a token is known by as a correlation key. Message and
            attributes hold what the record holds, tokens included.
        remarks: what later entries say of the records: what is redacted is read, and left out of the rows.
    """
    reader, source = contexts.reader(run.acquisition), contexts.source_name(run.source)
    payloads, wanted = _to_parse(run.payloads)
    form = reader.format
    hidden = () if remarks is None or not run.seqs else remarks.redacted(run.seqs[0], run.seqs[-1] + 1)
    if wanted is not payloads or hidden or reader.corrects or not isinstance(form, Columnar):
        return _add_readings(columns, run, reader, source, digest_token, remarks if hidden else None)
    context = reader.context.at(run.received)
    tallies = []
    for begin in range(0, len(wanted), BY_COLUMN):
        part = run.part(begin, begin + BY_COLUMN)
        batch = parse_columns(form, wanted[begin : begin + BY_COLUMN], context)
        if batch is not None and pc.max(pc.binary_length(batch["message"])).as_py() <= MESSAGE_LIMIT:
            tallies.append(_add_columns(columns, part, reader, source, batch))
        else:
            tallies.append(_add_readings(columns, part, reader, source, digest_token))
    return _total(tallies)


def _total(tallies: Sequence[Tally]) -> Tally:
    """What became of the records of all parts of a run."""
    first = 0
    failures: list[tuple[int, str]] = []
    qualities: Counter[str] = Counter()
    for tally in tallies:
        failures += [(first + index, reason) for index, reason in tally.failures]
        qualities += tally.qualities
        first += tally.parsed + tally.unparsed + tally.skipped
    parsed, unparsed, skipped, events = (
        sum(counts)
        for counts in zip(*((one.parsed, one.unparsed, one.skipped, one.events) for one in tallies), strict=True)
    )
    generic = sum(tally.generic for tally in tallies)
    return Tally(parsed, unparsed, skipped, events, qualities, failures, tallies[0].form, generic)


def _add_readings(
    columns: Columns,
    run: Run,
    reader: Reader,
    source: str,
    digest_token: Callable[[str], str],
    remarks: Remarks | None = None,
) -> Tally:
    """Read a run record by record, and add its rows."""
    payloads, wanted = _to_parse(run.payloads)
    readings = [_bounded(one) for one in parse(reader.format, wanted, reader.context.at(run.received))]
    if wanted is payloads and not reader.corrects and remarks is None and set(map(type, readings)) == {Event}:
        return _add_plain(columns, run, reader, source, cast("list[Event]", readings), digest_token)
    seqs, subs, ids, statuses = columns.seqs, columns.subs, columns.ids, columns.statuses
    events = columns.rows
    before, begun = len(events), len(statuses)
    unparsed = skipped = 0
    failures: list[tuple[int, str]] = []

    finished = _Finished(reader, digest_token, remarks)
    for index, reading in enumerate(readings):
        payload = payloads[index]
        if isinstance(payload, Kept):
            reading = Unparsed(payload.reason)  # noqa: PLW2901 - what stands here now
        elif reading and len(reading) > MOST_EVENTS:
            reading = _TOO_MANY  # noqa: PLW2901 - as above
        if isinstance(reading, Event):
            seqs.append(run.seqs[index])
            subs.append(0)
            ids.append(run.ids[index])
            statuses.append(PARSED)
            events.append(finished.event(reading, run.seqs[index]))
        elif reading and not isinstance(reading, (Unparsed, Skipped)):
            for sub, event in enumerate(reading):
                seqs.append(run.seqs[index])
                subs.append(sub)
                ids.append(run.ids[index])
                statuses.append(PARSED)
                events.append(finished.event(event, run.seqs[index]))
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
            events.append(finished.kept(name, reading, payload, run.seqs[index]))
    added = len(events) - before
    columns.size += sum(len(event.attributes) + len(event.message) for event in islice(events, before, None))
    columns.received += [run.received] * added
    columns.sources += [source] * added
    columns.parsers += [reader.parser] * added
    columns.acquisitions += [run.acquisition] * added
    columns.offsets += _offsets(reader.clock_offset, events[before:])
    parsed = [event for event, status in zip(events[before:], statuses[begun:], strict=True) if status == PARSED]
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


class _Finished(NamedTuple):
    """What becomes of each reading of a run: corrected, cut where something of it is hidden, and finished."""

    reader: Reader
    digest_token: Callable[[str], str]
    remarks: Remarks | None

    def event(self, event: Event, seq: int) -> Event:
        """An event as the index takes it."""
        if self.reader.corrects:
            event = correct(event, self.reader)
        hidden = () if self.remarks is None else self.remarks.redactions(seq)
        if not hidden:
            return _finish(event, self.digest_token)
        # Keys are cut before they become digests, in which no part is found again; what we say of it, after.
        event = _finish(mask(event, hidden), self.digest_token)
        return event if all(one.fields for one in hidden) else event._replace(event_type=REDACTED_TYPE)

    def kept(self, name: str, reading: Unparsed | Skipped, payload: bytes | Kept, seq: int) -> Event:
        """What stands for a record that gives no event. Of one that is redacted nothing is said: why may quote it."""
        head = payload.head if isinstance(payload, Kept) else payload[:EXCERPT]
        if payload is ERASED:
            return _kept("record.erased", reading, head)
        event = _kept(name, reading, head)
        return withheld(event) if self.remarks is not None and self.remarks.redactions(seq) else event


def _bounded(reading: Reading) -> Reading:
    """A reading, unless what it says is nested so deeply that nothing could write it again."""
    if isinstance(reading, Event):
        return _NESTED if too_deep(reading.attributes) else reading
    if not isinstance(reading, (Unparsed, Skipped)) and any(too_deep(event.attributes) for event in reading):
        return _NESTED
    return reading


def _to_parse(payloads: Sequence[bytes | Kept]) -> tuple[Sequence[bytes | Kept], Sequence[bytes]]:
    """What there is, and what of it a format is given: the same list where all of it may be parsed."""
    if set(map(type, payloads)) == {bytes} and max(map(len, cast("Sequence[bytes]", payloads))) <= PARSE_LIMIT:
        return payloads, cast("Sequence[bytes]", payloads)
    kept = [too_long(payload) or payload if isinstance(payload, bytes) else payload for payload in payloads]
    return kept, [payload if isinstance(payload, bytes) else b"" for payload in kept]


def _add_plain(
    columns: Columns, run: Run, reader: Reader, source: str, events: list[Event], digest_token: Callable[[str], str]
) -> Tally:
    """The usual run: one event a record, nothing to correct; by column, as most of it holds for all of them."""
    if not _is_finished(events):
        events = [_finish(event, digest_token) for event in events]
    columns.rows.extend(events)
    columns.size += sum([len(event.attributes) + len(event.message) for event in events])
    qualities, types = (
        Counter([event.time_quality for event in events]),
        Counter([event.event_type for event in events]),
    )
    return _plain(columns, run, reader, source, qualities, types)


def _add_columns(columns: Columns, run: Run, reader: Reader, source: str, batch: pa.RecordBatch) -> Tally:
    """A run that was read by column: one event a record, and nothing of it to finish."""
    columns.parts.append(batch)
    columns.size += sum(pc.sum(pc.binary_length(batch[name])).as_py() for name in ("message", "attributes"))
    qualities, types = batch["time_quality"], batch["event_type"]
    return _plain(columns, run, reader, source, _counts(qualities), _counts(types))


def _counts(array: pa.DictionaryArray) -> Counter[str]:
    return Counter({one["values"]: one["counts"] for one in array.value_counts().to_pylist()})


def _plain(
    columns: Columns, run: Run, reader: Reader, source: str, qualities: Counter[str], types: Counter[str]
) -> Tally:
    """What stands beside the events of a run that gives one a record, and corrects none."""
    count = len(run.seqs)
    columns.seqs += run.seqs
    columns.subs += [0] * count
    columns.ids += run.ids
    columns.received += [run.received] * count
    columns.sources += [source] * count
    columns.parsers += [reader.parser] * count
    columns.acquisitions += [run.acquisition] * count
    columns.statuses += [PARSED] * count
    columns.offsets += [0] * count
    generic = sum(number for name, number in types.items() if name in GENERIC)
    return Tally(count, 0, 0, count, qualities, [], reader.format.name, generic)


def _is_finished(events: list[Event]) -> bool:
    """Whether :func:`_finish` would leave every one of these as it is."""
    times = [at for event in events for at in (event.occurred_at, event.observed_at) if at is not None]
    return (
        (not times or (min(times) >= MIN_INSTANT and max(times) <= MAX_INSTANT))
        and not any(map(is_reserved, {event.event_type for event in events}))
        and max(len(event.message) for event in events) <= MESSAGE_LIMIT
        and KeyKind.TOKEN not in {kind for event in events if event.keys for kind, _ in event.keys}
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


def _kept(event_type: str, reading: Unparsed | Skipped, head: bytes) -> Event:
    excerpt = head.decode("utf-8", "replace")
    return Event(
        event_type=event_type,
        message=reading.reason,
        attributes=orjson.dumps({"excerpt": excerpt, "reason": reading.reason}).decode(),
    )


def add_control(columns: Columns, control: Control, remarks: Remarks | None = None) -> None:
    """Add the row of one act of our own; of one that says what a redaction hides, who did what and nothing more."""
    text = control.payload.decode("utf-8", "replace") if isinstance(control.payload, bytes) else "{}"
    try:
        body = orjson.loads(text)
    except orjson.JSONDecodeError:
        body = {}
    body = body if isinstance(body, dict) else {}
    if remarks is not None and remarks.hides_act(control.seq):
        body = {name: body[name] for name in ("act", "by", "resource") if name in body}
        text = orjson.dumps(body).decode()
    said = body.get("act") or body.get("name") or ""
    columns.seqs.append(control.seq)
    columns.subs.append(0)
    columns.ids.append(control.id)
    columns.received.append(control.received)
    columns.sources.append(OWN_SOURCE)
    columns.parsers.append("vestige/1")
    columns.offsets.append(0)
    columns.acquisitions.append("")
    columns.statuses.append(PARSED)
    columns.rows.append(
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
    columns.size += len(columns.rows[-1].attributes)
