"""Records of several lines: nothing is lost, whatever the reads, and resuming gives the same cuts."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from vestige.sources.reading import blocks
from vestige.sources.reading.blocks import split_blocks

if TYPE_CHECKING:
    import pytest

    from vestige.model.event import Record


def begins(line: bytes, before: bytes) -> bool:
    return line.startswith(b"#") and not before.startswith(b"##")


def cut(stream: Any, **more: Any) -> list[Record]:
    return [record for batch in split_blocks(stream, begins=begins, **more) for record in batch]


def payloads(text: bytes, **more: Any) -> list[bytes]:
    return [record.payload for record in cut(io.BytesIO(text), **more)]


def test_a_record_begins_where_its_format_says() -> None:
    text = b"lost\nlines\n\n#a\r\nmore\n\r\nand\n\n\n##b\n#c\n#d\n\n"
    assert payloads(text) == [b"lost\nlines", b"#a\r\nmore\n\r\nand", b"##b\n#c", b"#d"]


def test_a_record_stops_growing_at_its_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "CONTINUED_BYTES", 6)
    assert payloads(b"#a\nbbb\nc\nd\n") == [b"#a\nbbb", b"c\nd"]
    assert payloads(b"#a\nbbb\n\nc\n") == [b"#a\nbbb", b"c"]
    assert payloads(b"#a" + b"\n" * 9 + b"c") == [b"#a", b"c"]
    assert payloads(b"#aaaaaaaaaa\nb\n#c") == [b"#aaaaaaaaaa", b"b", b"#c"]


def test_a_line_above_the_bound_of_all_records_is_pieces_of_its_own() -> None:
    assert payloads(b"#a\n" + b"x" * 20 + b"\nb\n", bound=8) == [b"#a", b"x" * 9, b"x" * 11, b"b"]


@given(
    lines=st.lists(st.sampled_from([b"#a", b"##b", b"#cc", b"x", b" y", b"", b"\r", b"zzzzzzzzzzzz"]), max_size=14),
    sizes=st.lists(st.integers(1, 9), min_size=1, max_size=3),
    bound=st.sampled_from([5, 1000]),
)
def test_any_reads_give_the_same_and_every_end_is_a_place_to_go_on_from(
    lines: list[bytes], sizes: list[int], bound: int, drip: Any, rebuilt: Any
) -> None:
    data = b"\n".join(lines)
    whole = cut(io.BytesIO(data), bound=bound)
    assert cut(drip(data, sizes), bound=bound) == whole
    assert rebuilt(data, [whole], 0) == data
    for index, record in enumerate(whole):
        end = record.offset + len(record.payload)
        assert data[record.offset : end] == record.payload
        assert cut(io.BytesIO(data[end:]), start=end, number=index + 1, bound=bound) == whole[index + 1 :]
