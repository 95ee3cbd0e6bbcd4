"""Declared events read by column, without a Python object for each: the same answers as one by one, or none.

:func:`vestige.sources.general.json_lines.declared_event` says what the fields of a declared event mean. This reads
what nearly every declared event looks like, by Arrow's JSON reader and with the interpreter's lock given up: text where
text is expected, the time in RFC 3339 and UTC, no keys of the event's own. If any record of a batch is otherwise, there
is no answer for the batch, and it is read record by record; tests hold the two roads to the same events.

Where Arrow's reader is more lenient than JSON is (RFC 8259), the batch is not given to it: see :func:`_is_strict`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as arrow_json

from vestige.model.event import KeyKind
from vestige.model.vocabulary import is_reserved
from vestige.sources.reading.exact_times import exact_utc_column
from vestige.sources.reading.fields import ip_of, outcome_of, severity_of, tags_of
from vestige.sources.reading.timefield import EXACT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Columns = dict[str, pa.Array]

_DEPTH: Final = 1000
"""Values within values, at least as many as a record of our other reader may have."""
_NO_NUMBERS: Final = (b"NaN", b"Inf")
"""How what Arrow's reader takes for a number, though it is no JSON, begins."""
_HALVES: Final = (b"\\ud", b"\\uD")
"""How half of a surrogate pair begins; of those that stand alone it takes some for text."""

_TEXT: Final = pa.string()
_PARTY: Final = pa.struct([(name, _TEXT) for name in ("id", "name", "type")])
_KEYS: Final = {"commit": KeyKind.COMMIT, "sha256": KeyKind.HASH, "session_id": KeyKind.SESSION}
"""Names that give an event keys of its own, in the order they come in."""
_ODD: Final = ("token", "access_token", "keys")
"""Names that do so too, and whose values are not taken as they are."""
_SCHEMA: Final = pa.schema([
    *((name, _TEXT) for name in ("event_type", "occurred_at", "observed_at", "action", "outcome", "severity")),
    *((name, _PARTY) for name in ("actor", "subject", "object")),
    ("network", pa.struct([
        ("src_ip", _TEXT), ("dst_ip", _TEXT), ("src_port", pa.int64()), ("dst_port", pa.int64()), ("protocol", _TEXT),
    ])),
    ("device", pa.struct([
        (name, _TEXT) for name in ("id", "device_id", "name", "device_name", "type", "device_type", "hostname")
    ])),
    *((name, _TEXT) for name in ("session", "trace_id", "message")),
    ("tags", pa.list_(_TEXT)),
    *((name, _TEXT) for name in (*_KEYS, *_ODD)),
])  # fmt: skip
_PARSE: Final = arrow_json.ParseOptions(explicit_schema=_SCHEMA, unexpected_field_behavior="ignore")


def read_declared(payloads: Sequence[bytes]) -> pa.RecordBatch | None:
    """The events of some records, one of each: a column per field of an event that is not empty throughout.

    Args:
        payloads: a record each.

    Returns:
        Columns named as the fields of an event, without nulls except in ``observed_at``; nothing if any of the records
        has to be read by itself.
    """
    joined = b"\n".join(payloads)
    if not payloads or not _is_strict(payloads, joined):
        return None
    reading = arrow_json.ReadOptions(use_threads=False, block_size=len(joined) + 1)
    try:
        table = arrow_json.read_json(pa.BufferReader(joined), reading, _PARSE)
    except pa.ArrowInvalid:
        return None
    if len(table) != len(payloads):
        return None
    columns = {name: table[name].combine_chunks() for name in table.column_names}
    try:
        arrays = _events(columns)
    except _OddError:
        return None
    lengths = np.fromiter(map(len, payloads), np.int32, len(payloads))
    ends = np.zeros(len(payloads) + 1, np.int32)
    np.cumsum(lengths, out=ends[1:])
    arrays["attributes"] = pa.StringArray.from_buffers(
        len(payloads), pa.py_buffer(ends), pa.py_buffer(b"".join(payloads))
    )
    return pa.record_batch(arrays)


class _OddError(Exception):
    """A value that is not read by column."""


def _is_strict(payloads: Sequence[bytes], joined: bytes) -> bool:
    """Whether Arrow's reader takes just what is JSON, and one object of each payload.

    A payload that begins with a brace and ends with one holds at least one object or ends inside of one after a value,
    where the next cannot begin with a brace. So as many objects as payloads means one of each.
    """
    if any(_contains(joined, word) for word in _NO_NUMBERS):
        return False
    if b"\\" in joined and any(half in joined for half in _HALVES):
        return False
    if not all(payload[:1] == b"{" and payload[-1:] == b"}" for payload in payloads):
        return False
    if any(len(one) > 2 * _DEPTH and one.count(b"{") + one.count(b"[") > _DEPTH for one in payloads):
        return False
    try:
        return joined.isascii() or bool(joined.decode())
    except UnicodeDecodeError:
        return False


def _contains(text: bytes, word: bytes) -> bool:
    """Whether a word of three letters, the first of which is rare, is in a text; ten times as fast as ``in``."""
    letters = np.frombuffer(text, np.uint8)
    places = np.flatnonzero(letters[:-2] == word[0])
    return bool(((letters[places + 1] == word[1]) & (letters[places + 2] == word[2])).any())


