"""Icinga 2's log (``icinga2.log``, ``startup.log``).

::

    [2026-01-01 10:00:00 +0100] information/Notification: Sending 'Problem' notification 'web!load!mail' for user 'ops'
    information/cli: Icinga application loader (version: r2.14.0-1)          before the log is set up: no time

A line that begins otherwise belongs to the record before it. Times state their offset. Attributes: ``time``,
``level``, ``facility``, ``message``, and what the message was understood to say.

Notifications about a problem are alerts, those about its end change one. Requests to the API tell who asked.

References: Icinga 2 documentation, "Logging"; lib/base/streamlogger.cpp, lib/remote/apilistener.cpp.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from vestige.model.event import Unparsed
from vestige.sources.applications.spoken import spoken_event
from vestige.sources.reading.blocks import BlockRecords
from vestige.sources.reading.said import rules_of
from vestige.sources.reading.timefield import NO_STAMP

if TYPE_CHECKING:
    from vestige.model.event import Reading
    from vestige.sources.reading.timefield import Clock

_HEAD = (
    r"(?:\[(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4})\] )?(debug|notice|information|warning|critical)/"
    r"([A-Za-z][\w:]{0,80}): "
)
_BEGINS = re.compile(_HEAD.encode())
_RECORD = re.compile(rf"{_HEAD}(.*)", re.DOTALL)
_SEVERITIES = {"debug": "debug", "notice": "notice", "information": "info", "warning": "warning", "critical": "error"}
_PEER = r"\[(?P<src>[\da-fA-F.:]{2,45})\]:(?P<src_port>\d{1,5})"
_RULES = rules_of(rf"""
alert.changed | | Recovery | Sending '(?:Recovery|Acknowledgement|FlappingEnd|Downtime\w+)' notification '(?P<object>[^'\s]+)
  (?:' for user|.{{0,40}}? for user) '(?P<subject>[^']+)
alert.raised | | Problem | Sending '(?:Problem|FlappingStart|Custom)' notification '(?P<object>[^'\s]+)
  (?:' for user|.{{0,40}}? for user) '(?P<subject>[^']+)
service.error | failure | Notification command | Notification command for object '(?P<object>[^']+)' .*
  terminated with exit code [1-9]
message.sent | success | Completed sending | Completed sending '\w+' notification '(?P<object>[^'\s]+)
service.request | success | Request | Request:? (?P<method>[A-Z]+) (?P<object>\S+) \(from {_PEER}, user: (?P<actor>[^,]+),
  .*status: (?:OK|Created|2\d\d)
service.request | failure | Request | Request:? (?P<method>[A-Z]+) (?P<object>\S+) \(from {_PEER}, user: (?P<actor>[^,]+),
  .*status:
service.request | | Request | Request:? (?P<method>[A-Z]+) (?P<object>\S+) \(from {_PEER}, user: (?P<actor>[^,]+)
auth.login_failed | failure | Certificate validation failed | Certificate validation failed for endpoint '(?P<actor>[^']+)
auth.login_failed | failure | Unauthenticated | (?:Unauthenticated|Unauthorized|No authorization)
network.connection | success | New client connection | New client connection (?:for identity '[^']{{1,255}}' )?from {_PEER}
network.connection | | API client disconnected | API client disconnected for identity '(?P<identity>[^']+)
service.started | | Icinga application loader | Icinga application loader
service.stopped | | Shutting down | (?:Shutting down|Received (?:SIG\w+|request to shut down))
resource.changed | | external command | Executing external command: \[\d+\] (?P<command>\w+)
""")  # noqa: E501 - a table: one thing said a line


def _read(text: str, clock: Clock) -> Reading:
    found = _RECORD.fullmatch(text)
    if found is None:
        return Unparsed("no line of Icinga's log: expected [time] level/facility: message")
    time, level, facility, rest = found.groups()
    said = rest.rstrip()
    stamp = NO_STAMP
    if time:
        stamp = clock.local(f"{time[:10]}T{time[11:19]}{time[20:23]}:{time[23:]}")._replace(text=time)
    parts = {"time": time, "level": level, "facility": facility, "message": said}
    return spoken_event(
        said,
        _SEVERITIES[level],
        stamp,
        _RULES,
        {name: value for name, value in parts.items() if value},
        message=f"{facility}: {said}",
    )


FORMAT = BlockRecords(
    name="icinga",
    version="1",
    source_name="icinga",
    mine=lambda text: _RECORD.fullmatch(text) is not None,
    seen="a line of Icinga's log (level/facility)",
    read=_read,
    confidence=0.94,
    begins=lambda line, _: _BEGINS.match(line),
)
