"""Every format, any bytes: parsers answer and splitters lose nothing."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.samples import SAMPLES
from vestige.model.event import Event, Record, Skipped, Unparsed
from vestige.sources import Context, Sample, batches, detect, formats
from vestige.sources.contract import MAX_RECORD

FORMATS = list(formats().values())
SEEDS = [line for members in SAMPLES.values() for member in members for line in member.split(b"\n") if line]


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A good record with some bytes changed, cut out or put in."""
    data = bytearray(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, max(0, len(data) - 1)))
        what = draw(st.integers(0, 2))
        if what == 0 and data:
            data[place] = draw(st.integers(0, 255))
        elif what == 1:
            del data[place : place + draw(st.integers(1, 9))]
        else:
            data[place:place] = draw(
                st.sampled_from([b'"', b"\\", b"{", b"[", b"\n", b"\0", b"\xff", b"\\ud800", b"9" * 30])
            )
    return bytes(data)


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
@given(
    payloads=st.lists(st.binary(max_size=80) | damaged(), max_size=4),
    header=st.booleans(),
    zone=st.sampled_from(["UTC", "Asia/Kolkata"]),
)
def test_parsing_answers_any_bytes_and_always_the_same(
    form: Any, payloads: list[bytes], header: bool, zone: str
) -> None:
    context = Context(
        received_at=1_764_000_000_000_000_000,
        header=("message", "datetime", "timestamp_desc", "x") if header else (),
        zone=zone,
    )
    readings = form.parse(payloads, context)
    assert len(readings) == len(payloads)
    assert readings == form.parse(payloads, context)
    flat = [one for reading in readings for one in (reading if type(reading) is tuple else (reading,))]
    for reading in flat:
        assert isinstance(reading, Event | Unparsed | Skipped)
        if isinstance(reading, Event):
            assert len(reading) == len(Event._fields)
            assert isinstance(json.loads(reading.attributes), dict)
            assert (reading.occurred_at is None) == (reading.time_quality == "missing")
            "".join((reading.message, reading.attributes, reading.time_text, *reading.tags)).encode()
        else:
            assert reading.reason


def cut(
    form: Any, stream: Any, context: Context, start: int = 0, number: int = 0
) -> tuple[list[Record], list[Context]]:
    """The records of a stream, and the context each is under."""
    records: list[Record] = []
    contexts: list[Context] = []
    for batch, under in batches(form, stream, context, start=start, number=number):
        records += batch
        contexts += [under] * len(batch)
    return records, contexts


def check_rendered(form: Any, data: bytes, whole: list[Record], context: Context) -> None:
    """A rendered format's payloads are no slices; each record still has a byte of its own, by which reading resumes."""
    offsets = [record.offset for record in whole]
    assert offsets == sorted(set(offsets))
    assert all(0 <= offset <= len(data) for offset in offsets)
    for index, record in enumerate(whole):
        json.loads(record.payload)
        assert cut(form, io.BytesIO(data), context, record.offset + 1, index + 1)[0] == whole[index + 1 :]
        assert cut(form, io.BytesIO(data), context, record.offset, index)[0] == whole[index:]


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
@given(
    data=st.lists(st.binary(max_size=20) | damaged(), max_size=6).map(b"\n".join),
    sizes=st.lists(st.integers(1, 50), min_size=1, max_size=3),
)
def test_detecting_and_splitting_take_any_bytes(
    form: Any, data: bytes, sizes: list[int], drip: Any, rebuilt: Any
) -> None:
    detection = form.detect(Sample("f", data, complete=True))
    context = Context(received_at=0)
    if detection is not None:
        assert 0 <= detection.confidence <= 1
        assert detection.why
        context = detection.apply(context)
    whole, contexts = cut(form, io.BytesIO(data), context)
    assert cut(form, drip(data, sizes), context)[0] == whole
    assert [record.number for record in whole] == list(range(len(whole)))
    if form.rendered:
        check_rendered(form, data, whole, context)
    else:
        assert rebuilt(data, [whole], 0) == data
        for index, record in enumerate(whole):
            start = record.offset + len(record.payload)
            rest, _ = cut(form, io.BytesIO(data[start:]), contexts[index], start, index + 1)
            assert rest == whole[index + 1 :]
    detect(Sample("f", data, complete=False))


@pytest.mark.parametrize("form", [form for form in FORMATS if form.rendered], ids=lambda form: form.name)
@given(data=st.data())
def test_a_rendered_format_reads_any_damage_of_its_files(form: Any, data: st.DataObject) -> None:
    member = bytearray(data.draw(st.sampled_from(SAMPLES[form.name])))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(member) - 1) | st.integers(4000, 8000))
        what = data.draw(st.integers(0, 2))
        if what == 0:
            member[place] = data.draw(st.integers(0, 255))
        elif what == 1:
            del member[place : place + data.draw(st.integers(1, 600))]
        else:
            size = len(member[place : place + data.draw(st.integers(1, 3000))])
            member[place : place + size] = bytes(size)
    context = Context(received_at=0)
    whole, _ = cut(form, io.BytesIO(bytes(member)), context)
    check_rendered(form, bytes(member), whole, context)
    readings = form.parse([record.payload for record in whole], context)
    assert readings == form.parse([record.payload for record in whole], context)
    assert len(readings) == len(whole)


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
def test_a_piece_of_a_record_above_the_bound_is_never_read(form: Any) -> None:
    class Long(bytes):
        def __len__(self) -> int:
            return MAX_RECORD + 1

    for seed in SEEDS:
        context = Context(received_at=0, header=("message", "datetime", "timestamp_desc", 'x "y"'))
        (reading,) = form.parse([Long(seed)], context)
        assert isinstance(reading, Unparsed)
        assert "piece" in reading.reason


def test_a_line_of_100_megabytes_goes_through_every_format() -> None:
    payload = b'{"message":"' + b"x" * 100_000_000 + b'"}'
    for form in FORMATS:
        (reading,) = form.parse([payload], Context(received_at=0, header=("a", "b")))
        assert isinstance(reading, Event if form.name == "json" else Event | Unparsed)
