"""Linux login records: ``utmp`` (who is in now), ``wtmp`` (who was), ``btmp`` (who was refused).

A file is a row of records of one size, without a header. Layouts (glibc's ``struct utmp``)::

    x86_64    384 bytes, little endian; also i386, arm, and s390's 31-bit mode in its own byte order
    aarch64   400 bytes, little endian, 64-bit times
    s390x     400 bytes, big endian

Fields: ``type``, ``pid``, ``line`` (the terminal), ``id``, ``user``, ``host`` (where from, as text), ``termination``
and ``exit`` (of the process that ended), ``session``, ``time`` (seconds and microseconds since 1970), ``address``.

``type`` says what happened: 1 run level, 2 boot, 3 and 4 the clock after and before it was set, 5 a process of init, 6
a terminal that waits for a sign-in, 7 a session begins, 8 it ended. btmp holds the same records: one of type 6 that
names a user, or ``ssh:notty``, is a refused sign-in (a terminal that waits says ``LOGIN``, or nothing). A session's end
names no user. Terminal and process number tell which session it was on this machine since it came up; no machine is
named, and many have a ``pts/0`` with that process, so they are attributes and no session.

A payload is the record's own bytes. A record of zeros is a slot never used, and skipped.

References: utmp(5), lastb(1); glibc's bits/utmp.h; OpenSSH's loginrec.c; util-linux's login.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from struct import Struct
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

import orjson

from vestige.model.errors import InputError
from vestige.model.event import Skipped, Unparsed
from vestige.model.instant import MAX_INSTANT, MIN_INSTANT, NANOS
from vestige.sources.contract import MAX_RECORD, Detection
from vestige.sources.reading.fields import canonical_ip, host_key, keys_of, make_event
from vestige.sources.reading.records import Batcher
from vestige.sources.reading.timefield import EXACT, MISSING, OUT_OF_RANGE, Stamp

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vestige.model.event import Reading, Record
    from vestige.sources.contract import Context, Sample

_LAYOUTS = {
    "x86_64": Struct("<h2xi32s4s32s256shhiii16s20x"),
    "s390": Struct(">h2xi32s4s32s256shhiii16s20x"),
    "aarch64": Struct("<h2xi32s4s32s256shhqqq16s24x"),
    "s390x": Struct(">h2xi32s4s32s256shhqqq16s24x"),
}
_TYPES = (
    "EMPTY", "RUN_LVL", "BOOT_TIME", "NEW_TIME", "OLD_TIME", "INIT_PROCESS", "LOGIN_PROCESS", "USER_PROCESS",
    "DEAD_PROCESS", "ACCOUNTING",
)  # fmt: skip
_RUN_LEVEL, _CLOCK_AFTER, _INIT, _WAITS, _BEGINS, _ENDED = 1, 3, 5, 6, 7, 8
_KINDS = {
    1: "host.state",
    2: "host.started",
    3: "host.clock_changed",
    4: "host.clock_changed",
    5: "service.status",
    6: "service.status",
    7: "session.opened",
    8: "session.closed",
    9: "service.status",
}
_READ = 1 << 18
_LOOK = 100
_OLDEST, _NEWEST = 10**8, 2**32
_MICROS = 1_000_000


class _Login(NamedTuple):
    """A record as it stands."""

    type: int
    pid: int
    line: str
    id: str
    user: str
    host: str
    termination: int
    exit: int
    session: int
    seconds: int
    micros: int
    raw_address: bytes
    plain: bool
    """Whether its texts are such, and end where they should."""

    @property
    def address(self) -> str:
        """Four bytes of IPv4 and zeros, or IPv6; none where all are zero."""
        raw = self.raw_address
        if not any(raw):
            return ""
        return str(ipaddress.IPv6Address(raw)) if any(raw[4:]) else str(ipaddress.IPv4Address(raw[:4]))


def _login(payload: bytes, layout: Struct) -> _Login:
    kind, pid, line, ident, user, host, termination, code, session, seconds, micros, address = layout.unpack(payload)
    texts = [raw.split(b"\0", 1)[0] for raw in (line, ident, user, host)]
    plain = all(text.isascii() and text.decode().isprintable() for text in (texts[0], texts[3]))
    shown, tag, name, origin = (text.decode("utf-8", "replace") for text in texts)
    return _Login(kind, pid, shown, tag, name, origin, termination, code, session, seconds, micros, address, plain)


def _tells(login: _Login) -> bool:
    """Whether these can be the bytes of a record that says something: of a time since 1973, with a line or a user."""
    return (
        0 < login.type < len(_TYPES)
        and 0 <= login.micros < _MICROS
        and _OLDEST <= login.seconds <= _NEWEST
        and login.plain
        and bool(login.line or login.user)
    )


@dataclass(frozen=True)
class Utmp:
    """The format of login records."""

    name: str = "utmp"
    version: str = "2"
    media_type: str = "application/octet-stream"
    source_name: str | None = "linux.logins"
    rendered: bool = False

    def detect(self, sample: Sample) -> Detection | None:
        """By the layout under which half of the records of the sample can be one and some say something."""
        best: tuple[int, str] | None = None
        for name, layout in _LAYOUTS.items():
            size = layout.size
            looked = min(len(sample.head), _LOOK * size) // size
            rows = [sample.head[at * size : (at + 1) * size] for at in range(looked)]
            logins = [_login(row, layout) for row in rows if any(row)]
            telling = sum(map(_tells, logins))
            if telling and telling * 2 >= len(logins) and (best is None or telling > best[0]):
                best = telling, name
        if best is None:
            return None
        count, name = best
        return Detection(0.9, f"{count} login records of {name}'s layout", extra=(("layout", name),))

    def split(
        self, stream: BinaryIO, *, start: int = 0, number: int = 0, context: Context | None = None
    ) -> Iterator[list[Record]]:
        """Record by record; a last one that is cut off is one too."""
        size = _layout(context).size
        batcher = Batcher(number)
        fault: InputError | None = None
        rest, at = b"", start
        while True:
            try:
                part = stream.read(_READ)
            except InputError as error:
                fault, part = error, b""
            data = rest + part
            whole = len(data) // size * size if part else len(data)
            places = range(0, whole, size)
            yield from batcher.add([data[place : place + size] for place in places], [at + place for place in places])
            rest, at = data[whole:], at + whole
            if not part:
                break
        yield from batcher.rest()
        if fault is not None:
            raise fault

    def parse(self, payloads: Sequence[bytes], context: Context) -> list[Reading]:
        """One reading per record."""
        layout = _layout(context)
        return [_read(payload, layout) for payload in payloads]


def _layout(context: Context | None) -> Struct:
    return _LAYOUTS.get(context.hint("layout") if context is not None else "", _LAYOUTS["x86_64"])


def _read(payload: bytes, layout: Struct) -> Reading:
    if len(payload) > MAX_RECORD:
        return Unparsed(f"a piece of a record longer than {MAX_RECORD} bytes; all pieces are kept")
    if len(payload) != layout.size:
        return Unparsed(f"a login record has {layout.size} bytes, this one {len(payload)}: the file was cut off in it")
    if not any(payload):
        return Skipped("a slot that was never used")
    login = _login(payload, layout)
    if not 0 <= login.type < len(_TYPES):
        return Unparsed(f"no login record: its type is {login.type}, expected 0 to {len(_TYPES) - 1}")
    if login.type == 0:
        return Skipped("an empty record")
    return _event(login)


def _when(login: _Login) -> Stamp:
    """The record's time, whatever its size; microseconds that are none are left out, and zero is a field never set."""
    readable = 0 <= login.micros < _MICROS
    text = f"{login.seconds}.{login.micros:06}" if readable else str(login.seconds)
    at = login.seconds * NANOS + (login.micros * 1000 if readable else 0)
    if not at:
        return Stamp(None, text, MISSING)
    if not MIN_INSTANT <= at <= MAX_INSTANT:
        return Stamp(None, text, MISSING, OUT_OF_RANGE)
    return Stamp(at, text, EXACT)


