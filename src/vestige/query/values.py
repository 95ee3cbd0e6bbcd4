"""What the text of a value means for a field: numbers, severities, addresses, spans of time, keys.

A time is as precise as it is written: ``2026``, ``2026-11``, ``2026-11-22``, ``2026-11-22T16``, ``2026-11-22T16:00``,
with seconds, with up to nine digits of a fraction; without an offset it is UTC. It stands for the whole span, so that
``occurred_at:2026-11-22`` is a day, ``>2026-11-22`` begins when the day is over, and ``<=2026-11-22`` includes it.
``now``, ``now-15m``, ``now-7d`` count back from the moment the query is read (s, m, h, d, w).
"""

from __future__ import annotations

import contextlib
import ipaddress
import re
from typing import Final, NamedTuple

from vestige.index.keys import normal
from vestige.model.errors import QueryError
from vestige.model.event import SEVERITY_WORDS, KeyKind, Outcome, Severity
from vestige.model.instant import MIN_INSTANT, NANOS, TimeQuality, now, parse_rfc3339
from vestige.query.ast import Op
from vestige.query.fields import Field, Type

_ALLOWED: Final = {
    "outcome": tuple(str(outcome) for outcome in Outcome if outcome),
    "time_quality": tuple(TimeQuality),
    "status": ("parsed", "unparsed", "skipped"),
}
_MAX_PORT: Final = 65_535
_DECIMAL: Final = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,9})?")
_TIME: Final = re.compile(
    r"(?P<y>\d{4})(?:-(?P<m>\d\d)(?:-(?P<d>\d\d)"
    r"(?:[Tt ](?P<hour>\d\d)(?P<minute>:\d\d(?P<s>:\d\d(?:[.,](?P<f>\d{1,9}))?)?)?(?P<zone>[Zz]|[+-]\d\d:?\d\d)?)?)?)?"
)
_NOW: Final = re.compile(r"now(?:-(\d{1,6})([smhdw]))?")
_UNITS: Final = {"s": NANOS, "m": 60 * NANOS, "h": 3600 * NANOS, "d": 86_400 * NANOS, "w": 7 * 86_400 * NANOS}


class Bounds(NamedTuple):
    """From ``low`` up to, not including, ``high``; ``None`` is without bound."""

    low: int | None
    high: int | None


def bounds(field: Field, op: Op, text: str, column: int) -> Bounds:
    """What a comparison asks of a field whose values are whole numbers: numbers, severities, times.

    Raises:
        QueryError: the field cannot have such a value.
    """
    low, high = _span(field, text, column)
    match op:
        case Op.IS:
            return Bounds(low, high)
        case Op.AT_LEAST:
            return Bounds(low, None)
        case Op.ABOVE:
            return Bounds(high, None)
        case Op.AT_MOST:
            return Bounds(None, high)
        case Op.BELOW:
            return Bounds(None, low)


def _span(field: Field, text: str, column: int) -> tuple[int, int]:
    match field.type:
        case Type.TIME:
            return _time(field, text, column)
        case Type.SEVERITY:
            value = _severity(text, column)
        case _:
            if not (text.isascii() and text.isdigit() and len(text) <= 18):
                raise QueryError(f"{field.name} is a number", column=column, expected="digits", got=text[:40])
            value = int(text)
            if value > _MAX_PORT and field.name != "seq":
                raise QueryError("there is no such port", column=column, expected=f"0 to {_MAX_PORT}", got=text)
    return value, value + 1


def number(text: str, column: int) -> str:
    """The text of a number an attribute is compared with.

    Raises:
        QueryError: it is none.
    """
    if not _DECIMAL.fullmatch(text):
        raise QueryError("only numbers can be ordered", column=column, expected="a number", got=text[:40])
    return text


def read(field: Field, text: str, column: int) -> str:
    """The text a field is compared with.

    Raises:
        QueryError: the field cannot have such a value.
    """
    if field.type is Type.IP:
        return _address(text, column)
    allowed = _ALLOWED.get(field.name)
    if allowed is not None and text.lower() not in allowed:
        raise QueryError(f"{field.name} has no such value", column=column, expected=", ".join(allowed), got=text[:40])
    return text


