from __future__ import annotations

import io
import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestige.model.errors import FormatError
from vestige.sources.reading.json_split import find_wrapper, is_wrapper, scan_sample, split_document

SCALARS = st.none() | st.booleans() | st.integers(-9, 99) | st.text(st.sampled_from('a"\\{}[],:é\n'), max_size=6)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", 'c"}']), inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.lists(st.dictionaries(st.sampled_from(["a", "b", "[c"]), VALUES, max_size=3), max_size=6)
SIZES = st.lists(st.integers(1, 7), min_size=1, max_size=4)
PRINTERS = st.sampled_from([orjson.dumps, lambda v: json.dumps(v, indent=2).encode(), lambda v: json.dumps(v).encode()])


def flat(batches: Any) -> Any:
    return [record for batch in batches for record in batch]


def payloads(data: bytes, wrapper: str = "") -> list[bytes]:
    return [record.payload for record in flat(split_document(io.BytesIO(data), wrapper=wrapper))]


@given(values=OBJECTS, printer=PRINTERS, sizes=SIZES)
def test_elements_of_an_array_are_exact_slices_whatever_the_reads(
    values: Any, printer: Any, sizes: list[int], drip: Any, rebuilt: Any
) -> None:
    data = printer(values)
    records = flat(split_document(drip(data, sizes)))
    assert [orjson.loads(record.payload) for record in records] == values
    assert all(data[r.offset : r.offset + len(r.payload)] == r.payload for r in records)
    assert rebuilt(data, [records], 0) == data
    left = bytearray(data)
    for record in reversed(records):
        del left[record.offset : record.offset + len(record.payload)]
    assert not bytes(left).strip(b" \n\r\t[],")


@given(values=OBJECTS, printer=PRINTERS, sizes=SIZES, more=st.booleans())
def test_a_wrapper_is_taken_off_and_its_other_members_are_kept(
    values: Any, printer: Any, sizes: list[int], more: Any, drip: Any
) -> None:
    document: dict[str, object] = (
        {"next": "t", "Records": values, "n": {"z": [1, "]}"]}} if more else {"Records": values}
    )
    data = printer(document)
    records = flat(split_document(drip(data, sizes), wrapper="Records"))
    around = [record for record in records if is_wrapper(record.payload)]
    assert [orjson.loads(record.payload) for record in records if not is_wrapper(record.payload)] == values
    assert len(around) == (2 if more else 0)
    left = bytearray(data)
    for record in reversed(records):
        del left[record.offset : record.offset + len(record.payload)]
    assert not bytes(left).replace(b'"Records"', b"").strip(b" \n\r\t[]{},:")


@given(
    documents=st.lists(OBJECTS, max_size=4), printer=PRINTERS, wrapped=st.booleans(), gap=st.sampled_from([b"", b"\n"])
)
def test_resuming_at_any_record_gives_the_same_tail(documents: Any, printer: Any, wrapped: bool, gap: bytes) -> None:
    shaped = [{"k": 1, "Records": values} for values in documents] if wrapped else documents
    data, wrapper = gap.join(map(printer, shaped)), "Records" if wrapped else ""
    whole = flat(split_document(io.BytesIO(data), wrapper=wrapper))
    for index, record in enumerate(whole):
        start = record.offset + len(record.payload)
        rest = flat(split_document(io.BytesIO(data[start:]), start=start, number=index + 1, wrapper=wrapper))
        assert rest == whole[index + 1 :]


@given(
    data=st.lists(st.sampled_from([b"{", b"}", b"[", b"]", b'"', b"\\", b",", b" ", b"1", b"a"]), max_size=40).map(
        b"".join
    ),
    sizes=SIZES,
    bound=st.integers(1, 5),
)
def test_any_bytes_are_cut_without_loss_and_alike(
    data: bytes, sizes: list[int], bound: int, drip: Any, rebuilt: Any
) -> None:
    whole = flat(split_document(io.BytesIO(data)))
    assert flat(split_document(drip(data, sizes))) == whole
    assert rebuilt(data, [whole], 0) == data
    pieces = flat(split_document(drip(data, sizes), bound=bound))
    assert pieces == flat(split_document(io.BytesIO(data), bound=bound))
    assert b"".join(r.payload for r in pieces) == b"".join(r.payload for r in whole)
    assert all(len(r.payload) < 2 * bound + 2 for r in pieces)


