"""What logs of servers share: a line's level, what the program says by its own table of rules, and the event of both.

A line no rule knows tells how the program is doing, or that it has an error: by its level alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from vestige.sources.reading.fields import canonical_ip, make_event, port_of_text, severity_of
from vestige.sources.reading.said import Meaning, Rule, meaning_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vestige.model.event import Event
    from vestige.sources.reading.timefield import Stamp

_ERROR = 3
_FACTS = frozenset({"actor", "object", "object_type", "src", "src_port", "dst", "dst_port", "subject"})
"""Groups of rules that become fields of the event; all others are details."""


def spoken_event(
    said: str,
    level: str,
    stamp: Stamp,
    rules: tuple[Rule, ...],
    fields: Mapping[str, object],
    *,
    message: str = "",
    host: str = "",
    session: str = "",
) -> Event:
    """The event of a line.

    Args:
        said: the message, as the rules' patterns expect it.
        level: the program's word for its severity.
        stamp: when.
        rules: the program's table. Groups ``actor``, ``subject``, ``object`` (of the kind the group ``object_type``,
            or the event type, says), ``src``, ``src_port``, ``dst`` and ``dst_port`` are the event's; others are
            details that stand among the attributes.
        fields: the parts of the line, for the attributes.
        message: what a person is shown; the message itself if not given.
        host: the machine.
        session: the connection.
    """
    severity = severity_of(level)
    kind, outcome, action, told = meaning_of(said, rules) or Meaning(
        "service.error" if severity >= _ERROR else "service.status", "", "", {}
    )
    get = told.get
    actor, subject, thing = get("actor", ""), get("subject", ""), get("object", "")
    details = {name: value for name, value in told.items() if name not in _FACTS}
    at, time_text, quality, tag = stamp
    return make_event((
        kind, at, time_text, quality, None, action, outcome, severity,
        actor, "", "user" if actor else "", subject, "", "user" if subject else "",
        thing, "", get("object_type", _TYPES.get(kind, "")) if thing else "",
        canonical_ip(get("src", "")), canonical_ip(get("dst", "")),
        port_of_text(get("src_port", "")), port_of_text(get("dst_port", "")), "",
        "", "", "", host, session, "",
        message or said or f"an empty message of level {level}", (tag,) if tag else (),
        orjson.dumps({**details, **fields}).decode(), (),
    ))  # fmt: skip


_TYPES = {
    "access.denied": "resource",
    "access.checked": "resource",
    "data.read": "subject",
    "data.written": "subject",
    "message.sent": "notification",
    "alert.raised": "check",
    "alert.changed": "check",
    "service.request": "url",
    "resource.created": "topic",
    "resource.deleted": "topic",
}
"""What the object of an event type is, in these logs, unless its rule says otherwise."""
