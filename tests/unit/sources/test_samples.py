"""Every format has a sample, is recognised by it, and reads all of it into events that say what happened."""

from __future__ import annotations

import io

import pytest

from support.samples import GENERIC, SAMPLES
from vestige.model.event import Event, Reading, Skipped, Unparsed
from vestige.model.vocabulary import VOCABULARY
from vestige.sources import Context, Sample, batches, detect, formats

MEMBERS = [
    pytest.param(name, member, id=f"{name}-{index}")
    for name, members in sorted(SAMPLES.items())
    for index, member in enumerate(members)
]


def test_every_format_has_a_sample() -> None:
    assert set(SAMPLES) == set(formats())


@pytest.mark.parametrize(("name", "member"), MEMBERS)
def test_a_sample_is_recognised_read_and_understood(name: str, member: bytes) -> None:
    choice = detect(Sample("file.dat", member, complete=True))
    assert choice.format is not None, choice.why
    assert choice.format.name == name, choice.claims
    assert choice.detection is not None
    context = choice.detection.apply(Context(received_at=1_764_000_000_000_000_000))
    readings: list[Reading] = []
    for batch, under in batches(choice.format, io.BytesIO(member), context):
        readings += choice.format.parse([record.payload for record in batch], under)
    assert any(not isinstance(reading, Skipped) for reading in readings)
    for reading in readings:
        if isinstance(reading, Skipped):
            continue
        assert not isinstance(reading, Unparsed), reading
        for event in (reading,) if isinstance(reading, Event) else reading:
            assert event.event_type in VOCABULARY
            assert not VOCABULARY[event.event_type].generic or name in GENERIC, event
            assert event.message