def test_pretty_printed_and_concatenated_values_are_records() -> None:
    data = b'{\n  "a": 1\n}\n{"b": [1, {"c": "}"}]}{"d":2}\n\n[{"e":3}]'
    assert payloads(data) == [b'{\n  "a": 1\n}', b'{"b": [1, {"c": "}"}]}', b'{"d":2}', b'{"e":3}']


def test_scalars_and_what_is_no_json_become_records_of_their_own() -> None:
    assert payloads(b'[1, "a,]", null, [2], rubbish here]') == [b"1", b'"a,]"', b"null", b"[2]", b"rubbish", b"here"]
    assert payloads(b'[{"a":1}, {"torn": "va') == [b'{"a":1}', b'{"torn": "va']


@pytest.mark.parametrize("depth", [7, 8, 9, 100, 10_000])
def test_depth_costs_nothing_but_time(depth: int) -> None:
    deep = b'{"a":' * depth + b"1" + b"}" * depth
    assert payloads(b"[" + deep + b', {"b":2}]') == [deep, b'{"b":2}']


def test_what_can_be_read_comes_before_the_error(drip: Any, payloads_until_error: Any) -> None:
    found, error = payloads_until_error(split_document(drip(b'[{"a":1},{"b":', [3], FormatError("damaged"))))
    assert found == [b'{"a":1}', b'{"b":']
    assert isinstance(error, FormatError)


def test_a_byte_order_mark_is_no_record() -> None:
    records = flat(split_document(io.BytesIO(b'\xef\xbb\xbf[{"a":1}]')))
    assert [tuple(record) for record in records] == [(b'{"a":1}', 4, 0)]


def test_a_wrapper_is_found_behind_scalars_only() -> None:
    assert find_wrapper(b'{"Records": [ {"a":1}]}') == ("Records", b"")
    assert find_wrapper(b'{"@odata.context":"x","value":[{') == ("value", b'"@odata.context":"x",')
    assert find_wrapper(b'{"a":{"b":1},"value":[{') == ("", b"")
    assert find_wrapper(b'{"value":[1,2]}') == ("", b"")


def test_is_wrapper_tells_what_stands_around_records_from_damage() -> None:
    assert is_wrapper(b'{"next":"t","Records":')
    assert is_wrapper(b',"n":1}')
    assert not is_wrapper(b'{"a":1}')
    assert not is_wrapper(b'{"a"')
    assert not is_wrapper(b"x}")


def test_a_sample_shows_whole_values_only() -> None:
    assert scan_sample(b'[{"a":1},{"b":2},{"c"', "", complete=False) == [b'{"a":1}', b'{"b":2}']
    assert scan_sample(b'[{"a":1},{"c"', "", complete=True) == [b'{"a":1}', b'{"c"']


def test_behind_a_damaged_document_resuming_cuts_as_reading_on_does(rebuilt: Any) -> None:
    whole = b'{"Records":[{"a":1}]}'
    data = b'{"Records":[{\x00a":1}]}\n{\x00Records":[{"a":1}]}\n' + whole + b"\n[" + whole + b', {"b":2}] ' + whole
    records = [r for batch in split_document(io.BytesIO(data), wrapper="Records") for r in batch]
    assert rebuilt(data, [records], 0) == data
    for index, record in enumerate(records):
        start = record.offset + len(record.payload)
        rest = split_document(io.BytesIO(data[start:]), start=start, number=index + 1, wrapper="Records")
        assert [r for batch in rest for r in batch] == records[index + 1 :]
