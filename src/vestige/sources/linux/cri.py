"""Logs of containers under Kubernetes, as CRI runtimes (containerd, CRI-O) write them to ``/var/log/pods``.

::

    2026-01-01T00:00:00.123456789Z stdout F message
    time                           stream tag text

The tag ``P`` says that the line goes on in the next record of the same stream, which is a record of its own here: such
an event has the tag ``log:partial`` and is not read further, since it is no whole line. Attributes: ``time``,
``stream``, ``tags``, ``log``, and ``parsed`` where that is JSON. What the application wrote:
:mod:`~vestige.sources.linux.container_line`.

Reference: kubernetes/design-proposals-archive, "CRI: Dockershim/Container Log Format".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import orjson

from vestige.model.event import Event, Unparsed
from vestige.sources.linux.container_line import container_event
from vestige.sources.reading.kinds import LineRecords

if TYPE_CHECKING:
    from vestige.model.event import Reading
    from vestige.sources.reading.timefield import Clock

_LINE = re.compile(
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)) (stdout|stderr) ([FP](?::[^ :]*)*)(?: (.*))?",
    re.DOTALL,
)


def _read(text: str, clock: Clock) -> Reading:
    found = _LINE.fullmatch(text)
    if found is None:
        return Unparsed("no line of a container's log: expected time, stdout or stderr, F or P, text")
    time, stream, tag, said = found[1], found[2], found[3], found[4] or ""
    stamp = clock.local(time)
    fields: dict[str, object] = {"time": time, "stream": stream, "tags": tag, "log": said}
    if tag[0] == "P":
        return Event(
            "log.line", *stamp[:3], message=said, tags=("log:partial",), attributes=orjson.dumps(fields).decode()
        )
    return container_event(said, stream, stamp, fields, clock)


FORMAT = LineRecords(
    name="cri",
    version="1",
    source_name=None,
    mine=lambda text: _LINE.fullmatch(text) is not None,
    seen="lines of a container's log (time, stream, F or P)",
    read=_read,
    confidence=0.97,
)
