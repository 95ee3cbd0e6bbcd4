"""JSON documents with holes: made once through the JSON writer, filled by the million with one ``%``.

A hole is a string value ``"@name@"``; what fills it is raw JSON (a quoted string, a number, an object). The same
function that builds a planted record builds the template of the background, so both have one shape.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from collections.abc import Mapping

_HOLE = re.compile(rb'"@([a-z_]+)@"')


def template(document: Mapping[str, object], *holes: str) -> bytes:
    """The document as bytes for the ``%`` operator, its holes to be filled in the order given.

    Raises:
        ValueError: the document's holes are not these in this order.
    """
    body = orjson.dumps(document)
    found = tuple(name.decode() for name in _HOLE.findall(body))
    if found != holes:
        raise ValueError(f"expected the holes {holes}, got {found}")
    return _HOLE.sub(b"%b", body.replace(b"%", b"%%"))


def rendered(value: object) -> bytes:
    """A value as JSON, to fill a hole with or to keep in a pool."""
    # What the JSON writer returns holds on to a page of memory, however short it is; a copy does not.
    return b"%b" % orjson.dumps(value)
