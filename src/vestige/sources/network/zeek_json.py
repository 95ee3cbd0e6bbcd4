"""Zeek's logs as JSON: its own JSON writer, the streaming-logs package, Corelight sensors, and exports that name logs.

A record names its log in ``_path`` (``@stream``, ``@path``); a file of one log does not, and its fields tell then.
``ts`` is a count of seconds or milliseconds, or ISO 8601 text. ``_write_ts`` is when the record was written, which is
no later noticing of the same act, and stays in the attributes. ``_system_name`` (``@system``) is the sensor.

The fields are those of :mod:`vestige.sources.network.zeek_event`.

References: docs.zeek.org, "Zeek JSON format logs"; corelight/json-streaming-logs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vestige.model.event import Unparsed
from vestige.sources.network.zeek_event import place_of, zeek_event
from vestige.sources.network.zeek_logs import LOGS, path_by_fields
from vestige.sources.reading.kinds import JsonRecords
from vestige.sources.reading.timefield import NO_STAMP

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vestige.model.event import Reading
    from vestige.sources.reading.timefield import Clock

_TELLING = frozenset(
    [
        "fuid",
        "pkts_proc",
        "percent_lost",
        "software_type",
        "certificate.serial",
        "certificate_serial",
        "is_exe",
        "assigned_addr",
    ]
)
"""Fields no other program has, in logs that are not of a connection."""
_NAMES = ("_path", "@stream", "@path")


def _path(record: Mapping[str, object]) -> str:
    for name in _NAMES:
        value = record.get(name)
        if isinstance(value, str) and value:
            return value
    return path_by_fields(record)


def is_zeek(record: Mapping[str, object]) -> bool:
    """Whether an object is a record of one of Zeek's logs."""
    if "ts" not in record:
        return False
    named = any(isinstance(record.get(name), str) for name in _NAMES)
    linked = place_of(record, "orig_h") is not None and isinstance(record.get("uid"), str)
    if named:
        return linked or _path(record) in LOGS
    return bool(_path(record)) and (linked or not _TELLING.isdisjoint(record))


def _read(record: dict[str, object], text: str, clock: Clock) -> Reading:
    path = _path(record)
    if not path and place_of(record, "orig_h") is None:
        return Unparsed("no record of a Zeek log: neither _path nor fields that tell which log it is of")
    stamp = clock.read(record["ts"]) if "ts" in record else NO_STAMP
    return zeek_event(path, record, text, stamp)


FORMAT = JsonRecords(
    name="zeek_json",
    version="1",
    source_name=None,
    mine=is_zeek,
    seen="records of Zeek logs (ts with _path or uid and endpoints)",
    read=_read,
)
