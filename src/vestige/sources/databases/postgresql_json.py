"""PostgreSQL's jsonlog (version 15 and later): one object per entry.

``timestamp``, ``user``, ``dbname``, ``pid``, ``remote_host``, ``remote_port``, ``session_id``, ``line_num``, ``ps``,
``error_severity``, ``state_code``, ``message``, ``detail``, ``hint``, ``statement``, ``application_name``,
``backend_type``. Attributes: the object.

Reference: PostgreSQL documentation, "Using JSON-Format Log Output".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from vestige.sources.databases.postgresql import when
from vestige.sources.databases.postgresql_messages import Entry, event_of
from vestige.sources.reading.fields import canonical_ip, port_of, text_of
from vestige.sources.reading.kinds import JsonRecords

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vestige.model.event import Event
    from vestige.sources.reading.timefield import Clock

_TIME = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?) ([A-Z]{2,5})")


def _read(record: dict[str, object], text: str, clock: Clock) -> Event:
    get = record.get
    time = get("timestamp")
    found = _TIME.fullmatch(time) if isinstance(time, str) else None
    event = event_of(
        Entry(
            clock.read(time) if found is None else when(found[1], found[2], clock),
            text_of(get("error_severity")),
            text_of(get("message")),
            text_of(get("user")),
            text_of(get("dbname")),
            canonical_ip(text_of(get("remote_host"))),
            port_of(get("remote_port")),
            text_of(get("session_id")),
            text_of(get("state_code")),
            {},
        )
    )
    return event._replace(attributes=text)


def _mine(record: Mapping[str, object]) -> bool:
    return "error_severity" in record and "timestamp" in record and ("backend_type" in record or "line_num" in record)


FORMAT = JsonRecords(
    name="postgresql_json",
    version="1",
    source_name=None,
    mine=_mine,
    seen="PostgreSQL log entries",
    read=_read,
)
