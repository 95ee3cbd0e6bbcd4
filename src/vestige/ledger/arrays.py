"""Columns as PostgreSQL's binary arrays: many rows in one INSERT, at the cost of a COPY.

Row-level security allows no COPY into a table, but an INSERT, which it checks row by row. With a parameter for each
column (``INSERT … SELECT … FROM unnest(…)``) that takes one statement, and as long as a COPY of the same rows
(docs/adr/0008). Arrays are packed here column by column, because one buffer costs less than a call per value.

The format (``src/backend/utils/adt/arrayfuncs.c``, ``array_recv``), in network order: number of dimensions, whether
there are nulls, type of the elements; per dimension its length and lower bound; then each value after its 32-bit
length, -1 for null.
"""

from __future__ import annotations

import struct
from itertools import chain, repeat
from typing import TYPE_CHECKING, Final

import psycopg
from psycopg.adapt import Dumper
from psycopg.pq import Format

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_HEAD: Final = struct.Struct(">iiiii")
_LENGTH: Final = struct.Struct(">i")
_BIGINT: Final = struct.Struct(">iq")
_NULL: Final = b"\xff\xff\xff\xff"
_INT8, _TEXT, _BYTEA = 20, 25, 17
"""Types of elements, by their numbers in ``pg_type``."""


class Array:
    """One packed array: what a statement takes as a parameter."""

    __slots__ = ("data",)

    def __init__(self, element: int, count: int, values: Iterable[bytes], *, nulls: bool = False) -> None:
        self.data = b"".join((_HEAD.pack(1, nulls, element, count, 1), *values))


class Bigints(Array):
    """``bigint[]``."""

    def __init__(self, values: Sequence[int]) -> None:
        super().__init__(_INT8, len(values), map(_BIGINT.pack, repeat(8), values))


class Texts(Array):
    """``text[]``."""

    def __init__(self, values: Sequence[str]) -> None:
        encoded = list(map(str.encode, values))
        super().__init__(_TEXT, len(encoded), _fields(encoded))


class Words(Array):
    """``text[]`` of few values, each as often as is said."""

    def __init__(self, runs: Sequence[tuple[str, int]]) -> None:
        fields = ((_LENGTH.pack(len(word)) + word) * count for word, count in ((w.encode(), n) for w, n in runs))
        super().__init__(_TEXT, sum(count for _, count in runs), fields)


class Blobs(Array):
    """``bytea[]``."""

    def __init__(self, values: Sequence[bytes]) -> None:
        super().__init__(_BYTEA, len(values), _fields(values))


class MaybeBlobs(Array):
    """``bytea[]`` with nulls in it."""

    def __init__(self, values: Sequence[bytes | None]) -> None:
        super().__init__(_BYTEA, len(values), map(_field, values), nulls=True)


class MaybeTexts(Array):
    """``text[]`` with nulls in it."""

    def __init__(self, values: Sequence[str | None]) -> None:
        encoded = (None if value is None else value.encode() for value in values)
        super().__init__(_TEXT, len(values), map(_field, encoded), nulls=True)


def _fields(values: Sequence[bytes]) -> Iterable[bytes]:
    return chain.from_iterable(zip(map(_LENGTH.pack, map(len, values)), values, strict=True))


def _field(value: bytes | None) -> bytes:
    return _NULL if value is None else _LENGTH.pack(len(value)) + value


class _Packed(Dumper):
    """Hands an array over as it is."""

    format = Format.BINARY

    def dump(self, obj: Array) -> bytes:
        return obj.data


class _Int8s(_Packed):
    oid = 1016


class _TextArray(_Packed):
    oid = 1009


class _Byteas(_Packed):
    oid = 1001


for _cls, _dumper in (
    (Bigints, _Int8s),
    (Texts, _TextArray),
    (Words, _TextArray),
    (MaybeTexts, _TextArray),
    (Blobs, _Byteas),
    (MaybeBlobs, _Byteas),
):
    psycopg.adapters.register_dumper(_cls, _dumper)
