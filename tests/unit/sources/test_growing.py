"""Which files may be cut at line feeds as they grow: those whose records are whole lines, and no others."""

from __future__ import annotations

import io

import pytest

from support.samples import SAMPLES
from vestige.sources import Context, Sample, batches, detect, formats, in_lines
from vestige.sources.reading.json_shape import DOCUMENT

WHOLE = {"evtx", "utmp", "otlp_proto", "journald_export"}
"""Formats whose records may hold a line feed that ends nothing."""
MEMBERS = [
    pytest.param(name, member, id=f"{name}-{index}")
    for name, members in sorted(SAMPLES.items())
    for index, member in enumerate(members)
]


@pytest.mark.parametrize(("name", "member"), MEMBERS)
def test_only_a_file_whose_records_are_whole_lines_is_cut_at_line_feeds(name: str, member: bytes) -> None:
    found = detect(Sample("file.dat", member, complete=True)).detection
    form = formats()[name]
    assert found is not None
    assert in_lines(form, found) == (name not in WHOLE and ("layout", DOCUMENT) not in found.extra)
    if not in_lines(form, found):
        return
    body = member.removesuffix(b"\n") + b"\n"
    for batch, _ in batches(form, io.BytesIO(body), found.apply(Context(received_at=1_764_000_000_000_000_000))):
        for record in batch:
            end = record.offset + len(record.payload)
            assert body[: record.offset].removeprefix(b"\xef\xbb\xbf")[-1:] in {b"", b"\n"}
            assert body[record.offset : end] == record.payload
            assert body[end : end + 1] == b"\n"
