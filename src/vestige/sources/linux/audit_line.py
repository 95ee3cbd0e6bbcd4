"""One line of the Linux audit trail: its header, and its fields with the kernel's and auditd's encodings undone.

::

    node=web-1 type=USER_CMD msg=audit(1364481363.243:24287): pid=1 uid=0 msg='cwd="/" cmd=7375 res=success'␝UID="root"

A value in double quotes is text. A text that holds white space, quotes or control characters is written in upper case
hexadecimal digits without quotes; which fields can be so written is in :data:`_TEXTS`. What user space adds stands in
``msg='…'`` and is read as fields of the line. Behind the separator 0x1D auditd puts names for numbers, under upper
case names (``log_format = ENRICHED``). ``(null)``, ``?`` and ``(none)`` say that there is no value.

References: linux/audit.h; audit-userspace's docs (audit_format, "Audit Event Fields"), auditd.conf(5).
"""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from typing import NamedTuple

from vestige.model.instant import NANOS
from vestige.sources.linux.audit_names import type_name
from vestige.sources.reading.timefield import EXACT, MISSING, OUT_OF_RANGE, UNREADABLE, Stamp

Fields = dict[str, str]

LINE = re.compile(
    r"(?:node=(?P<node>\S+) )?type=(?P<type>[\w\[\]]+) msg="
    r"audit\((?P<sec>\d{1,20})\.(?P<frac>\d{1,9}):(?P<serial>\d{1,20})\): ?"
)
_CARRIED = re.compile(
    r"(?:node=(?P<node>\S+) )?(?:audit: )?type=(?P<type>[\w\[\]]+) (?:msg=)?"
    r"audit\((?P<sec>\d{1,20})\.(?P<frac>\d{1,9}):(?P<serial>\d{1,20})\): ?"
)
"""As the kernel and dispatchers put it into a syslog message: ``audit: type=1400 audit(…): …``."""
_CARRIERS = frozenset({"kernel", "audispd", "audisp-syslog", "auditd", "audit"})
_UPTIME = re.compile(r"\[ *\d+\.\d+\] ?")

_FIELD = re.compile(r"(?<![\w-])([A-Za-z][\w-]*(?:\[\d+\])?)=(\(null\)|\"[^\"]*\"|'[^']*'|[^\s\"']*)")
_OLD = (("old auid=", "old-auid="), ("new auid=", "auid="), ("old ses=", "old-ses="), ("new ses=", "ses="))
_HEX = re.compile(r"(?:[0-9A-F]{2})+")
_ARGUMENT = re.compile(r"a(\d+)(?:\[(\d+)\])?")
_TEXT_NAMES = """
    proctitle exe comm name cmd acct cwd data key path dir file unit grp new_group old_group vm sw root_dir
    watch ocomm device exec profile root terminal tty new-disk old-disk new-fs old-fs cgroup id_name banners
"""
_TEXTS = frozenset(_TEXT_NAMES.split())
"""Fields that hold a text of an untrusted source and may come in hexadecimal digits."""
_NOTHING = frozenset({"(null)", "?", '"?"'})
_VERDICT = re.compile(r"avc: +(?P<seresult>\w+) +\{ (?P<seperms>[^}]*?) ?\} for")


class Line(NamedTuple):
    """A line as read. ``fields`` are decoded, in order, the first of a name; ``more`` holds the further ones."""

    type: str
    node: str
    time: str
    serial: str
    fields: Fields
    more: tuple[tuple[str, str], ...] = ()

    @property
    def key(self) -> tuple[str, str, str]:
        """What the records of one audit event share."""
        return self.node, self.time, self.serial


def read_line(text: str, header: re.Pattern[str] = LINE) -> Line | None:
    """The audit line in a text, or none."""
    found = header.match(text)
    if found is None:
        return None
    time = f"{found['sec']}.{found['frac']}"
    return line_of(type_name(found["type"]), found["node"] or "", time, found["serial"], text[found.end() :])


def carried_line(program: str, said: str) -> Line | None:
    """The audit line in what a program told syslog or the journal; none where the program is no carrier of them."""
    if program not in _CARRIERS or "audit(" not in said:
        return None
    return read_line(_UPTIME.sub("", said, count=1), _CARRIED)


def line_of(kind: str, node: str, time: str, serial: str, body: str) -> Line:
    """A line from its header's parts and what stands behind them."""
    fields: Fields = {}
    more: list[tuple[str, str]] = []
    for name, value in _pairs(body, kind):
        if fields.setdefault(name, value) != value:
            more.append((name, value))
    return Line(kind, node, time, serial, fields, tuple(more))


