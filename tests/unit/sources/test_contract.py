from __future__ import annotations

import io
from typing import Any

import pytest

from vestige.model.errors import FormatError
from vestige.sources import Context, Detection, Format, Sample, formats, take_sample
from vestige.sources.contract import SAMPLE_BYTES


def test_a_sample_is_the_beginning_and_no_byte_more(drip: Any) -> None:
    stream = io.BytesIO(b"x" * (SAMPLE_BYTES + 10))
    sample = take_sample("f", stream)
    assert (len(sample.head), sample.complete, len(stream.read())) == (SAMPLE_BYTES, False, 10)
    assert take_sample("f", drip(b"abc", [1])) == Sample("f", b"abc", complete=True)
    assert take_sample("f", drip(b"abc", [2], FormatError("damaged"))).head == b"abc"


def test_a_sample_shows_lines_without_the_one_cut_off() -> None:
    assert Sample("f", b"\xef\xbb\xbfone\r\n\n two\nthr", complete=False).lines() == [b"one", b" two"]
    assert Sample("f", b"one\ntwo", complete=True).lines() == [b"one", b"two"]
    assert Sample("f", b"only a part", complete=False).lines() == [b"only a part"]


def test_a_detection_adds_what_it_learned_to_a_context() -> None:
    before = Context(received_at=5, year=2020, zone="Europe/Berlin", zone_given=True)
    after = Detection(0.5, "why", header=("a", "b"), delimiter=";", extra=(("k", "v"),)).apply(before)
    assert (after.header, after.delimiter, after.hint("k"), after.hint("none")) == (("a", "b"), ";", "v", "")
    assert (after.received_at, after.year, after.zone, after.zone_given) == (5, 2020, "Europe/Berlin", True)


@pytest.mark.parametrize("form", formats().values(), ids=lambda form: form.name)
def test_every_format_keeps_the_contract(form: Any, context: Context) -> None:
    assert isinstance(form, Format)
    assert form.name == form.name.lower()
    assert form.version
    assert "/" in form.media_type
    assert list(form.split(io.BytesIO(b""), start=0, number=0, context=context)) == []
    assert form.parse([], context) == []
    assert form.detect(Sample("f", b"", complete=True)) is None
