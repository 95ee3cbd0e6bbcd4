"""Reading one leaf strictly: canonical bytes, known fields, right types (ledger.md sections 2 and 7).

This is the verifier's reading, so it takes nothing from :mod:`vestige.ledger.leaves`. Canonical is checked by decoding
and encoding again: a duplicate key, other spacing, another escape or a float comes out as other bytes, and the order of
keys is fixed by the list of shapes a leaf may have.
"""

from __future__ import annotations

import re
from typing import TypeAlias

import orjson

from vestige.ledger.models import MAX_LEAF, MAX_REFS, Kind
from vestige.model.errors import ProofError
from vestige.model.ids import is_ulid

Fields: TypeAlias = "dict[str, str | int | list[str]]"

_REQUIRED = ("at", "c", "id", "kind", "len", "log", "mt", "refs", "seq", "v")
_TEXTS = ("acq", "at", "c", "id", "kind", "log", "mt", "sep", "src")
_NUMBERS = ("len", "n", "off", "seq", "sseq", "v")
_KNOWN = frozenset((*_TEXTS, *_NUMBERS, "refs"))
_KINDS = frozenset(kind.value for kind in Kind)
_AT = re.compile(r"[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]\.[0-9]{6}Z")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_LIMIT = 2**53

_TYPES = dict.fromkeys(_TEXTS, str) | dict.fromkeys(_NUMBERS, int) | {"refs": list}

_shapes: dict[tuple[str, ...], tuple[type, ...]] = {}
"""Orders of keys that were found right, and of what types their values are; a log has a handful."""


def read_leaf(data: bytes) -> Fields:
    """The fields of a leaf.

    Raises:
        ProofError: too long, not canonical, an unknown or missing field, or a value of the wrong kind.
    """
    if len(data) > MAX_LEAF:
        raise ProofError("the leaf is too long", expected=f"at most {MAX_LEAF} bytes", got=str(len(data)))
    try:
        fields = orjson.loads(data)
    except ValueError as error:
        raise ProofError("the leaf is not JSON", expected="canonical JSON", got=str(error)[:120]) from error
    if not isinstance(fields, dict) or orjson.dumps(fields) != data:
        raise ProofError("the leaf is not canonical", expected="RFC 8785", got=repr(data[:120]))
    shape = tuple(fields)
    types = _shapes.get(shape)
    if types is None:
        _check_shape(shape)
        types = _shapes[shape] = tuple(_TYPES[name] for name in shape)
    if tuple(map(type, fields.values())) != types or "" in fields.values():
        _check_types(fields)
    numbers = [value for value in fields.values() if value.__class__ is int]
    if min(numbers) < 0 or max(numbers) >= _LIMIT:
        name = next(name for name in _NUMBERS if not 0 <= fields.get(name, 0) < _LIMIT)
        raise _wrong(name, "0 to 2**53 - 1", fields[name])
    _check_values(fields)
    return fields


def _check_shape(shape: tuple[str, ...]) -> None:
    unknown = set(shape) - _KNOWN
    missing = set(_REQUIRED) - set(shape)
    if unknown or missing:
        raise ProofError(
            "the leaf has other fields than a leaf has",
            expected=f"no unknown and all of {', '.join(_REQUIRED)}",
            got=f"unknown: {', '.join(sorted(unknown)) or 'none'}; missing: {', '.join(sorted(missing)) or 'none'}",
        )
    if list(shape) != sorted(shape):
        raise ProofError("the leaf is not canonical", expected="keys in order", got=",".join(shape))
    if "sep" in shape and "sseq" not in shape:
        raise ProofError("a sender's epoch without its number", expected="sseq", got="sep alone")


def _check_types(fields: dict[str, object]) -> None:
    for name, value in fields.items():
        if value.__class__ is not _TYPES[name] or value == "":
            expected = {str: "a text", int: "0 to 2**53 - 1"}.get(_TYPES[name], f"at most {MAX_REFS} texts")
            raise _wrong(name, expected, value)


def _check_values(fields: Fields) -> None:
    refs = fields["refs"]
    if not isinstance(refs, list) or len(refs) > MAX_REFS or (refs and not all(isinstance(ref, str) for ref in refs)):
        raise _wrong("refs", f"at most {MAX_REFS} texts", refs)
    if fields["v"] != 1:
        raise _wrong("v", "1", fields["v"])
    if fields["kind"] not in _KINDS:
        raise _wrong("kind", "a known kind", fields["kind"])
    if not _DIGEST.fullmatch(str(fields["c"])):
        raise _wrong("c", "64 lower-case hexadecimal digits", fields["c"])
    if not _AT.fullmatch(str(fields["at"])):
        raise _wrong("at", "UTC with six fractional digits", fields["at"])
    if not is_ulid(str(fields["id"])):
        raise _wrong("id", "a ULID", fields["id"])


def _wrong(name: str, expected: str, got: object) -> ProofError:
    return ProofError(f"the leaf's {name} is wrong", expected=expected, got=repr(got)[:80], field=name)
