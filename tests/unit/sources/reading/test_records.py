from __future__ import annotations

import io
import time
from typing import Any, BinaryIO, cast

from hypothesis import given
from hypothesis import strategies as st

from vestige.model.errors import FormatError
from vestige.sources.contract import BATCH_BYTES, BATCH_RECORDS
from vestige.sources.reading.records import CONTINUED_BYTES, cut, split_lines

TEXT = st.lists(
    st.sampled_from([b"a", b"bc", b"\n", b"\n", b"\r\n", b" x", b"\ty", b"\0", b"\xff", b"\xef\xbb\xbf"]), max_size=60
).map(b"".join)
SIZES = st.lists(st.integers(1, 9), min_size=1, max_size=5)


def flat(batches: Any) -> Any:
    return [record for batch in batches for record in batch]


def test_the_separator_is_one_line_feed_and_a_carriage_return_stays() -> None:
    records = flat(split_lines(io.BytesIO(b"one\r\n\r\n\ntwo\nthree")))
    assert [tuple(record) for record in records] == [(b"one\r", 0, 0), (b"two", 8, 1), (b"three", 12, 2)]


def test_a_byte_order_mark_is_left_out_only_at_the_beginning() -> None:
    mark = b"\xef\xbb\xbf"
    assert [r.payload for r in flat(split_lines(io.BytesIO(mark + b"a\n" + mark + b"b")))] == [b"a", mark + b"b"]
    assert [tuple(r) for r in flat(split_lines(io.BytesIO(mark), start=7, number=3))] == [(mark, 7, 3)]


def test_nothing_gives_nothing() -> None:
    assert flat(split_lines(io.BytesIO(b""))) == []
    assert flat(split_lines(io.BytesIO(b"\n\r\n\n"))) == []


def test_nul_bytes_and_bytes_that_are_no_text_are_kept() -> None:
    odd = bytes(byte for byte in range(256) if byte not in b"\n\r")
    assert [r.payload for r in flat(split_lines(io.BytesIO(odd + b"\n" + odd)))] == [odd, odd]


@given(data=TEXT, sizes=SIZES, continued=st.booleans())
def test_any_reads_give_the_same_records_and_payloads_with_separators_give_the_input(
    data: bytes, sizes: list[int], continued: bool, drip: Any, rebuilt: Any
) -> None:
    whole = flat(split_lines(io.BytesIO(data), continued=continued))
    assert flat(split_lines(drip(data, sizes), continued=continued)) == whole
    assert rebuilt(data, [whole], 0) == data
    kept = sum(len(r.payload) for r in whole) + 3 * data.startswith(b"\xef\xbb\xbf")
    separators = data.count(b"\n") - sum(r.payload.count(b"\n") for r in whole)
    lone = sum(1 for line in data.removeprefix(b"\xef\xbb\xbf").split(b"\n") if line == b"\r")
    assert kept + separators + lone == len(data)


@given(data=TEXT, continued=st.booleans())
def test_resuming_at_any_record_gives_the_same_tail(data: bytes, continued: bool) -> None:
    whole = flat(split_lines(io.BytesIO(data), continued=continued))
    for index, record in enumerate(whole):
        for start, rest in ((record.offset + len(record.payload), whole[index + 1 :]), (record.offset, whole[index:])):
            if start:
                number = rest[0].number if rest else 99
                stream = io.BytesIO(data[start:])
                assert flat(split_lines(stream, start=start, number=number, continued=continued)) == rest


@given(data=TEXT, sizes=SIZES, bound=st.integers(1, 6))
def test_records_above_the_bound_become_pieces_that_show_it(
    data: bytes, sizes: list[int], bound: int, drip: Any, rebuilt: Any
) -> None:
    whole = flat(split_lines(io.BytesIO(data)))
    pieces = flat(split_lines(drip(data, sizes), bound=bound))
    assert rebuilt(data, [pieces], 0) == data
    assert [(r.payload, r.offset) for r in pieces if len(r.payload) <= bound] == [
        (r.payload, r.offset) for r in whole if len(r.payload) <= bound
    ]
    assert all(len(r.payload) < 2 * bound + 2 for r in pieces)


def test_cut_leaves_no_piece_as_short_as_a_record() -> None:
    assert cut(b"x" * 11, 5) == [b"x" * 11]
    assert cut(b"x" * 12, 5) == [b"x" * 6, b"x" * 6]
    assert [len(piece) for piece in cut(b"x" * 29, 5)] == [6, 6, 6, 11]


def test_indented_lines_continue_a_record_but_not_across_an_empty_line_or_without_end() -> None:
    data = b" first\nhead\n\tmore\n  and more\nnext\n\n indented\n"
    records = flat(split_lines(io.BytesIO(data), continued=True))
    assert [r.payload for r in records] == [b" first", b"head\n\tmore\n  and more", b"next", b" indented"]
    line = b"\t" + b"x" * (CONTINUED_BYTES // 4) + b"\n"
    joined = flat(split_lines(io.BytesIO(b"head\n" + line * 9), continued=True))
    assert len(joined) > 1
    assert all(len(r.payload) <= CONTINUED_BYTES for r in joined)


def test_batches_end_at_so_many_records_or_bytes() -> None:
    sizes = [len(batch) for batch in split_lines(io.BytesIO(b"x\n" * (2 * BATCH_RECORDS + 5)))]
    assert sizes == [BATCH_RECORDS, BATCH_RECORDS, 5]
    line = b"y" * (3 << 20)
    batches = list(split_lines(io.BytesIO(b"\n".join([line] * 5))))
    assert [len(batch) for batch in batches] == [2, 2, 1]
    assert all(sum(len(r.payload) for r in batch) <= BATCH_BYTES for batch in batches)


def test_what_can_be_read_comes_before_the_error(drip: Any, payloads_until_error: Any) -> None:
    fault = FormatError("damaged", offset=7)
    assert payloads_until_error(split_lines(drip(b"one\ntw", [2], fault))) == ([b"one", b"tw"], fault)


def test_a_line_of_100_megabytes_is_one_record() -> None:
    class Long(io.RawIOBase):
        left = 100

        def read(self, _size: int = -1, /) -> bytes:
            self.left -= 1
            return b"x" * 1_000_000 if self.left >= 0 else b"\nend" if self.left == -1 else b""

    started = time.process_time()
    records = flat(split_lines(cast("BinaryIO", Long())))
    assert [(len(r.payload), r.offset) for r in records] == [(100_000_000, 0), (3, 100_000_001)]
    assert time.process_time() - started < 30
