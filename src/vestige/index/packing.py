"""Most of a row of ``events`` as one text, so that a row that stands alone is read in a few pieces, not in forty.

The engine reads a row of its own by finding its place in every column: some five microseconds each, which for the rows
of a page is most of what the page costs. So each row also carries its short fields side by side::

    field 0x1F field 0x1F … field        numbers in decimal; a list is its items, each ended by 0x1E

A 0x1D, 0x1E or 0x1F inside a value is written as 0x1D and ``d``, ``e`` or ``f``. Filters, counts and sorting go by the
columns; the text only ever answers what a row says, and holds nothing that they do not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vestige.index.schema import BESIDE, EVENTS, PACKED
from vestige.model.instant import UNDATED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FIELDS: Final = tuple(
    name for name in EVENTS.names if name not in {*BESIDE, PACKED, "log", "generation", "acquisition"}
)
"""The columns that are packed, in their order within the text."""
LISTS: Final = frozenset({"tags", "key_kinds", "key_values"})

_FIELD, _ITEM, _ESCAPE = "\x1f", "\x1e", "\x1d"
_ESCAPES: Final = ((_ESCAPE, f"{_ESCAPE}d"), (_ITEM, f"{_ESCAPE}e"), (_FIELD, f"{_ESCAPE}f"))
_TYPES: Final = dict(EVENTS.columns)
_NOTHING: Final = {
    name: str(UNDATED) if name == "observed_at" else "0" if "Int" in _TYPES[name] and name not in LISTS else ""
    for name in FIELDS
}
"""What a column that was left out of a block holds."""


def pack(arrays: Mapping[str, pa.Array], rows: int) -> pa.Array:
    """The packed text of each row.

    Args:
        arrays: columns of ``events`` by name; of :data:`FIELDS`, one that is missing holds nothing throughout.
        rows: how many rows there are.
    """
    packed = _joined(arrays, rows, escaped=False)
    items = sum(len(arrays[name].flatten()) for name in LISTS if name in arrays)
    if _marks(packed) != (rows * (len(FIELDS) - 1), items, 0):
        return _joined(arrays, rows, escaped=True)
    return packed


def unpack(packed: str) -> list[str]:
    """The fields of a row, in the order of :data:`FIELDS`; a list is still one text, for :func:`items`."""
    fields = packed.split(_FIELD)
    if _ESCAPE in packed:
        return [field if name in LISTS else _plain(field) for name, field in zip(FIELDS, fields, strict=True)]
    return fields


def items(field: str) -> Sequence[str]:
    """The items of a list."""
    return [_plain(item) for item in field.split(_ITEM)[:-1]] if field else ()


def _plain(text: str) -> str:
    if _ESCAPE in text:
        for sign, written in reversed(_ESCAPES):
            text = text.replace(written, sign)
    return text


def _joined(arrays: Mapping[str, pa.Array], rows: int, *, escaped: bool) -> pa.Array:
    parts: list[pa.Array | str] = []
    for name in FIELDS:
        part = _text(arrays[name], escaped=escaped) if name in arrays else _NOTHING[name]
        # What is the same in all rows is joined once.
        if isinstance(part, str) and parts and isinstance(parts[-1], str):
            parts[-1] += _FIELD + part
        else:
            parts.append(part)
    if all(isinstance(part, str) for part in parts):
        return pa.repeat(pa.scalar(parts[0]), rows)
    return pc.binary_join_element_wise(*parts, _FIELD)


def _text(array: pa.Array, *, escaped: bool) -> pa.Array | str:
    if pa.types.is_list(array.type):
        values = _escaped(array.flatten().cast(pa.string()), escaped=escaped)
        ended = pc.binary_join_element_wise(values, _ITEM, "")
        return pc.binary_join(pa.ListArray.from_arrays(_offsets(array), ended), "")
    if isinstance(array, pa.DictionaryArray):
        words = _escaped(array.dictionary, escaped=escaped)
        return str(words[0]) if len(words) == 1 else words.take(array.indices)
    if pa.types.is_fixed_size_binary(array.type):
        return array.cast(pa.binary()).cast(pa.string())
    return _escaped(array.cast(pa.string()), escaped=escaped)


def _escaped(texts: pa.Array, *, escaped: bool) -> pa.Array:
    for sign, written in _ESCAPES if escaped else ():
        texts = pc.replace_substring(texts, sign, written)
    return texts


def _offsets(lists: pa.ListArray) -> pa.Array:
    offsets = lists.offsets.to_numpy()
    return pa.array(offsets - offsets[0])


def _marks(texts: pa.Array) -> tuple[int, int, int]:
    """How often each of the three signs stands in all of the texts."""
    buffer = texts.buffers()[2]
    data = np.frombuffer(buffer, np.uint8) if buffer else np.zeros(0, np.uint8)
    field, item, escape = (int(np.count_nonzero(data == ord(sign))) for sign in (_FIELD, _ITEM, _ESCAPE))
    return field, item, escape
