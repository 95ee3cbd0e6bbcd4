"""What a format makes of a sample, told so that a person can mend a mapping."""

from __future__ import annotations

import io
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vestige.model.event import Event, Skipped, Unparsed
from vestige.sources.contract import SAMPLE_BYTES, Context, Sample, batches
from vestige.sources.detect import detect
from vestige.sources.registry import formats

if TYPE_CHECKING:
    from vestige.sources.contract import Format

_SHOWN = 10
_HEAD = 200


@dataclass(frozen=True, slots=True)
class Trial:
    """The outcome of reading a sample with one format."""

    confidence: float
    """How surely the format recognises the sample; 0 where it does not, and then it was read nevertheless."""
    why: str
    rival: str
    """The format that would read a file that begins like this without being told to; empty if none would."""
    records: int
    skipped: int
    unparsed: int
    events: int
    undated: int
    kinds: tuple[tuple[str, int], ...]
    """Event types and how many of each, the most frequent first."""
    qualities: tuple[tuple[str, int], ...]
    """Time qualities and how many of each."""
    failures: tuple[tuple[int, str, str], ...]
    """The first records that could not be read: number, reason, the beginning of the text."""
    first: tuple[Event, ...]
    """The first events."""
    unfilled: tuple[str, ...]
    """Event fields that no event of the sample fills."""


def try_mapping(form: Format, data: bytes) -> Trial:
    """Read a sample, or a whole small file, with a format, and say what came of it. Nothing is kept."""
    sample = Sample("sample", data[:SAMPLE_BYTES], complete=len(data) <= SAMPLE_BYTES)
    detection = form.detect(sample)
    context = Context(received_at=0, year_before=None)
    if detection is not None:
        context = detection.apply(context)
    choice = detect(sample, (form, *formats().values()))
    pairs = [
        pair
        for records, under in batches(form, io.BytesIO(data), context)
        for pair in zip(records, form.parse([record.payload for record in records], under), strict=True)
    ]
    events: list[Event] = []
    failures = []
    skipped = unparsed = 0
    for record, reading in pairs:
        if isinstance(reading, Unparsed):
            unparsed += 1
            text = record.payload[:_HEAD].decode("utf-8", "replace")
            failures.append((record.number, reading.reason, text))
        elif isinstance(reading, Skipped):
            skipped += 1
        else:
            events += (reading,) if isinstance(reading, Event) else reading
    blank = Event("")
    filled = {name for event in events for name in Event._fields if getattr(event, name) != getattr(blank, name)}
    return Trial(
        confidence=detection.confidence if detection is not None else 0.0,
        why=detection.why if detection is not None else "the sample is not recognised",
        rival=choice.format.name if choice.format is not None and choice.format.name != form.name else "",
        records=len(pairs),
        skipped=skipped,
        unparsed=unparsed,
        events=len(events),
        undated=sum(1 for event in events if event.occurred_at is None),
        kinds=tuple(Counter(event.event_type for event in events).most_common()),
        qualities=tuple(Counter(str(event.time_quality) for event in events).most_common()),
        failures=tuple(failures[:_SHOWN]),
        first=tuple(events[:_SHOWN]),
        unfilled=tuple(name for name in Event._fields if name not in filled),
    )
