"""Apache Kafka's logs: server, controller, state changes, and the authorizer's.

::

    [2026-01-01 10:00:00,123] INFO [Controller id=10] message (kafka.controller.KafkaController)
    [2026-01-01 10:00:00,123] WARN [Broker id=1] message (state.change.logger) [kafka-request-handler-7]
    [2026-01-01 10:00:00,123] [WARN ] [kafka-request-handler-7] [state.change.logger] - [Broker id=1] message

The component in brackets may be followed by ``:`` or ``,``, or be missing. Lines that begin otherwise (stack traces)
belong to the record before them. Times state no zone. Attributes: ``time``, ``level``, ``component``, ``message``,
``class``, ``thread``, ``trace`` (the further lines), and what the message was understood to say.

The authorizer tells who was allowed or refused what from where: ``Principal = User:bob is Denied operation = READ from
host = 192.0.2.7 on resource = Topic:LITERAL:pay``.

References: Kafka's config/log4j.properties; AclAuthorizer.logAuditMessage; Selector, KafkaServer, KafkaController.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from vestige.model.event import Unparsed
from vestige.sources.applications.spoken import spoken_event
from vestige.sources.reading.blocks import BlockRecords
from vestige.sources.reading.said import rules_of
from vestige.sources.reading.timefield import ASSUMED_ZONE

if TYPE_CHECKING:
    from vestige.model.event import Reading
    from vestige.sources.reading.timefield import Clock

_HEAD = (
    r"\[(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3})\] (?:(TRACE|DEBUG|INFO|WARN|ERROR|FATAL) "
    r"|\[(TRACE|DEBUG|INFO|WARN|ERROR|FATAL) ?\] \[([^\]\n]{1,100})\] \[([\w.$-]{1,200})\] - )"
)
_BEGINS = re.compile(_HEAD.encode())
_RECORD = re.compile(rf"{_HEAD}(?:\[([^\]\n]{{1,300}})\][:,]? ?)?(.*)", re.DOTALL)
_CLASS = re.compile(r"(.*)(?: |^)\(([\w.$-]{1,200})\)(?: \[([^\]\n]{1,100})\])?\s*", re.DOTALL)
_PRINCIPAL = r"Principal = (?:User:)?(?P<actor>\S+) is"
_ON = (
    r" [Oo]peration = (?P<operation>\w+)(?: .{0,40}?)?from host = (?P<src>\S+) (?:.{0,40}? )?"
    r"on resource = (?P<object>\S+)"
)
_RULES = rules_of(rf"""
access.denied | failure | Denied | {_PRINCIPAL} Denied{_ON}
access.checked | success | Allowed | {_PRINCIPAL} Allowed{_ON}
auth.login_failed | failure | Failed authentication | (?:\[[^\]]*\] )?Failed authentication with /?(?P<src>[\w.:]{{1,50}})
auth.login_failed | failure | Failed re-authentication | (?:\[[^\]]*\] )?Failed re-authentication with /?(?P<src>[\w.:]{{1,50}})
auth.login | success | Successfully authenticated | Successfully authenticated with /?(?P<src>[\w.:]{{1,50}})
resource.created | | New topics | New topics: \[(?:Set|HashSet)\((?P<object>[^)]+)\)\]
resource.created | | Created log | Created log for partition \[?(?P<object>[^\s\]]+)
resource.deleted | | Deletion of topic | Deletion of topic (?P<object>\S+) (?:successfully completed|\()
resource.deleted | | Removing topic | (?:Starting|Handling) (?:topic )?deletion (?:of|for) topics? (?P<object>\S+)
network.connection | success | Session establishment complete
  | Session establishment complete on server (?:[^/\s]*/)?(?P<dst>[\da-fA-F.:]+):(?P<dst_port>\d+)
network.connection | success | connected | Controller \d+ connected to (?P<dst>[\d.]+):(?P<dst_port>\d+)
service.stopped | | Terminating process | Terminating process due to signal
""")  # noqa: E501 - a table: one thing said a line
_SERVERS = frozenset({"kafka.server.KafkaServer", "kafka.server.KafkaRaftServer", "kafka.server.BrokerServer"})
_SERVER = (
    rules_of(r"""
service.started | | starting | starting
service.started | success | started | started
service.stopped | | shutting down | shutting down
service.stopped | success | shut down completed | shut down completed
""")
    + _RULES
)


def _read(text: str, clock: Clock) -> Reading:
    found = _RECORD.fullmatch(text)
    if found is None:
        return Unparsed("no line of Kafka's logs: expected [time] LEVEL message (class)")
    time, early, late, thread, name, component, rest = found.groups()
    level = early or late
    first, _, trace = rest.partition("\n")
    said = first
    named = _CLASS.fullmatch(first) if early else None
    if named is not None:
        said, name, thread = named[1], named[2], named[3]
    parts = {
        "time": time,
        "level": level,
        "component": component,
        "message": said,
        "class": name,
        "thread": thread,
        "trace": trace.rstrip(),
    }
    rules = _SERVER if name in _SERVERS else _RULES
    return spoken_event(
        said,
        level,
        clock.local(time)._replace(text=time),
        rules,
        {key: value for key, value in parts.items() if value},
        message=f"{component}: {said}".rstrip() if component else said.rstrip(),
    )


def _mine(text: str) -> bool:
    found = _RECORD.match(text)
    if found is None:
        return False
    named = _CLASS.fullmatch(found[7].partition("\n")[0])
    name = found[5] or ("" if named is None else named[2])
    return "." in name


FORMAT = BlockRecords(
    name="kafka",
    version="1",
    source_name="kafka",
    mine=_mine,
    seen="a line of Kafka's logs ([time] LEVEL … (class))",
    read=_read,
    quality=lambda _: ASSUMED_ZONE,
    confidence=0.93,
    begins=lambda line, _: _BEGINS.match(line),
)