def addresses(low: str, high: str, columns: tuple[int, int]) -> tuple[str, str]:
    """The ends of a range of addresses, both included; ``*`` is the first or last there is.

    Raises:
        QueryError: an end is no address, they are of two versions, or the range is empty.
    """
    given = [None if text == "*" else _single(text, column) for text, column in zip((low, high), columns, strict=True)]
    known = next((one for one in given if one is not None), None)
    if known is None:
        raise QueryError("a range without ends says nothing", column=columns[0], hint="field:* asks that it is stated")
    whole = ipaddress.ip_network("0.0.0.0/0" if known.version == 4 else "::/0")
    first, last = given[0] or whole.network_address, given[1] or whole.broadcast_address
    if first.version != last.version or int(first) > int(last):
        raise QueryError(
            "the range is empty",
            column=columns[0],
            expected="the lower address first, both of one version",
            got=f"{low} TO {high}",
        )
    return str(first), str(last)


def key(text: str, column: int) -> tuple[str, str]:
    """The kind and normal value of ``<kind>=<value>``.

    Raises:
        QueryError: no such kind, or no value.
    """
    kind, equals, value = text.partition("=")
    kinds = [str(known) for known in KeyKind]
    if not equals or kind not in kinds:
        raise QueryError("a key is named by kind and value", column=column, expected="key:ip=10.0.0.1", got=text[:60])
    found = normal(kind, value)
    if not found:
        raise QueryError("a key's value is empty or too long", column=column, expected="1 to 1024 characters", got=kind)
    return kind, found


def counts_back(text: str) -> bool:
    """Whether a query may count back from now, so that it finds other events later: at least those that do."""
    return "now" in text


def _time(field: Field, text: str, column: int) -> tuple[int, int]:
    recent = _NOW.fullmatch(text)
    if recent is not None:
        at = max(now() - (int(recent[1]) * _UNITS[recent[2]] if recent[1] else 0), MIN_INSTANT)
        return at, at + 1
    found = _TIME.fullmatch(re.sub(r"\s+", " ", text))
    span = None
    with contextlib.suppress(ValueError):
        span = None if found is None else _written(found)
    if span is None:
        raise QueryError(
            f"{field.name} is a time",
            column=column,
            expected="2026-11-22T16:00:00Z, 2026-11-22T16:00 (UTC), 2026-11-22, 2026-11, now-15m",
            got=text[:60],
        )
    return span


def _written(found: re.Match[str]) -> tuple[int, int]:
    """The span a written time stands for, half open."""
    year, month, day = int(found["y"]), int(found["m"] or 1), int(found["d"] or 1)
    if found["d"] is None:
        later = (year + 1, 1) if found["m"] is None or month == 12 else (year, month + 1)
        return _midnight(year, month), _midnight(*later)
    if found["hour"] is None:
        low = _midnight(year, month, day)
        return low, low + _UNITS["d"]
    if found["minute"] is None:
        low = parse_rfc3339(f"{found[0][:13]}:00{found['zone'] or ''}")[0]
        return low, low + _UNITS["h"]
    low = parse_rfc3339(found[0])[0]
    unit = _UNITS["m"] if found["s"] is None else NANOS // 10 ** len(found["f"] or "")
    return low, low + unit


def _midnight(year: int, month: int, day: int = 1) -> int:
    return parse_rfc3339(f"{year:04}-{month:02}-{day:02}")[0]


def _severity(text: str, column: int) -> int:
    if text.lower() in SEVERITY_WORDS:
        return SEVERITY_WORDS[text.lower()]
    if text in {"0", "1", "2", "3", "4"}:
        return int(text)
    names = ", ".join(level.name.lower() for level in Severity)
    raise QueryError("severity has no such value", column=column, expected=names, got=text[:40])


def _single(text: str, column: int) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    try:
        return ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        raise QueryError("not an IP address", column=column, expected="10.0.0.1 or *", got=text[:60]) from None


def _address(text: str, column: int) -> str:
    text = text.partition("%")[0]  # a zone means something on one machine only; addresses are kept without
    try:
        if "/" in text:
            network = ipaddress.ip_network(text, strict=False)
            return str(network.network_address if network.num_addresses == 1 else network)
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise QueryError(
            "not an IP address or network",
            column=column,
            expected="10.0.0.1, 10.0.0.0/8, 10.0.*, [10.0.0.1 TO 10.0.0.9] or 2001:db8::1",
            got=text[:60],
        ) from None
