"""Where a list of correlations goes on: opaque to whoever holds one, and good for the list it came from and no other.

The text is base64url of a JSON array: a version, a digest of everything that shapes the list (log, filters, order), and
the place in it. It holds nothing its holder has not seen, so it is checked but not signed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from typing import TYPE_CHECKING, Any, Final

from vestige.model.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

_VERSION: Final = 1
LONGEST: Final = 8192
"""Characters: a key's value has 1,024 at most, each of up to four bytes, and JSON and base64 add to it."""


def encode(place: Sequence[int | str], *shape: object) -> str:
    """The text of a cursor: a place in the list that ``shape`` describes."""
    packed = json.dumps([_VERSION, _digest(shape), *place], ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(packed.encode("utf-8", "surrogatepass")).decode("ascii").rstrip("=")


def decode(text: str, kinds: Sequence[type], *shape: object) -> list[Any]:
    """Read a place back; its parts are of the kinds given.

    Raises:
        UsageError: the text is no cursor, or belongs to another list.
    """
    place = _place(text, kinds)
    if place is None:
        raise UsageError("not a cursor", expected="the cursor of an earlier page", got=text[:60], field="cursor")
    digest, *parts = place
    if digest != _digest(shape):
        raise UsageError(
            "the cursor belongs to another list",
            expected="the same filters, bounds and order as the page it came with",
            got=text[:60],
            hint="begin again without a cursor",
            field="cursor",
        )
    return parts


def _place(text: str, kinds: Sequence[type]) -> list[Any] | None:
    """The digest and the place a text holds; ``None`` if it is not made as cursors are."""
    if len(text) > LONGEST:
        return None
    try:
        packed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        version, *parts = json.loads(packed.decode("utf-8"))
    except (binascii.Error, ValueError, TypeError, RecursionError):
        return None
    sound = version == _VERSION and [type(part) for part in parts] == [str, *kinds]
    return parts if sound and all(abs(part) < 2**63 for part in parts if isinstance(part, int)) else None


def _digest(shape: object) -> str:
    return hashlib.sha256(repr(shape).encode("utf-8", "surrogatepass")).hexdigest()[:16]