def _event(login: _Login) -> Reading:
    named = login.user not in {"", "LOGIN"} or login.line == "ssh:notty" or bool(login.host)
    refused = login.type == _WAITS and named
    shut = login.type == _RUN_LEVEL and login.user == "shutdown"
    kind = "auth.login_failed" if refused else "host.stopped" if shut else _KINDS[login.type]
    person = login.user if refused or login.type in {_BEGINS, _ENDED} else ""
    begins = login.type == _BEGINS
    outcome = "failure" if refused else "success" if begins else ""
    remote = refused or login.type in {_BEGINS, _ENDED}
    src_ip = (canonical_ip(login.address) or canonical_ip(login.host)) if remote else ""
    here = login.line if login.type >= _INIT else ""
    at, time_text, quality, tag = _when(login)
    keys = keys_of(host_key(login.host.partition(":")[0])) if remote else ()
    fields: dict[str, object] = {
        "type": _TYPES[login.type], "pid": login.pid, "line": login.line, "id": login.id, "user": login.user,
        "host": login.host, "termination": login.termination, "exit": login.exit, "session": login.session,
        "time": f"{login.seconds}.{login.micros:06}", "address": login.address,
    }  # fmt: skip
    return make_event((
        kind, at, time_text, quality, None, "login refused" if refused else _TYPES[login.type], outcome, 0,
        person, "", "user" if person else "", "", "", "",
        here, "", "terminal" if here else "",
        src_ip, "", 0, 0, "", "", "", "", "",
        "", "",
        _told(login, kind, person, here), (tag,) if tag else (),
        orjson.dumps({name: value for name, value in fields.items() if value != ""}).decode(), keys,
    ))  # fmt: skip


def _told(login: _Login, kind: str, person: str, here: str) -> str:
    """What a person is told."""
    where = f" on {here}" if here else ""
    origin = f" from {login.host or login.address}" if login.host or login.address else ""
    version = f" ({login.host})" if login.host else ""
    if kind == "host.state":
        level = chr(login.pid & 0xFF) if 0x20 < login.pid & 0xFF < 0x7F else "unknown"
        return f"run level {level}{version}"
    return {
        "auth.login_failed": f"{person or 'nobody named'} was refused{where}{origin}",
        "host.stopped": f"the machine went down{version}",
        "host.started": f"the machine came up{version}",
        "host.clock_changed": f"the clock was set: its {'new' if login.type == _CLOCK_AFTER else 'old'} time",
        "session.opened": f"{person or 'somebody'} opened a session{where}{origin}",
        "session.closed": f"{person + chr(39) + 's' if person else 'the'} session{where} ended",
    }.get(kind, f"{_TYPES[login.type]} {login.user}{where}".replace("  ", " "))


FORMAT = Utmp()
