"""Canonical JSON: known answers, an independent implementation as oracle, and everything that must be refused."""

from __future__ import annotations

import enum
import json
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vestige.model.errors import InputError, ProofError
from vestige.proof.canonical import MAX_DEPTH, MAX_INTEGER, canonical, parse_canonical, quote

VECTORS = json.loads((Path(__file__).parents[2] / "vectors/proof/rfc8785.json").read_text())

# A loaded machine is not a failure, and the first run builds tables of Unicode.
steady = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

keys = st.text(st.characters(max_codepoint=127), max_size=8)
values = st.recursive(
    st.text(max_size=12) | st.integers(-MAX_INTEGER, MAX_INTEGER) | st.booleans(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=20,
)
objects = st.dictionaries(keys, values, max_size=6)


@pytest.mark.parametrize("vector", VECTORS["vectors"], ids=lambda v: v["id"])
def test_published_vectors(vector: dict[str, str]) -> None:
    value = json.loads(vector["input"], parse_float=lambda text: int(float(text)))
    expected = vector["output"].encode()
    assert canonical(value) == expected
    assert parse_canonical(expected) == value


@pytest.mark.parametrize("vector", VECTORS["refused"], ids=lambda v: v["id"])
def test_canonical_forms_outside_our_type_set_are_refused(vector: dict[str, str]) -> None:
    with pytest.raises(ProofError):
        parse_canonical(vector["output"].encode())


@steady
@given(objects)
def test_agrees_with_an_independent_implementation(value: dict[str, Any]) -> None:
    encoded = canonical(value)
    assert encoded == rfc8785.dumps(value)
    assert parse_canonical(encoded) == value


@steady
@given(objects)
def test_one_value_has_one_spelling(value: dict[str, Any]) -> None:
    encoded = canonical(value)
    for other in (
        json.dumps(value).encode(),
        json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(),
        encoded + b"\n",
        b" " + encoded,
    ):
        if other != encoded:
            with pytest.raises(ProofError):
                parse_canonical(other)


@steady
@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_parsing_anything_raises_nothing_else(data: bytes) -> None:
    try:
        value = parse_canonical(data)
    except ProofError:
        return
    assert canonical(value) == data


@steady
@given(objects, st.data())
def test_a_changed_byte_is_refused_or_is_another_value(value: dict[str, Any], data: st.DataObject) -> None:
    encoded = bytearray(canonical(value))
    at = data.draw(st.integers(0, len(encoded) - 1))
    encoded[at] ^= data.draw(st.integers(1, 255))
    try:
        other = parse_canonical(bytes(encoded))
    except ProofError:
        return
    assert other != value


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b'{"a":1,"a":1}', "duplicate key"),
        (b'{"a":1,"a":2}', "duplicate key, other value"),
        (b'{"b":1,"a":1}', "order"),
        (b'{"a": 1}', "white space"),
        (b'{"a":1}\n', "white space after"),
        (b'\xef\xbb\xbf{"a":1}', "byte order mark"),
        (b'{"a":1.0}', "float"),
        (b'{"a":1e3}', "exponent"),
        (b'{"a":-0}', "negative zero"),
        (b'{"a":01}', "leading zero"),
        (b'{"a":9007199254740992}', "2**53"),
        (b'{"a":-9007199254740992}', "-2**53"),
        (b'{"a":' + b"9" * 5000 + b"}", "thousands of digits"),
        (b'{"a":null}', "null"),
        (b'{"a":NaN}', "not a number"),
        (b'{"a":Infinity}', "infinity"),
        (b'{"a":"\\u0041"}', "needless escape"),
        (b'{"a":"\\u000A"}', "long form of a short escape"),
        (b'{"a":"\\u001F"}', "upper-case escape"),
        (b'{"a":"\\/"}', "escaped solidus"),
        (b'{"a":"\n"}', "raw control character"),
        (b'{"a":"\\ud800"}', "lone surrogate"),
        (b'{"a":"\xed\xa0\x80"}', "surrogate in UTF-8"),
        (b'{"a":"\xff"}', "not UTF-8"),
        (b'{"a":"\xc0\x80"}', "overlong UTF-8"),
        ('{"é":1}'.encode(), "key beyond ASCII"),
        (b"{'a':1}", "not JSON"),
        (b'{"a":1}{}', "two values"),
        (b"", "nothing"),
        (b"[]", "a list"),
        (b'"a"', "a string"),
        (b"1", "a number"),
    ],
)
def test_refused_bytes(data: bytes, why: str) -> None:
    with pytest.raises(ProofError) as caught:
        parse_canonical(data)
    assert caught.value.expected, why
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    "data",
    [
        b"{}",
        b'{"a":9007199254740991,"b":-9007199254740991}',
        b'{"":"","A":[],"a":{},"b":[true,false,0]}',
        '{"a":"é\U0001f602\x7f\\u001f\\"\\\\/\\b\\t\\n\\f\\r"}'.encode(),
    ],
)
def test_accepted_bytes(data: bytes) -> None:
    assert canonical(parse_canonical(data)) == data


def nested(depth: int) -> Any:
    value: Any = "x"
    for level in range(depth):
        value = {"a": value} if level % 2 else [value]
    return {"a": value}


def test_nesting_is_bounded() -> None:
    deepest = nested(MAX_DEPTH - 1)
    assert parse_canonical(canonical(deepest)) == deepest
    with pytest.raises(InputError, match="deep"):
        canonical(nested(MAX_DEPTH))
    for depth in (MAX_DEPTH, 100_000):
        with pytest.raises(ProofError):
            parse_canonical(b'{"a":' + b"[" * depth + b"]" * depth + b"}")


def test_a_value_that_holds_itself_is_refused() -> None:
    value: list[Any] = []
    value.append(value)
    with pytest.raises(InputError, match="deep"):
        canonical(value)


@pytest.mark.parametrize(
    "value",
    [1.0, None, b"a", {"a": None}, [0.5], {"a": {"b": b""}}, {1: 2}, {"é": 1}, {("a",): 1}, 2**53, -(2**53), {1, 2}],
)
def test_values_outside_the_type_set(value: Any) -> None:
    with pytest.raises(InputError) as caught:
        canonical(value)
    assert caught.value.expected
    assert caught.value.got


def test_lone_surrogates_cannot_be_written() -> None:
    with pytest.raises(InputError, match="U\\+D800"):
        canonical({"a": "\ud800"})
    assert canonical({"a": "\U00010000"}) == '{"a":"\U00010000"}'.encode()


class Colour(enum.StrEnum):
    RED = "red"


class Number(enum.IntEnum):
    ONE = 1


def test_enumerations_and_tuples_are_their_plain_values() -> None:
    value: Any = {Colour.RED: (Colour.RED, Number.ONE, True)}
    assert canonical(value) == b'{"red":["red",1,true]}'


@steady
@given(st.text())
def test_quote_is_the_string_alone(text: str) -> None:
    assert quote(text).encode() == canonical(text)
