"""Syslog lines as files and receivers hold them, and what the programs of a system say in them.

Read, each with or without ``<PRI>``::

    RFC 5424    <34>1 2026-11-22T16:00:00.123Z host app procid msgid [id k="v"] message
    RFC 3164    Nov 22 16:00:00 host program[pid]: message        (no year, no zone: both assumed and recorded)
    ISO stamps  2026-11-22T16:00:00.123456+01:00 host program[pid]: message      (rsyslog, systemd, SUSE)
                2016-10-25T12:37:23.297265-07:00 INFO program[pid]: message      (a severity in place of the host)

A stamp may also carry a year (``Mar  1 2026 10:00:00``), and host, program or both may be missing. A line that begins
with white space continues the record before it. Attributes: the header's parts under their RFC 5424 names in lower
case (``facility``, ``severity``, ``timestamp``, ``hostname``, ``app_name``, ``procid``, ``msgid``,
``structured_data``, ``message``) and what the message was understood to say. A record of the audit trail that came by
syslog (``kernel: audit: type=1400 audit(…): …``, audispd) is read as in audit.log, at the time it states itself; the
line's own stamp is then when it was observed.

Of what a receiver could not take whole (``extra`` of the context: ``frame=piece``, ``frame=torn``) nothing is read: the
tail of a long line must not pass for a record.

References: RFC 3164, RFC 5424, RFC 5426; messages: :mod:`vestige.sources.general.syslog_messages`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, BinaryIO

import orjson

from vestige.model.event import Skipped, Unparsed
from vestige.sources.contract import MAX_RECORD, Detection
from vestige.sources.general.syslog_meaning import Meaning
from vestige.sources.general.syslog_messages import understand
from vestige.sources.linux.audit_event import audit_event
from vestige.sources.linux.audit_line import carried_line
from vestige.sources.reading.fields import REPLACED, decode, make_event
from vestige.sources.reading.records import split_lines
from vestige.sources.reading.timefield import ASSUMED_YEAR, ASSUMED_ZONE, NO_STAMP, Clock, clock_for, missing_parts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vestige.model.event import Event, Reading, Record
    from vestige.sources.contract import Context, Sample

_YEAR = re.compile(r" \d{4} ")
_OFFSET = re.compile(r"(?:Z|[+-]\d\d:?\d\d)$")
_PRI = r"(?:<(\d{1,3})>)?"
_STAMP = (
    r"([A-Z][a-z]{2} (?: \d|\d{1,2}) (?:\d{4} )?\d\d:\d\d:\d\d(?:[.,]\d{1,9})?"
    r"|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?)"
)
_USUAL = re.compile(_PRI + _STAMP + r" (\S*[^\s:]) ([^\s:\[]+)(?:\[([^\]\s]*)\])?: ?(.*)", re.DOTALL)
_HOSTLESS = re.compile(_PRI + _STAMP + r":? +([^\s:\[]+)(?:\[([^\]\s]*)\])?: ?(.*)", re.DOTALL)
_LOOSE = re.compile(_PRI + _STAMP + r"(:?) +(.*)", re.DOTALL)
_FULL = re.compile(r"<(\d{1,3})>(\d{1,2}) (\S+) (\S+) (\S+) (\S+) (\S+) ", re.DOTALL)
_BARE = re.compile(r"<(\d{1,3})>(.*)", re.DOTALL)
_DATA = re.compile(r'\[([^\s="\]]+)((?: +[^\s="\]]+="(?:[^"\\\]]|\\.)*")*)\]', re.DOTALL)
_PARAM = re.compile(r' +([^\s="\]]+)="((?:[^"\\\]]|\\.)*)"', re.DOTALL)
_ESCAPED = re.compile(r'\\(["\\\]])')

_SEVERITIES = ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug")
_FACILITIES = (
    *("kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp"),
    *("ntp", "audit", "alert", "clock"),
    *(f"local{number}" for number in range(8)),
)
_LEVELS = (4, 4, 4, 3, 2, 0, 0, 0)
"""Our severity for each of syslog's."""
_WORDS = {
    word: number
    for number, words in enumerate(
        ("EMERG PANIC", "ALERT", "CRIT CRITICAL FATAL", "ERR ERROR", "WARN WARNING", "NOTICE", "INFO", "DEBUG TRACE")
    )
    for word in words.split()
}
_NAME = re.compile(r"[^\s\"',;|=<>{}]+")
"""What a host and a program are called in a header, where a line is to be recognised by it."""
_ERROR = 3
_NO_HEADER = "no syslog header: expected <PRI>, a date, or an ISO 8601 time first"
_WORST_PRI = 191
_PARTS = {
    "piece": "a piece of a frame above the receiver's bound; all pieces are kept (VESTIGE_LIMIT_SYSLOG_FRAME_BYTES)",
    "torn": "the connection ended within this frame; what came of it is kept",
}


