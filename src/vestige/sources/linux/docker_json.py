r"""Logs of containers as Docker's ``json-file`` driver writes them: ``{"log":"…\n","stream":"stdout","time":"…"}``.

A ``log`` without a line feed at its end is part of a longer line (Docker cuts at 16 KiB) and has the tag
``log:partial``. ``attrs`` holds labels and environment the driver was told to add. What the application wrote:
:mod:`~vestige.sources.linux.container_line`.

Reference: docs.docker.com, "JSON File logging driver"; moby's jsonlog.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vestige.model.event import Event, Unparsed
from vestige.sources.linux.container_line import container_event
from vestige.sources.reading.fields import text_of
from vestige.sources.reading.kinds import JsonRecords

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vestige.model.event import Reading
    from vestige.sources.reading.timefield import Clock

_NAMES = frozenset({"log", "stream", "time", "attrs", "partial", "partial_message"})


def _is_line(record: Mapping[str, object]) -> bool:
    return (
        isinstance(record.get("log"), str)
        and text_of(record.get("stream")) in {"stdout", "stderr"}
        and isinstance(record.get("time"), str)
        and set(record) <= _NAMES
    )


def _read(record: dict[str, object], text: str, clock: Clock) -> Reading:
    said, time, stream = record.get("log"), record.get("time"), record.get("stream")
    if not isinstance(said, str):
        return Unparsed("no line of a container's log: the log is missing")
    stamp = clock.read(time)
    if not said.endswith("\n"):
        return Event("log.line", *stamp[:3], message=said, tags=("log:partial",), attributes=text)
    return container_event(said, stream if isinstance(stream, str) else "", stamp, record, clock, text)


FORMAT = JsonRecords(
    name="docker_json",
    version="1",
    source_name=None,
    mine=_is_line,
    seen="lines of Docker's json-file driver (log, stream, time)",
    read=_read,
    confidence=0.97,
)
