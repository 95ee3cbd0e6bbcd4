"""What a declared event may say, field by field: a sender is there to be told, so nothing wrong is quietly dropped.

Refused is what the sender can mend: a time that is no RFC 3339, a word that is none of ours, an address that is none, a
value of another type, a control character, a name stated twice, a type that only this installation may use. Fields the
event model does not know are no fault: they are kept among the attributes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from vestige.model.instant import parse_rfc3339
from vestige.model.vocabulary import RESERVED, is_reserved
from vestige.sources import canonical_ip, outcome_of, repeats_a_key, severity_known

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

TYPE_LENGTH = 200
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)")
_CONTROL = re.compile(r"[\0-\x1f\x7f]")
_CONTROL_IN_PROSE = re.compile(r"[\0-\x08\x0b\x0c\x0e-\x1f\x7f]")
_PARTY = ("id", "name", "type")
_DEVICE = ("id", "device_id", "name", "device_name", "type", "device_type", "hostname")
_SHOWN = 60


class Fault(NamedTuple):
    """What is wrong with one field."""

    field: str
    reason: str


def fault_of(event: Mapping[str, object], payload: bytes) -> Fault | None:
    """The first thing wrong with an event, if anything is.

    Args:
        event: the object.
        payload: the bytes it was read from.
    """
    if repeats_a_key(payload, dict(event)):
        return Fault("", "a name stands twice in one object: which of its values is meant cannot be told")
    return next(_faults(event), None)


def _faults(event: Mapping[str, object]) -> Iterator[Fault]:
    yield from _type(event.get("event_type"))
    for name in ("occurred_at", "observed_at"):
        yield from _time(name, event.get(name))
    for name in ("action", "trace_id"):
        yield from _text(name, event.get(name))
    yield from _text("message", event.get("message"), _CONTROL_IN_PROSE)
    yield from _words(event)
    for name in ("actor", "subject", "object"):
        yield from _party(name, event.get(name), _PARTY)
    yield from _party("device", event.get("device"), _DEVICE)
    yield from _party("session", event.get("session"), ("id",))
    yield from _network(event.get("network"))
    yield from _tags(event.get("tags"))
    yield from _keys(event.get("keys"))


def _type(value: object) -> Iterator[Fault]:
    if not isinstance(value, str) or not value.strip() or len(value) > TYPE_LENGTH:
        yield Fault(
            "event_type", f"expected a text of 1 to {TYPE_LENGTH} characters such as auth.login, got {_is(value)}"
        )
    elif not value.isprintable():
        yield Fault("event_type", f"expected a name without control characters, got {_is(value)}")
    elif is_reserved(value.strip().lower()):
        names = " and ".join(f"{name}.*" for name in RESERVED)
        yield Fault("event_type", f"{names} are this installation's own; expected another type, got {_is(value)}")


def _time(name: str, value: object) -> Iterator[Fault]:
    if value is None:
        return
    if not isinstance(value, str) or _RFC3339.fullmatch(value) is None:
        yield Fault(name, f"expected RFC 3339 with an offset, such as 2026-11-22T16:00:00Z, got {_is(value)}")
        return
    try:
        parse_rfc3339(value)
    except ValueError as error:
        yield Fault(name, f"expected RFC 3339 such as 2026-11-22T16:00:00Z: {error}")


def _words(event: Mapping[str, object]) -> Iterator[Fault]:
    severity, outcome = event.get("severity"), event.get("outcome")
    if severity is not None and not severity_known(severity):
        yield Fault("severity", f"expected info, low, medium, high or critical, got {_is(severity)}")
    if outcome is not None and outcome != "" and not outcome_of(outcome):
        yield Fault("outcome", f"expected success, failure or unknown, got {_is(outcome)}")


def _text(name: str, value: object, forbidden: re.Pattern[str] = _CONTROL) -> Iterator[Fault]:
    if value is None:
        return
    if not isinstance(value, str):
        yield Fault(name, f"expected a text, got {_is(value)}")
    elif forbidden.search(value) is not None:
        yield Fault(name, f"expected a text without control characters, got {_is(value)}")


def _scalar(name: str, value: object) -> Iterator[Fault]:
    """A text, or a number that stands for one, as ids often do."""
    if isinstance(value, bool) or not isinstance(value, int | str | None):
        yield Fault(name, f"expected a text, got {_is(value)}")
    elif isinstance(value, str):
        yield from _text(name, value)


def _party(name: str, value: object, parts: tuple[str, ...]) -> Iterator[Fault]:
    if isinstance(value, dict):
        for part in parts:
            yield from _scalar(f"{name}.{part}", value.get(part))
    elif isinstance(value, list):
        yield Fault(name, f"expected an id, or an object of {', '.join(parts)}, got {_is(value)}")
    else:
        yield from _scalar(name, value)


def _network(value: object) -> Iterator[Fault]:
    if value is None:
        return
    if not isinstance(value, dict):
        yield Fault("network", f"expected an object of src_ip, dst_ip, src_port, dst_port, protocol, got {_is(value)}")
        return
    for name in ("src_ip", "dst_ip"):
        address = value.get(name)
        if address is None or address == "":
            continue
        if not isinstance(address, str) or not canonical_ip(address):
            yield Fault(f"network.{name}", f"expected an IP address, got {_is(address)}")
    for name in ("src_port", "dst_port"):
        port = value.get(name)
        number = int(port) if isinstance(port, str) and port.isascii() and port.isdigit() and len(port) < 6 else port
        if port is not None and (type(number) is not int or not 0 <= number <= 65535):
            yield Fault(f"network.{name}", f"expected a port from 0 to 65535, got {_is(port)}")
    yield from _scalar("network.protocol", value.get("protocol"))


def _tags(value: object) -> Iterator[Fault]:
    if value is None:
        return
    if not isinstance(value, list):
        yield Fault("tags", f"expected a list of texts, got {_is(value)}")
        return
    for tag in value:
        if tag is None:
            yield Fault("tags", "expected a list of texts, got null in it")
        yield from _text("tags", tag)


def _keys(value: object) -> Iterator[Fault]:
    if value is None:
        return
    if not isinstance(value, dict):
        yield Fault("keys", f"expected an object of lists of texts by kind, got {_is(value)}")
        return
    for kind, given in value.items():
        for one in given if isinstance(given, list) else [given]:
            yield from _scalar(f"keys.{kind[:_SHOWN]}", one)


def _is(value: object) -> str:
    """A value as an answer shows it: short, and never raw."""
    if value is None:
        return "nothing"
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
