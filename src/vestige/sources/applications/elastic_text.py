"""Plain-text logs of Logstash and Elasticsearch.

::

    [2026-01-01T10:00:00,123][INFO ][logstash.agent           ] message
    [2026-01-01T10:00:00,123][WARN ][logstash.inputs.beats    ][main][1f2e…] message
    [2026-01-01T10:00:00,123][INFO ][o.e.n.Node               ] [node-1] message

Lines that begin otherwise belong to the record before them. Times state no zone. Attributes: ``time``, ``level``,
``logger``, ``pipeline`` and ``plugin`` (Logstash), ``node`` (Elasticsearch), ``message``, and what the message was
understood to say.

References: Logstash's config/log4j2.properties; Elasticsearch's distribution/src/config/log4j2.properties.
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
    r"\[(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d,\d{3})\]"
    r"\[(?P<level>TRACE|DEBUG|INFO|WARN|ERROR|FATAL|CRITICAL) *\]\[(?P<logger>[\w.$-]{1,200}) *\]"
)
_BEGINS = re.compile(_HEAD.replace("?P<time>", "").replace("?P<level>", "").replace("?P<logger>", "").encode())
_RECORD = re.compile(
    rf"{_HEAD} ?(?:\[(?P<pipeline>[\w.-]{{1,200}})\](?:\[(?P<plugin>[\w.-]{{1,200}})\])?(?= ))? ?(?P<message>.*)",
    re.DOTALL,
)
_RULES = rules_of(r"""
service.started | | Starting | (?:Starting (?:Logstash|server|pipeline)|Pipeline (?:main )?started|initialized|starting \.\.\.)
service.started | success | started | (?:started\b|Successfully started Logstash|Pipelines running)
service.stopped | | stopping | (?:stopping \.\.\.|SIG\w+ received|Logstash shut down|Closing inputs)
service.stopped | success | stopped | (?:stopped$|closed$|Pipeline has terminated|Logstash stopped)
auth.login_failed | failure | Authentication failed
  | (?:Authentication of \[(?P<actor>[^\]\s]{1,200})\] was terminated|Authentication (?:failed|to realm \S+ failed))
database.queried | | jdbc | \(\d+\.\d+s\) (?=SELECT|Select|select|INSERT|UPDATE|DELETE)
database.queried | | slowlog | (?:event processing time|took\[)
resource.created | success | creating index | \[(?P<object>[^\]]{1,255})\] creating index
resource.deleted | success | deleting index | \[(?P<object>[^\]]{1,255})/[^\]]{1,40}\] deleting index
network.connection | success | Restored connection | (?:Restored connection|Connected to ES instance)
""")  # noqa: E501 - a table: one thing said a line


def _read(text: str, clock: Clock) -> Reading:
    found = _RECORD.fullmatch(text)
    if found is None:
        return Unparsed("no line of Logstash's or Elasticsearch's log: expected [time][LEVEL][logger] message")
    parts = {name: value for name, value in found.groupdict().items() if value}
    said = parts["message"] = found["message"].rstrip()
    node = ""
    if "pipeline" in parts and not parts["logger"].startswith(("logstash.", "slowlog.logstash", "org.logstash")):
        node = parts["node"] = parts.pop("pipeline")
    time, logger = parts["time"], parts["logger"]
    stamp = clock.local(time.replace("T", " "))._replace(text=time)
    return spoken_event(said, parts["level"], stamp, _RULES, parts, message=f"{logger}: {said}", host=node)


FORMAT = BlockRecords(
    name="elastic_text",
    version="1",
    source_name=None,
    mine=lambda text: _RECORD.fullmatch(text) is not None,
    seen="a line of Logstash's or Elasticsearch's log ([time][LEVEL][logger])",
    read=_read,
    quality=lambda _: ASSUMED_ZONE,
    confidence=0.94,
    begins=lambda line, _: _BEGINS.match(line),
)
