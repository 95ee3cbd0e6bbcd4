"""The systemd journal as JSON: ``journalctl -o json`` (also json-pretty, json-sse's objects, and arrays of entries).

Values are text; a value that is no UTF-8 is an array of its bytes, a field that comes several times an array of its
values, one that was too large to show ``null``. Fields and meaning: :mod:`vestige.sources.linux.journal_event`.

Reference: systemd's "Journal JSON Format".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vestige.sources.linux.journal_event import is_entry, journal_event
from vestige.sources.reading.kinds import JsonRecords

if TYPE_CHECKING:
    from vestige.model.event import Reading
    from vestige.sources.reading.timefield import Clock


def _read(record: dict[str, object], text: str, clock: Clock) -> Reading:
    del clock
    return journal_event(record, text)


FORMAT = JsonRecords(
    name="journald_json",
    version="1",
    source_name="linux.journal",
    mine=is_entry,
    seen="journal entries (__REALTIME_TIMESTAMP, _BOOT_ID, MESSAGE)",
    read=_read,
)
