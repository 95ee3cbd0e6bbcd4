"""RFC 8785 canonical JSON, restricted to what is exact in every implementation.

Values are strings, integers with ``|n| < 2**53``, booleans, lists, and objects whose keys are ASCII. There are no
floats and no null: RFC 8785 section 3.2.2.3 prints numbers by ECMAScript's rules and section 3.2.3 sorts keys by
UTF-16 code units, and these are the two places where implementations are known to part. Inside the restriction the
bytes are the same for all of them.

Invariants:

* ``parse_canonical(canonical(v)) == v`` for every object ``v`` of the type set (tuples come back as lists).
* ``canonical(parse_canonical(b)) == b`` for every ``b`` it accepts: one value has one spelling. This alone refuses
  duplicate keys, white space, other key orders, other escapes, ``-0`` and everything outside the type set.
"""

from __future__ import annotations

import json
from json.encoder import encode_basestring
from typing import TYPE_CHECKING, NoReturn, TypeAlias

from vestige.model.errors import InputError, ProofError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Encodable: TypeAlias = "str | int | bool | Sequence[Encodable] | Mapping[str, Encodable]"
"""What :func:`canonical` takes."""

Value: TypeAlias = "str | int | bool | list[Value] | dict[str, Value]"
"""What :func:`parse_canonical` gives."""

MAX_INTEGER = 2**53 - 1
"""The greatest magnitude of an integer; above it, implementations that compute in doubles lose digits."""

MAX_DEPTH = 64
"""How deep lists and objects may nest; the outermost is at depth 1."""


def canonical(value: Encodable) -> bytes:
    """The one canonical encoding of a value.

    Raises:
        InputError: the value, or something in it, is outside the type set.
    """
    out: list[str] = []
    _write(value, out, 1)
    try:
        return "".join(out).encode()
    except UnicodeEncodeError as error:
        raise InputError(
            "a string cannot be written as canonical JSON",
            expected="Unicode text without lone surrogates",
            got=f"U+{ord(error.object[error.start]):04X}",
        ) from error


def quote(text: str) -> str:
    """One string as canonical JSON spells it, quotes included.

    For callers that build many objects of one shape; a lone surrogate passes and fails when the text is encoded.
    """
    return encode_basestring(text)


def _write(value: object, out: list[str], depth: int) -> None:
    if isinstance(value, str):
        out.append(encode_basestring(value))
    elif isinstance(value, bool):
        out.append("true" if value else "false")
    elif isinstance(value, int):
        if not -MAX_INTEGER <= value <= MAX_INTEGER:
            raise InputError(
                "an integer is too large for canonical JSON",
                expected=f"at most {MAX_INTEGER} in magnitude",
                got=f"an integer of {value.bit_length()} bits",
                hint="write it as a string",
            )
        out.append(int.__repr__(value))
    elif isinstance(value, dict):
        _write_object(value, out, depth)
    elif isinstance(value, list | tuple):
        _check_depth(depth)
        before = "["
        for item in value:
            out.append(before)
            _write(item, out, depth + 1)
            before = ","
        out.append("]" if value else "[]")
    else:
        raise InputError(
            "canonical JSON holds no such value",
            expected="a string, integer, boolean, list or object",
            got=type(value).__name__,
            hint="leave absent what has no value; write a fraction as a string or in a smaller unit",
        )


def _write_object(value: dict[object, object], out: list[str], depth: int) -> None:
    _check_depth(depth)
    keys = [key for key in value if isinstance(key, str) and key.isascii()]
    if len(keys) != len(value):
        wrong = next(key for key in value if key not in keys)
        raise InputError("an object key cannot be canonical", expected="ASCII text", got=repr(wrong)[:80])
    keys.sort()
    before = "{"
    for key in keys:
        item = value[key]
        if isinstance(item, str):  # most members are strings, and this saves each of them a call
            out.append(f"{before}{encode_basestring(key)}:{encode_basestring(item)}")
        else:
            out.append(f"{before}{encode_basestring(key)}:")
            _write(item, out, depth + 1)
        before = ","
    out.append("}" if value else "{}")


def _check_depth(depth: int) -> None:
    if depth > MAX_DEPTH:
        raise InputError("canonical JSON nests too deep", expected=f"at most {MAX_DEPTH} levels", got="more")


def parse_canonical(data: bytes) -> dict[str, Value]:
    """The object these bytes are the canonical encoding of.

    Raises:
        ProofError: the bytes are not UTF-8, not JSON, not an object, hold something outside the type set, or are
            another spelling than :func:`canonical` would give (duplicate keys, order, white space, escapes).
    """
    try:
        value = _DECODER.decode(data.decode())
        spelling = canonical(value)
    except InputError as error:
        raise ProofError(error.message, expected=error.expected, got=error.got) from error
    except (ValueError, RecursionError) as error:
        raise ProofError("the bytes are not canonical JSON", expected="RFC 8785", got=str(error)[:120]) from error
    if spelling != data:
        raise _difference(data, spelling)
    if not isinstance(value, dict):
        raise ProofError("canonical JSON of the wrong kind", expected="an object", got=type(value).__name__)
    return value


def _difference(data: bytes, spelling: bytes) -> ProofError:
    """The refusal of bytes that hold a good value but are not its spelling."""
    at = next((i for i, (a, b) in enumerate(zip(data, spelling, strict=False)) if a != b), len(spelling))
    return ProofError(
        f"the bytes are not canonical at offset {at}: a duplicate key, another order, white space or escape",
        expected=repr(spelling[at : at + 24]),
        got=repr(data[at : at + 24]),
    )


def _refuse_number(text: str) -> NoReturn:
    raise ProofError("canonical JSON holds integers only", expected="an integer", got=text[:40])


_DECODER = json.JSONDecoder(parse_float=_refuse_number, parse_constant=_refuse_number)