def _events(columns: Columns) -> Columns:
    """The columns of the events, but for the attributes.

    Raises:
        _OddError: the batch must be read record by record.
    """
    types = columns["event_type"].dictionary_encode()
    if types.null_count or any(not name or is_reserved(name) for name in types.dictionary.to_pylist()):
        raise _OddError
    arrays = {"event_type": types, **_times(columns), "message": columns["message"].fill_null("")}
    for name in ("action", "session", "trace_id"):
        _put(arrays, name, columns[name])
    _put(arrays, "outcome", _mapped(columns["outcome"], outcome_of))
    _put(arrays, "severity", _mapped(columns["severity"], severity_of, pa.uint8()))
    for party in ("actor", "subject", "object"):
        for field, array in _fields(columns[party]).items():
            _put(arrays, f"{party}_{field}", array)
    _put_network(arrays, _fields(columns["network"]))
    device = _fields(columns["device"])
    for name in ("id", "name", "type"):
        _put(arrays, f"device_{name}", _either(device[name], device[f"device_{name}"]))
    _put(arrays, "host", device["hostname"])
    if _is_stated(columns["tags"]):
        arrays["tags"] = pa.array([tags_of(tags) for tags in columns["tags"].to_pylist()], pa.list_(_TEXT))
    keys = _keys(columns)
    return arrays if keys is None else arrays | {"keys": keys}


def _times(columns: Columns) -> Columns:
    """When it happened and was noticed.

    Raises:
        _OddError: a time is not stated, or not in the commonest form.
    """
    when, seen = columns["occurred_at"], columns["observed_at"]
    occurred = None if when.null_count else exact_utc_column(when)
    noticed = exact_utc_column(seen.drop_null()) if _is_stated(seen) else np.empty(0, np.int64)
    if occurred is None or noticed is None:
        raise _OddError
    quality = pa.DictionaryArray.from_arrays(pa.array(np.zeros(len(when), np.int32)), pa.array([EXACT]))
    arrays = {"occurred_at": pa.array(occurred), "time_text": when, "time_quality": quality}
    if _is_stated(seen):
        known = seen.is_valid().to_numpy(zero_copy_only=False)
        instants = np.zeros(len(seen), np.int64)
        instants[known] = noticed
        arrays["observed_at"] = pa.array(instants, mask=~known)
    return arrays


def _put_network(arrays: Columns, network: Columns) -> None:
    for name in ("src_ip", "dst_ip"):
        _put(arrays, name, _mapped(network[name], ip_of))
    for name in ("src_port", "dst_port"):
        _put(arrays, name, _ports(network[name]))
    _put(arrays, "protocol", network["protocol"])


def _keys(columns: Columns) -> pa.Array | None:
    """The keys of each event: the values under :data:`_KEYS`, but for empty ones.

    Raises:
        _OddError: a key has a name of :data:`_ODD`.
    """
    if any(_is_stated(columns[name]) for name in _ODD):
        raise _OddError
    if not any(_is_stated(columns[name]) for name in _KEYS):
        return None
    kinds: list[str] = []
    values: list[str] = []
    rows: list[int] = []
    for name, kind in _KEYS.items():
        array = columns[name]
        said = pc.fill_null(pc.not_equal(array, ""), False).to_numpy(zero_copy_only=False)
        places = np.flatnonzero(said)
        rows += places.tolist()
        values += array.take(pa.array(places)).to_pylist()
        kinds += [str(kind)] * len(places)
    order = np.argsort(rows, kind="stable")
    ends = np.zeros(len(columns["event_type"]) + 1, np.int32)
    np.cumsum(np.bincount(np.array(rows, np.int64), minlength=len(ends) - 1), out=ends[1:])
    pairs = pa.StructArray.from_arrays([pa.array(kinds, _TEXT), pa.array(values, _TEXT)], ["kind", "value"])
    return pa.ListArray.from_arrays(pa.array(ends), pairs.take(pa.array(order)))


def _is_stated(array: pa.Array) -> bool:
    return bool(array.null_count < len(array))


def _put(arrays: Columns, name: str, array: pa.Array) -> None:
    """Add a column, nulls as nothing; one that is empty throughout is left out."""
    if _is_stated(array):
        nothing: Any = "" if pa.types.is_string(array.type) else 0
        arrays[name] = array.fill_null(nothing) if array.null_count else array


def _fields(array: pa.StructArray) -> Columns:
    return dict(zip([field.name for field in array.type], array.flatten(), strict=True))


def _mapped(array: pa.Array, reading: Callable[[object], Any], kind: pa.DataType = _TEXT) -> pa.Array:
    """What each value reads as; few are distinct."""
    coded = array.dictionary_encode()
    return pa.array(map(reading, coded.dictionary.to_pylist()), kind).take(coded.indices)


def _ports(array: pa.Array) -> pa.Array:
    valid = pc.and_(pc.greater(array, 0), pc.less_equal(array, 65535))
    return pc.if_else(valid, array, 0).cast(pa.uint16())


def _either(short: pa.Array, long: pa.Array) -> pa.Array:
    """The one, or the other where that says nothing."""
    if not _is_stated(long):
        return short
    said = pc.fill_null(pc.not_equal(short, ""), False)
    return pc.if_else(said, short, long)
