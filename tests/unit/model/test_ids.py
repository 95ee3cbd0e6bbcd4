from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestige.model.ids import decode_ulid, encode_ulid, is_ulid, new_ulid, ulid_run

ULID = 2**128 - 1


def test_the_example_of_the_specification() -> None:
    assert decode_ulid("01ARZ3NDEKTSV4RRFFQ69G5FAV") >> 80 == 1_469_922_850_259
    assert encode_ulid(ULID) == "7ZZZZZZZZZZZZZZZZZZZZZZZZZ"


@given(st.integers(0, ULID), st.integers(0, ULID))
def test_text_reads_back_and_orders_as_the_value(a: int, b: int) -> None:
    assert decode_ulid(encode_ulid(a)) == a
    assert (encode_ulid(a) < encode_ulid(b)) == (a < b)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "01ARZ3NDEKTSV4RRFFQ69G5FA",
        "81ARZ3NDEKTSV4RRFFQ69G5FAV",
        "01ARZ3NDEKTSV4RRFFQ69G5FAU",
        "01arz3ndektsv4rrffq69g5fav",
    ],
)
def test_what_is_no_ulid_is_refused(text: str) -> None:
    assert not is_ulid(text)
    assert is_ulid(new_ulid(1_795_363_200_000))


@given(st.integers(0, ULID >> 2), st.integers(0, 2**47), st.integers(1, 3000))
def test_a_run_rises_strictly_and_ends_where_it_says(last: int, millis: int, count: int) -> None:
    ids, final = ulid_run(last, millis, count)
    values = [decode_ulid(text) for text in ids]
    assert len(values) == count
    assert values[0] > last
    assert all(b == a + 1 for a, b in itertools.pairwise(values))
    assert values[-1] == final


def test_a_run_carries_over_its_table() -> None:
    start = (5 << 80) + 0xFFFFF - 2
    ids, final = ulid_run(start, 0, 10)
    assert [decode_ulid(text) for text in ids] == list(range(start + 1, start + 11))
    assert final == start + 10


def test_a_clock_that_went_back_does_not_turn_the_run() -> None:
    first, final = ulid_run(0, 2_000_000_000_000, 2)
    second, _ = ulid_run(final, 1_000_000_000_000, 2)
    assert first[-1] < second[0]
