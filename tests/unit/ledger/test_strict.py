from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestige.ledger.strict import read_leaf
from vestige.model.errors import ProofError
from vestige.proof import canonical

GOOD: dict[str, Any] = {
    "acq": "A",
    "at": "2026-11-22T16:00:00.123456Z",
    "c": "0f" * 32,
    "id": "01M81ZRQ7P6MS8H8NQYVD7JX5C",
    "kind": "evidence",
    "len": 5,
    "log": "vestige.example/t/01KAP00000000000000000TENA/0",
    "mt": "text/plain",
    "n": 1,
    "off": 7,
    "refs": ["01M81ZRQ7P6MS8H8NQYVD7JX5C"],
    "sep": "boot",
    "seq": 3,
    "src": "S",
    "sseq": 4,
    "v": 1,
}
DATA = canonical(GOOD)


def test_a_good_leaf_is_read() -> None:
    assert read_leaf(DATA) == GOOD
    small = {name: GOOD[name] for name in ("at", "c", "id", "kind", "len", "log", "mt", "refs", "seq", "v")}
    assert read_leaf(canonical(small)) == small


@pytest.mark.parametrize(
    "changes",
    [
        {"extra": 1},
        {"v": 2},
        {"v": "1"},
        {"kind": "other"},
        {"kind": ""},
        {"c": "0F" * 32},
        {"c": "00"},
        {"id": "01m81zrq7p6ms8h8nqyvd7jx5c"},
        {"at": "2026-11-22T16:00:00Z"},
        {"at": "2026-11-22T16:00:00.123456+00:00"},
        {"len": -1},
        {"len": True},
        {"len": "5"},
        {"n": 2**53},
        {"off": -3},
        {"seq": [1]},
        {"refs": "x"},
        {"refs": [1]},
        {"refs": ["r"] * 17},
        {"src": ""},
        {"src": 5},
        {"mt": ["x"]},
        {"sseq": -1},
    ],
    ids=str,
)
def test_a_wrong_field_is_refused(changes: dict[str, Any]) -> None:
    data = json.dumps({**GOOD, **changes}, sort_keys=True, separators=(",", ":")).encode()
    with pytest.raises(ProofError):
        read_leaf(data)


@pytest.mark.parametrize("name", ["at", "c", "id", "kind", "len", "log", "mt", "refs", "seq", "v"])
def test_a_missing_field_is_refused(name: str) -> None:
    with pytest.raises(ProofError, match=name):
        read_leaf(canonical({key: value for key, value in GOOD.items() if key != name}))


def test_an_epoch_needs_its_number() -> None:
    with pytest.raises(ProofError, match="epoch"):
        read_leaf(canonical({key: value for key, value in GOOD.items() if key != "sseq"}))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"null",
        b'"x"',
        b"{",
        DATA + b" ",
        b" " + DATA,
        DATA.replace(b'"n":1', b'"n":1.0'),
        DATA.replace(b'"n":1', b'"n":1e0'),
        DATA.replace(b'"n":1', b'"n": 1'),
        DATA.replace(b'"n":1', b'"n":null'),
        DATA.replace(b'"n":1', b'"n":1,"n":1'),
        DATA.replace(b'"src":"S"', b'"src":"\\u0053"'),
        DATA.replace(b'"len":5,"log"', b'"log"').replace(b'"v":1', b'"v":1,"len":5'),
        DATA.replace(b'"S"', b'"\xff"'),
        DATA.replace(b'"S"', b'"' + b"s" * 5000 + b'"'),
        json.dumps(GOOD).encode(),
        json.dumps(GOOD, separators=(",", ":")).encode()[:-1],
    ],
    ids=range(18),
)
def test_another_spelling_is_refused(data: bytes) -> None:
    with pytest.raises(ProofError):
        read_leaf(data)


@given(st.integers(0, len(DATA) * 8 - 1))
def test_every_flipped_bit_is_refused_or_another_good_leaf(bit: int) -> None:
    data = bytearray(DATA)
    data[bit // 8] ^= 1 << bit % 8
    try:
        fields = read_leaf(bytes(data))
    except ProofError:
        return
    assert canonical(fields) == bytes(data)
    assert fields != GOOD


@given(st.binary(max_size=200))
def test_bytes_are_refused_and_nothing_else_is_raised(data: bytes) -> None:
    with pytest.raises(ProofError):
        read_leaf(data)
