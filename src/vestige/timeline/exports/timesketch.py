"""Timesketch and log2timeline: the ways into the tools examiners have.

``timesketch`` is JSON lines with ``message``, ``datetime``, ``timestamp_desc`` and ``timestamp`` (microseconds), the
rest flattened. ``l2tcsv`` is log2timeline's table of 17 columns, in UTC, ``-`` for what is empty; its time ends at
the second, so the whole time stands in ``extra`` too. Both tools place every row in time: an undated event has an empty
``datetime`` in the first and 00/00/0000 in the second, as log2timeline itself writes it.

References: Timesketch "Import from JSON or CSV"; Plaso "L2T CSV output format".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from vestige.model.cells import no_formula
from vestige.model.instant import parse_rfc3339
from vestige.timeline.exports.lines import as_text, row_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_HEADER: Final = (
    "date", "time", "timezone", "MACB", "source", "sourcetype", "type", "user", "host", "short", "desc", "version",
    "filename", "inode", "notes", "format", "extra",
)  # fmt: skip
_SHORT: Final = 80
_PLAIN: Final = ("event_type", "category", "action", "outcome", "severity", "session", "trace_id", "source", "parser")
_REMARKS: Final = ("redacted", "amended", "erased")
_NESTED: Final = ("actor", "subject", "object", "network", "device")
_MACB: Final = {"file.changed": 0, "file.read": 1, "file.attributes_changed": 2, "file.created": 3}


def to_timesketch(event: dict[str, Any]) -> dict[str, Any]:
    """One event as Timesketch imports it."""
    at = event.get("occurred_at")
    row: dict[str, Any] = {
        "message": event.get("message") or event["event_type"],
        "datetime": at or "",
        "timestamp_desc": event.get("action") or event["event_type"],
        "vestige_id": event["id"],
        "time_quality": event["time_quality"],
    }
    if at is not None:
        row["timestamp"] = parse_rfc3339(at)[0] // 1000
    row |= {name: event[name] for name in ("clock_offset", *_PLAIN) if name in event}
    row |= {f"{name}_{key}": value for name in _NESTED for key, value in event.get(name, {}).items()}
    if "tags" in event:
        row["tag"] = event["tags"]
    row["attributes"] = as_text(event.get("attributes", {}))
    row |= {name: as_text(event[name]) for name in _REMARKS if name in event}
    return row


def l2tcsv(batches: Iterable[list[dict[str, Any]]]) -> Iterator[bytes]:
    """log2timeline's table."""
    yield row_of(_HEADER)
    for batch in batches:
        yield b"".join([row_of(_row(event)) for event in batch])


def _row(event: dict[str, Any]) -> list[str]:
    at = event.get("occurred_at", "")
    date = f"{at[5:7]}/{at[8:10]}/{at[:4]}" if at else "00/00/0000"
    message = " ".join((event.get("message") or event["event_type"]).split())
    actor, device = event.get("actor", {}), event.get("device", {})
    extra = [f"id: {event['id']}", f"time_quality: {event['time_quality']}"]
    extra += [f"{name}: {as_text(event[name])}"
              for name in ("occurred_at", "clock_offset", "outcome", "network", "session", "tags", *_REMARKS)
              if name in event]  # fmt: skip
    place = _MACB.get(event["event_type"])
    macb = "".join(sign if place == index else "." for index, sign in enumerate("MACB"))
    when = [date, at[11:19] or "--:--:--", "UTC", macb]
    what = [
        event["category"].upper()[:10],
        event["source"],
        event.get("action") or event["event_type"],
        actor.get("name") or actor.get("id", ""),
        device.get("hostname", ""),
        message[:_SHORT],
        message,
        "2",
        event.get("object", {}).get("id", ""),
        "",
        "",
        event.get("parser", ""),
        "; ".join(extra),
    ]
    return when + [no_formula(cell) or "-" for cell in what]