class SyslogFormat:
    """See the module."""

    name = "syslog"
    version = "3"
    media_type = "text/plain"
    rendered = False
    source_name: str | None = None

    def detect(self, sample: Sample) -> Detection | None:
        """Lines with a syslog header; surest where each has host and program too.

        A header without them is one by its priority or its RFC 3164 stamp; an ISO time may begin any line.
        """
        lines = [line for line in sample.lines()[:200] if line[:1] not in {b" ", b"\t"}]
        if not lines:
            return None
        texts = [line.decode("utf-8", "replace") for line in lines]
        usual = sum(map(_is_usual, texts))
        some = usual + sum(1 for text in texts if not _is_usual(text) and _is_bare(text))
        share = usual / len(lines)
        extra = missing_parts(filter(None, map(_quality, texts)))
        if share >= 0.5:
            return Detection(0.55 + 0.4 * share, f"{usual} of {len(lines)} lines have a syslog header", extra=extra)
        if some * 2 >= len(lines):
            return Detection(0.25 + 0.3 * share, f"{some} of {len(lines)} lines begin as syslog does", extra=extra)
        return None

    def split(
        self, stream: BinaryIO, *, start: int = 0, number: int = 0, context: Context | None = None
    ) -> Iterator[list[Record]]:
        """Lines, each with the indented lines that follow it."""
        del context
        return split_lines(stream, start=start, number=number, continued=True)

    def parse(self, payloads: Sequence[bytes], context: Context) -> list[Reading]:
        """One event per record."""
        part = context.hint("frame")
        if part:
            return [Unparsed(_PARTS.get(part, part)) for _ in payloads]
        clock = clock_for(context)
        return [_read(payload, clock) for payload in payloads]


def _is_usual(text: str) -> bool:
    """Whether a line has a whole header: RFC 5424's, or stamp, host and program."""
    found = _FULL.match(text)
    if found is not None:
        return int(found[1]) <= _WORST_PRI
    found = _USUAL.match(text)
    return found is not None and all(_NAME.fullmatch(found[group]) for group in (3, 4))


def _is_bare(text: str) -> bool:
    """Whether a line has the part of a header that only syslog has: a priority, or a stamp without a year's place."""
    found = _BARE.match(text)
    if found is not None:
        return int(found[1]) <= _WORST_PRI
    found = _LOOSE.match(text)
    return found is not None and found[2][0].isalpha()


def _quality(text: str) -> str:
    """How far a line's stamp can be trusted, going by its form."""
    found = _LOOSE.match(text)
    stamp = "" if found is None else found[2]
    if stamp[:1].isalpha():
        return ASSUMED_ZONE if _YEAR.search(stamp) else ASSUMED_YEAR
    return ASSUMED_ZONE if stamp and not _OFFSET.search(stamp) else ""


def _read(payload: bytes, clock: Clock) -> Reading:
    if len(payload) > MAX_RECORD:
        return Unparsed(f"a piece of a record longer than {MAX_RECORD} bytes; all pieces are kept")
    try:
        text, replaced = payload.decode(), False
    except UnicodeDecodeError:
        text, replaced = decode(payload)
    if text[-1:] == "\r":
        text = text[:-1]
    found = _USUAL.fullmatch(text)
    event = _unusual(text, clock) if found is None else _usual(text, found, clock)
    if event is None:
        return Unparsed(_NO_HEADER) if text.strip() else Skipped("an empty line")
    return event._replace(tags=(*event.tags, REPLACED)) if replaced else event


def headed_event(text: str, clock: Clock) -> Event | None:
    """The event of a text that begins with a whole syslog header (stamp, host, program); none for any other text."""
    found = _USUAL.fullmatch(text)
    if found is not None:
        return _usual(text, found, clock)
    found = _FULL.match(text)
    return None if found is None else _full(text, found, clock)


def _usual(text: str, found: re.Match[str], clock: Clock) -> Event | None:
    """The commonest header. A civil time with a space is any program's: its next word is a host only before a pid."""
    pri, stamp, host, program, pid, message = found.groups()
    if pri is None and host in _WORDS:
        return _event(clock, None, stamp, "", program, pid or "", message, {}, _WORDS[host])
    if pri is None and pid is None and stamp[10] == " ":
        return _unusual(text, clock)
    return _event(clock, pri, stamp, host, program, pid or "", message, {})


