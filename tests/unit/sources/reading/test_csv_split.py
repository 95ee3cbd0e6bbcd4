from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestige.model.errors import FormatError
from vestige.sources.reading.csv_split import cells_of, scan_rows, split_table

CELLS = st.text(st.sampled_from('ab,";\n\t |é'), max_size=5)
ROWS = st.lists(st.lists(CELLS, min_size=2, max_size=4), max_size=8)
SIZES = st.lists(st.integers(1, 9), min_size=1, max_size=4)
RAW = st.lists(st.sampled_from([b'"', b",", b"\n", b"a", b'""', b"\r\n", b"\0", b"\xff"]), max_size=40).map(b"".join)


def flat(batches: Any) -> Any:
    return [record for batch in batches for record in batch]


@given(rows=ROWS, delimiter=st.sampled_from(",;\t|"), sizes=SIZES)
def test_what_the_standard_writer_writes_is_cut_and_read_the_same(
    rows: list[list[str]], delimiter: str, sizes: list[int], drip: Any, rebuilt: Any
) -> None:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\n", quoting=csv.QUOTE_MINIMAL).writerows(rows)
    data = out.getvalue().encode()
    records = flat(split_table(drip(data, sizes), delimiter=delimiter))
    assert rebuilt(data, [records], 0) == data
    assert [cells_of(record.payload.decode(), delimiter) for record in records] == rows


@given(data=RAW, sizes=SIZES, quoted=st.integers(4, 30))
def test_any_bytes_are_cut_without_loss_and_alike(
    data: bytes, sizes: list[int], quoted: int, drip: Any, rebuilt: Any
) -> None:
    whole = flat(split_table(io.BytesIO(data), quoted=quoted))
    assert flat(split_table(drip(data, sizes), quoted=quoted)) == whole
    assert rebuilt(data, [whole], 0) == data
    for index, record in enumerate(whole):
        start = record.offset + len(record.payload)
        tail = flat(split_table(io.BytesIO(data[start:]), start=start, number=index + 1, quoted=quoted))
        assert tail == whole[index + 1 :]


@given(data=RAW, sizes=SIZES, bound=st.integers(1, 5))
def test_rows_above_the_bound_become_pieces_that_show_it(data: bytes, sizes: list[int], bound: int, drip: Any) -> None:
    whole = flat(split_table(io.BytesIO(data), quoted=8))
    pieces = flat(split_table(drip(data, sizes), bound=bound, quoted=8))
    assert b"".join(r.payload for r in pieces) == b"".join(r.payload for r in whole)
    assert all(len(r.payload) < 2 * bound + 2 for r in pieces)


def test_one_stray_quote_does_not_swallow_the_rest() -> None:
    data = b'a,"unclosed\nb,5" disk\nc,"two\nlines"\n'
    assert [r.payload for r in flat(split_table(io.BytesIO(data)))] == [b'a,"unclosed\nb,5" disk', b'c,"two\nlines"']
    data = b'a,"unclosed\n' + b"b,c\n" * 10
    assert len(flat(split_table(io.BytesIO(data)))) == 11
    assert len(flat(split_table(io.BytesIO(b'a,5" disk\nb,c\n')))) == 2


def test_a_long_line_without_end_is_one_record() -> None:
    records = flat(split_table(io.BytesIO(b"a," + b"x" * 5_000_000 + b"\nb,c"), number=4))
    assert [(len(r.payload), r.offset, r.number) for r in records] == [(5_000_002, 0, 4), (3, 5_000_003, 5)]


def test_what_can_be_read_comes_before_the_error(drip: Any, payloads_until_error: Any) -> None:
    found, error = payloads_until_error(split_table(drip(b'a,b\nc,"d', [3], FormatError("damaged"))))
    assert found == [b"a,b", b'c,"d']
    assert isinstance(error, FormatError)


def test_cells() -> None:
    assert cells_of('a,"b ""c"", d",,e\r', ",") == ["a", 'b "c", d', "", "e"]
    assert cells_of("", ",") == [""]
    for broken in ('a,"b', 'a,"b"c,d'):
        with pytest.raises(ValueError, match=r"expected|unexpected"):
            cells_of(broken, ",")
    large = "x" * 200_000
    assert cells_of(f'"{large}","b ""c"""', ",") == [large, 'b "c"']
    with pytest.raises(ValueError, match="quotes"):
        cells_of(f'"{large}" y,b', ",")


def test_a_sample_shows_whole_rows_only() -> None:
    assert scan_rows(b"a,b\nc,d\ne", ",", complete=False) == (b"a,b", b"c,d")
    assert scan_rows(b"a,b\nc,d\ne", ",", complete=True) == (b"a,b", b"c,d", b"e")
