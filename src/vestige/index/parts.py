"""Events as Arrow columns: of some events one by one, of some already by column, and of both in one block.

A column that holds nothing throughout is left out everywhere: it is neither built, nor sent, nor stored.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

import numpy as np
import pyarrow as pa

from vestige.index.schema import EVENTS, KIND_NUMBER
from vestige.model.event import Event, KeyKind
from vestige.model.instant import UNDATED

Part: TypeAlias = Sequence[Event] | pa.RecordBatch
"""Some of a block's events: one by one, or by column, named as an event's fields. Columns have no nulls except in the
two times; one that holds nothing throughout may be left out; ``keys`` are lists of structs of kind and value."""

Arrays = dict[str, pa.Array]
"""Columns of ``events`` by their names there."""

LOW: Final = frozenset(name for name, kind in EVENTS.columns if kind.startswith("LowCardinality"))
"""The columns of few distinct values, which are Arrow dictionaries."""

_SPECIAL: Final = frozenset({"occurred_at", "observed_at", "severity", "src_port", "dst_port", "tags", "keys"})
_TEXTS: Final = tuple(name for name in Event._fields if name not in _SPECIAL)
_ALWAYS: Final = frozenset({"source", "event_type"})
"""Columns that others are grouped by: there even where they hold nothing."""
_NUMBERS: Final = {"severity": pa.uint8(), "src_port": pa.uint16(), "dst_port": pa.uint16()}
_STORED: Final = {b"columns": b"events"}
"""What is beside a batch whose columns are named, and made, as those of the table are."""
_LISTS: Final = {"tags": pa.string(), "key_kinds": pa.uint8(), "key_values": pa.string()}


def part_arrays(part: Part) -> Arrays:
    """The columns of a part that has events."""
    if not isinstance(part, pa.RecordBatch):
        return _of_events(part)
    return _as_stored(part) if part.schema.metadata == _STORED else _of_columns(part)


def by_column(part: Part) -> pa.RecordBatch:
    """A part as a batch that another process can be given: its columns are those of ``events`` already."""
    arrays = part_arrays(part)
    return pa.record_batch(list(arrays.values()), names=list(arrays)).replace_schema_metadata(_STORED)


def with_keys(batch: pa.RecordBatch, kind: KeyKind, change: Callable[[str], str]) -> pa.RecordBatch:
    """A batch of :func:`by_column` with the values of its keys of one kind changed."""
    names = batch.schema.names
    if "key_kinds" not in names:
        return batch
    ours = np.flatnonzero(batch["key_kinds"].flatten().to_numpy() == KIND_NUMBER[kind])
    if not len(ours):
        return batch
    lists = batch["key_values"]
    values = lists.flatten().to_pylist()
    for place in ours.tolist():
        values[place] = change(values[place])
    changed = pa.ListArray.from_arrays(_ends(lists), text_array(values))
    return batch.set_column(names.index("key_values"), "key_values", changed)


def joined(parts: Sequence[Arrays]) -> Arrays:
    """The columns of several parts, one behind the other."""
    if len(parts) == 1:
        return parts[0]
    names = dict.fromkeys(name for part in parts for name in part)
    return {name: _join(name, parts) for name in names}


def put_texts(arrays: Arrays, name: str, values: Sequence[str]) -> None:
    """Add a column of text."""
    first = values[0] if values else ""
    # Comparing with one value is a pointer comparison for the constants parsers use, so this look costs little.
    if values.count(first) == len(values):
        if first or name in _ALWAYS:
            arrays[name] = _same(first, len(values))
        return
    array = text_array(values)
    arrays[name] = array.dictionary_encode() if name in LOW else array


def text_array(values: Sequence[str]) -> pa.Array:
    """Strings as Arrow text; a lone surrogate, which UTF-8 cannot say, becomes ``?`` (the ledger has the bytes)."""
    try:
        return pa.array(values, pa.string())
    except UnicodeEncodeError:
        return pa.array([value.encode("utf-8", "replace").decode("utf-8") for value in values], pa.string())


def _of_events(events: Sequence[Event]) -> Arrays:
    fields: dict[str, Any] = dict(zip(Event._fields, zip(*events, strict=True), strict=True))
    arrays: Arrays = {"occurred_at": pa.array(_instants(fields["occurred_at"]))}
    if fields["observed_at"].count(None) < len(events):
        arrays["observed_at"] = pa.array(_instants(fields["observed_at"]))
    for name, kind in _NUMBERS.items():
        if any(fields[name]):
            arrays[name] = pa.array(fields[name], kind)
    for name in _TEXTS:
        put_texts(arrays, name, fields[name])
    if any(fields["tags"]):
        arrays["tags"] = _nested(fields["tags"])
    if any(fields["keys"]):
        arrays["key_kinds"] = pa.array(
            [[KIND_NUMBER[kind] for kind, _ in keys] for keys in fields["keys"]], pa.list_(pa.uint8())
        )
        arrays["key_values"] = _nested([[value for _, value in keys] for keys in fields["keys"]])
    return arrays


def _as_stored(batch: pa.RecordBatch) -> Arrays:
    return dict(zip(batch.schema.names, batch.columns, strict=True))


def _of_columns(batch: pa.RecordBatch) -> Arrays:
    given = _as_stored(batch)
    keys = given.pop("keys", None)
    arrays = {name: _encoded(array) if name in LOW else array for name, array in given.items()}
    for name in ("occurred_at", "observed_at"):
        if name in arrays:
            arrays[name] = arrays[name].fill_null(UNDATED)
    if keys is not None:
        kinds, values = keys.flatten().flatten()
        coded = kinds.dictionary_encode()
        numbers = np.array([KIND_NUMBER[kind] for kind in coded.dictionary.to_pylist()], np.uint8)
        flat = pa.array(numbers[coded.indices.to_numpy()] if len(kinds) else numbers)
        ends = _ends(keys)
        arrays |= {
            "key_kinds": pa.ListArray.from_arrays(ends, flat),
            "key_values": pa.ListArray.from_arrays(ends, values),
        }
    return arrays


def _join(name: str, parts: Sequence[Arrays]) -> pa.Array:
    arrays = [part[name] if name in part else _nothing(name, len(part["occurred_at"])) for part in parts]
    if name in LOW:
        return pa.chunked_array(list(map(_encoded, arrays))).unify_dictionaries().combine_chunks()
    plain = [array.dictionary_decode() if isinstance(array, pa.DictionaryArray) else array for array in arrays]
    return pa.concat_arrays(plain)


def _nothing(name: str, count: int) -> pa.Array:
    """What a column that was left out holds."""
    if name in _LISTS:
        return pa.ListArray.from_arrays(pa.array(np.zeros(count + 1, np.int32)), pa.array([], _LISTS[name]))
    if name in _NUMBERS:
        return pa.repeat(pa.scalar(0, _NUMBERS[name]), count)
    return pa.array(np.full(count, UNDATED)) if name == "observed_at" else _same("", count)


def _same(text: str, count: int) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(count, np.int32)), text_array([text]))


def _encoded(array: pa.Array) -> pa.DictionaryArray:
    return array if isinstance(array, pa.DictionaryArray) else array.dictionary_encode()


def _instants(values: Sequence[int | None]) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.array([UNDATED if at is None else at for at in values] if None in values else values, np.int64)


def _nested(values: Sequence[Sequence[str]]) -> pa.Array:
    offsets = np.zeros(len(values) + 1, np.int32)
    np.cumsum([len(row) for row in values], out=offsets[1:])
    flat = text_array([value for row in values for value in row])
    return pa.ListArray.from_arrays(pa.array(offsets), flat)


def _ends(lists: pa.ListArray) -> pa.Array:
    """The offsets of lists within their values, from 0."""
    offsets = lists.offsets.to_numpy()
    return pa.array(offsets - offsets[0])