def _unusual(text: str, clock: Clock) -> Event | None:
    """RFC 5424, and headers that leave something out."""
    found = _FULL.match(text)
    if found is not None:
        return _full(text, found, clock)
    found = _HOSTLESS.fullmatch(text)
    if found is not None:
        pri, stamp, program, pid, message = found.groups()
        return _event(clock, pri, stamp, "", program, pid or "", message, {})
    found = _LOOSE.fullmatch(text)
    if found is not None:
        pri, stamp, colon, rest = found.groups()
        host, _, message = rest.partition(" ")
        if colon or not message or host.startswith("-") or (pri is None and stamp[0].isdigit()):
            return _event(clock, pri, stamp, "", "", "", rest, {})
        return _event(clock, pri, stamp, host, "", "", message, {})
    found = _BARE.fullmatch(text)
    if found is not None and int(found[1]) <= _WORST_PRI:
        return _event(clock, found[1], "", "", "", "", found[2], {})
    return None


def _full(text: str, found: re.Match[str], clock: Clock) -> Event:
    pri, version, stamp, host, program, procid, msgid = found.groups()
    at = found.end()
    fields: dict[str, object] = {"version": int(version)}
    if msgid != "-":
        fields["msgid"] = msgid
    data: dict[str, dict[str, str]] = {}
    while (element := _DATA.match(text, at)) is not None:
        data[element[1]] = {name: _ESCAPED.sub(r"\1", value) for name, value in _PARAM.findall(element[2])}
        at = element.end()
    if data:
        fields["structured_data"] = data
    elif text[at : at + 1] == "-":
        at += 1
    message = text[at:].removeprefix(" ").removeprefix("\ufeff")
    return _event(clock, pri, _given(stamp), _given(host), _given(program), _given(procid), message, fields)


def _given(text: str) -> str:
    return "" if text == "-" else text


def _level(pri: str | None, number: int | None, fields: dict[str, object]) -> int:
    """Our severity for a line's own, which is put among the fields."""
    if pri is not None:
        value = int(pri)
        number = value & 7
        if value <= _WORST_PRI:
            fields["facility"] = _FACILITIES[value >> 3]
    if number is None:
        return 0
    fields["severity"] = _SEVERITIES[number]
    return _LEVELS[number]


def _event(
    clock: Clock,
    pri: str | None,
    stamp: str,
    host: str,
    program: str,
    pid: str,
    message: str,
    fields: dict[str, object],
    number: int | None = None,
) -> Event:
    """An event from a header's parts and the message's meaning."""
    level = 0 if pri is None and number is None else _level(pri, number, fields)
    if stamp:
        fields["timestamp"] = stamp
    if host:
        fields["hostname"] = host
    if program:
        fields["app_name"] = program
    if pid:
        fields["procid"] = pid
    at, time_text, quality, tag = (
        NO_STAMP if not stamp else clock.short(stamp) if stamp[0].isalpha() else clock.local(stamp)
    )
    fields["message"] = message
    said = message.strip()
    carried = carried_line(program, said) if "audit(" in said else None
    if carried is not None:
        event = audit_event((carried,), host, at)
        return event._replace(attributes=orjson.dumps({**fields, **orjson.loads(event.attributes)}).decode())
    meaning = understand(program, said, host, pid) if program else None
    if meaning is None:
        meaning = _SERVICE_ERROR if level >= _ERROR else _LINE
    (
        kind,
        action,
        outcome,
        actor,
        subject,
        object_id,
        object_type,
        src_ip,
        src_port,
        session,
        keys,
        severity,
        details,
        dst_ip,
        dst_port,
        protocol,
    ) = meaning
    for name, text in details:
        fields.setdefault(name, text)
    return make_event((
        kind, at, time_text, quality, None, action, outcome, max(level, severity),
        actor, "", "user" if actor else "",
        subject, "", "user" if subject else "",
        object_id, "", object_type,
        src_ip, dst_ip, src_port, dst_port, protocol,
        "", "", "", host, session, "",
        f"{program}: {said}" if program else said,
        (tag,) if tag else (),
        orjson.dumps(fields).decode(),
        keys,
    ))  # fmt: skip


def stored_event(stamp: str, host: str, program: str, pid: str, message: str, severity: str, clock: Clock) -> Event:
    """The event of a message whose parts stand in a table: the time in ISO form, the severity by syslog's name."""
    number = _SEVERITIES.index(severity) if severity in _SEVERITIES else None
    return _event(clock, None, stamp, host, program, pid, message, {}, number)


_LINE = Meaning("log.line", "")
_SERVICE_ERROR = Meaning("service.error", "")
FORMAT = SyslogFormat()
