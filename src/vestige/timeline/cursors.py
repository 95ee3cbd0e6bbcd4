"""Cursors: opaque to whoever holds one, and good for the list they came from and no other.

The bytes are a version, the direction, the place of an event (its time, seq and sub) and eight bytes of a digest over
everything that shapes the list (log, query, bounds, order, lane), in base64url. They hold nothing
the holder has not seen, so they are checked but not signed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import struct
from typing import Final, NamedTuple

from vestige.model.errors import UsageError

_SHAPE: Final = struct.Struct(">B?qQH8s")
_VERSION: Final = 1


class Place(NamedTuple):
    """Where an event stands in the order of time."""

    occurred_at: int
    seq: int
    sub: int


class Cursor(NamedTuple):
    """A page's starting point: the events beyond ``place``, onward or back."""

    place: Place
    back: bool


def list_digest(*parts: object) -> bytes:
    """What a cursor is bound to: the parts that shape a list."""
    return hashlib.sha256(repr(parts).encode("utf-8", "surrogatepass")).digest()[:8]


def encode(cursor: Cursor, digest: bytes) -> str:
    """The text of a cursor."""
    packed = _SHAPE.pack(_VERSION, cursor.back, *cursor.place, digest)
    return base64.urlsafe_b64encode(packed).decode("ascii").rstrip("=")


def decode(text: str, digest: bytes) -> Cursor:
    """Read a cursor back.

    Raises:
        UsageError: it is not one, or belongs to another list.
    """
    try:
        packed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        version, back, occurred_at, seq, sub, bound = _SHAPE.unpack(packed)
    except (binascii.Error, ValueError, struct.error):
        raise UsageError(
            "not a cursor", expected="the cursor of an earlier page", got=text[:60], field="cursor"
        ) from None
    if version != _VERSION or bound != digest:
        raise UsageError(
            "the cursor belongs to another list",
            expected="the same query, bounds and order as the page it came with",
            got=text[:60],
            hint="begin again without a cursor",
            field="cursor",
        )
    return Cursor(Place(occurred_at, seq, sub), back)
