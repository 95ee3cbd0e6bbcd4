"""From a payload to a JSON object, and the text that becomes an event's attributes. Shared by all JSON formats."""

from __future__ import annotations

import json
import math
import re
from contextlib import suppress

import orjson

from vestige.model.event import Skipped, Unparsed
from vestige.model.nesting import TOO_DEEP, too_deep
from vestige.sources.contract import MAX_RECORD
from vestige.sources.reading.json_split import is_wrapper

_ESCAPE = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?P<lone>\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\."
)
_NO_OBJECT = "{} instead of a JSON object"
_LONG_FRACTION = re.compile(rb"\.\d{7,}\s*[,}\]]")
"""A number with more decimals than a float of this century's seconds can hold."""
LARGE = 16 << 20
"""Bytes above which a record's parts are counted before it is taken apart."""
DECLARED = "declared"
"""In a context: every object is a declared event, checked before it was appended."""
REPEATED = "json:duplicate_keys"
"""The tag of an event whose record states a name twice: the last value counts, the text keeps both."""
_ODD_COLON = re.compile(rb"""[ \t\n\r]:|\\\\":""")
"""A colon that may end a name otherwise than right behind its quote, or a quote that is or is not escaped."""
_DIGITS = 19
"""Of a whole number that may not fit 64 bits."""
_PARTS = 4_000_000
"""Values above which a large record is not taken apart: each costs tens of bytes of memory."""


def read_object(payload: bytes) -> tuple[dict[str, object], str, bool] | Unparsed | Skipped:
    """The object in a payload, its text, and whether the text had to be changed to be readable.

    The text is the payload itself where that is UTF-8; keys that come twice stay in it, though the object holds only
    the last. Bytes that are no UTF-8 and halves of surrogate pairs are replaced in the text, for views only.
    """
    try:
        value = orjson.loads(payload) if len(payload) < LARGE else _large(payload)
        if isinstance(value, Unparsed):
            return value
        text, changed = payload.decode(), False
        if too_deep(text):
            return Unparsed(TOO_DEEP)
    except orjson.JSONDecodeError as error:
        return _second_try(payload, error)
    if type(value) is dict:
        return with_exact_numbers(payload, value), text.strip(), changed
    return Unparsed(_NO_OBJECT.format(_kind(value)))


def with_exact_numbers(payload: bytes, record: dict[str, object]) -> dict[str, object]:
    """The record, its numbers as their own text where a float would lose digits of them.

    ``1764086400.123456789`` is a time to the nanosecond; as a float it is one to some hundred of them.
    """
    if _LONG_FRACTION.search(payload) is None:
        return record
    try:
        exact = json.loads(payload, parse_float=str)
    except (ValueError, RecursionError):
        return record
    return exact if type(exact) is dict else record


def _large(payload: bytes) -> object:
    if len(payload) > MAX_RECORD:
        return Unparsed(f"a piece of a record longer than {MAX_RECORD} bytes; all pieces are kept")
    if payload.count(b",") + payload.count(b"[") + payload.count(b"{") > _PARTS:
        return Unparsed(f"a JSON value of more than {_PARTS} parts is kept, not taken apart")
    return orjson.loads(payload)


def _second_try(
    payload: bytes, error: orjson.JSONDecodeError
) -> tuple[dict[str, object], str, bool] | Unparsed | Skipped:
    if len(payload) > MAX_RECORD:
        return Unparsed(f"a piece of a record longer than {MAX_RECORD} bytes; all pieces are kept")
    bare = payload.strip()
    if not bare:
        return Skipped("an empty line")
    if is_wrapper(bare):
        return Skipped("what stands around the records of a JSON document")
    text = bare.decode("utf-8", "replace")
    mended = _ESCAPE.sub(lambda found: "\\ufffd" if found["lone"] else found[0], text)
    if mended.encode() == bare:
        return _with_large_numbers(text, f"not JSON: {error.msg} at character {error.pos}")
    try:
        value = orjson.loads(mended)
    except orjson.JSONDecodeError as second:
        return Unparsed(f"not JSON: {second.msg} at character {second.pos}")
    return (value, mended, True) if isinstance(value, dict) else Unparsed(_NO_OBJECT.format(_kind(value)))


def _with_large_numbers(text: str, reason: str) -> tuple[dict[str, object], str, bool] | Unparsed:
    """JSON whose numbers are larger than any of ours: they stay as text. ``NaN`` and ``Infinity`` are no JSON."""
    try:
        value = json.loads(text, parse_int=_whole, parse_float=_fraction, parse_constant=_no_number)
    except ArithmeticError as error:
        return Unparsed(f"not JSON: {error}")
    except (ValueError, RecursionError):
        return Unparsed(reason)
    return (value, orjson.dumps(value).decode(), False) if type(value) is dict else Unparsed(reason)


def _whole(text: str) -> int | str:
    return int(text) if len(text) < _DIGITS else text


def _fraction(text: str) -> float | str:
    return text if math.isinf(number := float(text)) else number


def _no_number(word: str) -> object:
    raise ArithmeticError(f"{word} is no JSON number")


def numbers_as_written(payload: bytes, record: dict[str, object]) -> dict[str, object]:
    """The record with its numbers as their own text; as it is, if it cannot be read so."""
    try:
        exact = json.loads(payload, parse_float=str, parse_int=str)
    except (ValueError, RecursionError):
        return record
    return exact if type(exact) is dict else record


def repeats_a_key(payload: bytes, record: dict[str, object]) -> bool:
    """Whether an object in a payload, or one within it, states a name twice; ``record`` holds the last value of each.

    Nearly always told by counting: as many names as in the record are in the payload, if each ends in ``":`` and
    nothing else does but an escaped quote in a text.
    """
    if _ODD_COLON.search(payload) is None:
        named = payload.count(b'":')
        if b"\\" in payload:
            named -= payload.count(b'\\":')
        # What is nested too deeply to be walked over is left to the reader below, which stops by itself.
        with suppress(RecursionError):
            if named == len(record) or named == _names_in(record):
                return False
    found = False

    def look(pairs: list[tuple[str, object]]) -> None:
        nonlocal found
        found = found or len({name for name, _ in pairs}) < len(pairs)

    try:
        json.loads(payload, object_pairs_hook=look, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return False
    return found


def _names_in(value: dict[str, object]) -> int:
    total = len(value)
    for item in value.values():
        kind = type(item)
        if kind is dict:
            total += _names_in(item)  # type: ignore[arg-type]
        elif kind is list:
            total += _names_in_list(item)  # type: ignore[arg-type]
    return total


def _names_in_list(value: list[object]) -> int:
    total = 0
    for item in value:
        if isinstance(item, dict):
            total += _names_in(item)
        elif isinstance(item, list):
            total += _names_in_list(item)
    return total


def _kind(value: object) -> str:
    if isinstance(value, str):
        return "a JSON string"
    if isinstance(value, list):
        return "a JSON array"
    if value is None or isinstance(value, bool):
        return "a JSON literal"
    return "a JSON number"
