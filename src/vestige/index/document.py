"""An event as one text, for showing: the whole row in one column, so that a page of scattered events reads few columns.

Reading a row that stands alone costs about as much per column as per byte, and an event has forty. So everything a view
shows is kept once more, joined by a separator, the original attributes first; the columns remain what
conditions are tested on. ``attributes`` has no column of its own: it is the beginning of this one.

The separator is U+001F. Where a value holds it, or the escape U+001E, both are written as U+001E and a digit.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from vestige.index.rows import EventRow
from vestige.index.schema import STATUSES
from vestige.model.event import Event
from vestige.model.instant import UNDATED

if TYPE_CHECKING:
    from collections.abc import Sequence

_SEPARATOR: Final = "\x1f"
_ESCAPE: Final = "\x1e"
_NUMBERS: Final = ("received_at", "observed_at", "status", "severity", "src_port", "dst_port")
_AROUND: Final = ("id", "source", "parser", "category")
_APART: Final = frozenset({"attributes", "occurred_at", "tags", "keys", *_NUMBERS})
_TEXTS: Final = tuple(name for name in Event._fields if name not in _APART)
PARTS: Final = ("attributes", *_NUMBERS, *_AROUND, *_TEXTS, "extras")
"""What a document holds, in order."""

_DEFAULTS: Final = {"observed_at": str(UNDATED), "src_port": "0", "dst_port": "0"}


def documents(
    arrays: dict[str, pa.Array],
    tags: Sequence[tuple[str, ...]],
    keys: Sequence[tuple[tuple[str, str], ...]],
) -> pa.Array:
    """The documents of a block's events, from its columns."""
    parts = [_part(arrays.get(name), _DEFAULTS.get(name, "")) for name in PARTS[:-1]]
    if any(tags) or any(keys):
        pairs = zip(tags, keys, strict=True)
        extras = [_extra(tag, key) if tag or key else "" for tag, key in pairs]
        parts.append(pa.array(extras, pa.string()))
    else:
        parts.append(pa.scalar(""))
    return pc.binary_join_element_wise(*parts, pa.scalar(_SEPARATOR))


def read_document(occurred_at: int, seq: int, sub: int, text: str) -> EventRow:
    """The row a document was made of, given its place, which the document does not repeat."""
    values = text.split(_SEPARATOR)
    if _ESCAPE in text:
        values = [value.replace(_ESCAPE + "1", _SEPARATOR).replace(_ESCAPE + "0", _ESCAPE) for value in values]
    row: dict[str, Any] = dict(zip(PARTS, values, strict=True))
    tags, keys = orjson.loads(row["extras"]) if row["extras"] else ((), ())
    observed_at = int(row["observed_at"])
    row |= {
        "occurred_at": None if occurred_at == UNDATED else occurred_at,
        "observed_at": None if observed_at == UNDATED else observed_at,
        "severity": int(row["severity"]),
        "src_port": int(row["src_port"]),
        "dst_port": int(row["dst_port"]),
        "tags": tuple(tags),
        "keys": tuple((kind, value) for kind, value in keys),
    }
    return EventRow(
        seq,
        sub,
        row["id"],
        int(row["received_at"]),
        row["source"],
        row["parser"],
        STATUSES[int(row["status"])],
        row["category"],
        Event._make(row[name] for name in Event._fields),
    )


def _part(array: pa.Array | None, default: str) -> pa.Array | pa.Scalar:
    if array is None:
        return pa.scalar(default)
    if isinstance(array, pa.DictionaryArray):
        values = _escaped(array.dictionary)
        return values[0] if len(values) == 1 else values.take(array.indices)
    if pa.types.is_string(array.type):
        return _escaped(array)
    return (
        array.cast(pa.binary()).cast(pa.string())
        if pa.types.is_fixed_size_binary(array.type)
        else array.cast(pa.string())
    )


def _escaped(array: pa.Array) -> pa.Array:
    for letter, digit in ((_ESCAPE, "0"), (_SEPARATOR, "1")):
        if pc.any(pc.match_substring(array, letter)).as_py():
            array = pc.replace_substring(array, letter, _ESCAPE + digit)
    return array


def _extra(tags: tuple[str, ...], keys: tuple[tuple[str, str], ...]) -> str:
    try:
        return orjson.dumps([tags, keys]).decode()
    except TypeError:
        # A lone surrogate has no UTF-8; the text columns write it as a question mark, and so must this.
        return json.dumps([tags, keys], ensure_ascii=False).encode("utf-8", "replace").decode("utf-8")
