"""The Linux audit trail (``/var/log/audit/audit.log``, ``ausearch --raw``), raw or enriched, with or without nodes.

Consecutive lines of one serial (and time, and node) are one record, whose payload is those lines with the line feeds
between them, and one event that names all their types. Where the lines of two serials are interleaved, each run is a
record of its own; the custom key ``audit:<node>:<time>:<serial>``, which every event of the trail carries, ties them,
and an event that holds only supplements of a system call has the tag ``audit:part``.

Attributes: every field by its own name, decoded; ``type`` (all record types), ``paths`` (each PATH record), ``args``
(EXECVE's arguments), ``socket`` (the decoded ``saddr``), ``syscall_name``, ``arch_name``; a name that comes again with
another value stands under ``TYPE.name``. The time is the audit trail's own, exact.

Fields: :mod:`~vestige.sources.linux.audit_line`; meaning: :mod:`~vestige.sources.linux.audit_event`; types:
:mod:`~vestige.sources.linux.audit_names`. References: auditd.conf(5), linux/audit.h, audit-userspace's docs.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, BinaryIO

from vestige.model.event import Skipped, Unparsed
from vestige.sources.contract import MAX_RECORD, Detection
from vestige.sources.linux.audit_event import audit_event
from vestige.sources.linux.audit_line import LINE, read_line
from vestige.sources.reading.fields import REPLACED, decode
from vestige.sources.reading.records import split_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from vestige.model.event import Reading, Record
    from vestige.sources.contract import Context, Sample
    from vestige.sources.linux.audit_line import Line

_KEY = re.compile(rb"(?:node=(\S{1,256}) )?type=\S{1,64} msg=audit\(([\d.]{1,40}:\d{1,20})\)")
_LOOK = 200
_LINES = 20_000
"""Lines of one record that are read; what stands behind them is kept, not taken apart."""


def _same_serial() -> Callable[[bytes], bool]:
    """Whether a line is of the same audit event as the line before it."""
    last: tuple[bytes, bytes] | None = None

    def belongs(line: bytes) -> bool:
        nonlocal last
        before = last
        found = _KEY.match(line)
        last = None if found is None else (found[1] or b"", found[2])
        return last is not None and last == before

    return belongs


class AuditdFormat:
    """See the module."""

    name = "auditd"
    version = "1"
    media_type = "text/plain"
    rendered = False
    source_name: str | None = "linux.audit"

    def detect(self, sample: Sample) -> Detection | None:
        """Lines that begin ``type=… msg=audit(seconds.milliseconds:serial)``."""
        lines = [line.decode("utf-8", "replace") for line in sample.lines()[:_LOOK]]
        mine = sum(1 for line in lines if LINE.match(line))
        if not mine or mine * 2 < len(lines):
            return None
        return Detection(0.9 + 0.08 * mine / len(lines), f"{mine} of {len(lines)} lines are audit records")

    def split(
        self, stream: BinaryIO, *, start: int = 0, number: int = 0, context: Context | None = None
    ) -> Iterator[list[Record]]:
        """Runs of lines of one serial."""
        del context
        return split_lines(stream, start=start, number=number, belongs=_same_serial())

    def parse(self, payloads: Sequence[bytes], context: Context) -> list[Reading]:
        """One event per run."""
        del context
        return [_read(payload) for payload in payloads]


def _read(payload: bytes) -> Reading:
    if len(payload) > MAX_RECORD:
        return Unparsed(f"a piece of a record longer than {MAX_RECORD} bytes; all pieces are kept")
    text, replaced = decode(payload)
    if not text.strip():
        return Skipped("an empty line")
    lines: list[Line] = []
    for line in text.split("\n", _LINES)[:_LINES]:
        read = read_line(line.removesuffix("\r"))
        if read is None:
            return Unparsed("no audit record: expected type=… msg=audit(seconds.milliseconds:serial): …")
        lines.append(read)
    telling = [line for line in lines if line.type != "EOE"]
    if not telling:
        return Skipped("the mark that an audit event's records are complete (EOE)")
    if len({line.key for line in telling}) > 1:
        return Unparsed("lines of several audit events in one record")
    event = audit_event(telling)
    return event._replace(tags=(*event.tags, REPLACED)) if replaced else event


FORMAT = AuditdFormat()