def _pairs(body: str, kind: str) -> list[tuple[str, str]]:
    """Names and decoded values of a line, those inside ``msg='…'`` among them."""
    own, _, enriched = body.partition("\x1d")
    if kind == "LOGIN":
        for old, new in _OLD:
            own = own.replace(old, new)
    pairs: list[tuple[str, str]] = []
    verdict = _VERDICT.match(own)
    if verdict is not None:
        pairs += verdict.groupdict().items()
    head, inner, tail = own, "", ""
    at = own.find("msg='")
    if at >= 0:
        end = own.rfind("'")
        if end > at + 4:
            head, inner, tail = own[:at], own[at + 5 : end], own[end + 1 :]
    arguments = kind == "EXECVE"
    for part in filter(None, (head, inner, tail)):
        pairs += [(name, decoded(name, value, argument=arguments)) for name, value in _FIELD.findall(part)]
    if enriched:
        pairs += [(name, value.strip('"')) for name, value in _FIELD.findall(enriched)]
    return [(name, value) for name, value in pairs if value]


@lru_cache(maxsize=8192)
def decoded(name: str, value: str, *, argument: bool = False) -> str:
    """A value as text: without quotes, hexadecimal digits undone where the field can have them, empty for none."""
    if value[:1] in {'"', "'"}:
        value = value[1:-1] if len(value) > 1 else ""
        return "" if value == "?" else value
    if value in _NOTHING:
        return ""
    value = value.rstrip(",)") if value.endswith((",", ")")) and "(" not in value else value
    if (name in _TEXTS or (argument and _ARGUMENT.fullmatch(name))) and _HEX.fullmatch(value):
        return unhexed(value)
    return value


def unhexed(digits: str) -> str:
    """The text behind hexadecimal digits; NULs between words are spaces."""
    return bytes.fromhex(digits).rstrip(b"\0").replace(b"\0", b" ").decode("utf-8", "replace")


def arguments_of(fields: Fields) -> list[str]:
    """The arguments of an EXECVE record, long ones put together from their parts (``a1[0]``, ``a1[1]``)."""
    found: dict[int, dict[int, str]] = {}
    for name, value in fields.items():
        place = _ARGUMENT.fullmatch(name)
        if place is not None:
            found.setdefault(int(place[1]), {})[int(place[2] or 0)] = value
    return ["".join(parts[part] for part in sorted(parts)) for _, parts in sorted(found.items())]


@lru_cache(maxsize=16384)
def stamp_of(time: str) -> Stamp:
    """The instant of ``seconds.milliseconds``, digit by digit."""
    seconds, _, fraction = time.partition(".")
    if not (seconds.isdecimal() and fraction.isdecimal()):
        return Stamp(None, time, MISSING, UNREADABLE)
    at = int(seconds) * NANOS + int(fraction.ljust(9, "0")[:9])
    return Stamp(at, time, EXACT) if at < 2**63 else Stamp(None, time, MISSING, OUT_OF_RANGE)


class Socket(NamedTuple):
    """A decoded ``saddr``."""

    family: str
    ip: str = ""
    port: int = 0
    path: str = ""


_FAMILIES = {1: "unix", 2: "ipv4", 10: "ipv6", 16: "netlink", 17: "packet", 38: "alg", 40: "vsock"}


@lru_cache(maxsize=16384)
def socket_of(saddr: str) -> Socket | None:
    """The address in the digits of a ``struct sockaddr``, or none. The family's byte order is the host's."""
    if len(saddr) < 4 or len(saddr) % 2 or not _HEX.fullmatch(saddr.upper()):
        return None
    data = bytes.fromhex(saddr)
    number = data[0] | data[1] << 8
    if number not in _FAMILIES:
        number = data[0] << 8 | data[1]
    family = _FAMILIES.get(number)
    if family is None:
        return None
    if family == "ipv4" and len(data) >= 8:
        return Socket(family, str(ipaddress.IPv4Address(data[4:8])), data[2] << 8 | data[3])
    if family == "ipv6" and len(data) >= 24:
        address = ipaddress.IPv6Address(data[8:24])
        return Socket(family, str(address.ipv4_mapped or address), data[2] << 8 | data[3])
    if family == "unix":
        path = data[2:].lstrip(b"\0").partition(b"\0")[0]
        return Socket(family, path=path.decode("utf-8", "replace"))
    return Socket(family)
