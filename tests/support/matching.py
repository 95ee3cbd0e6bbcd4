"""The filter language in plain Python: what an event must say for a query to match it. The oracle of the compiler."""

from __future__ import annotations

import fnmatch
import ipaddress
import re
from typing import Any

import orjson

from vestige.index import EventRow, keys_of
from vestige.query.ast import (
    Addresses,
    All,
    And,
    Between,
    Compare,
    Exists,
    Glob,
    HasKey,
    InCase,
    InLedger,
    Like,
    Node,
    Not,
    Op,
    Or,
    Phrase,
    Said,
    Word,
    walk,
)
from vestige.query.fields import Field, Type

_TOKEN = re.compile(r"[A-Za-z0-9\u0080-\U0010ffff]+")


def in_scope(node: Node, row: EventRow) -> bool:
    """Whether the plain scope, or what the query widens it to, shows the row at all."""
    parts = walk(node)
    own = any(isinstance(part, InLedger) for part in parts)
    status = any(
        (isinstance(part, Compare | Exists | Like) and part.field.name == "status")
        or (isinstance(part, Compare) and (part.field.name, part.value) == ("type", "record.skipped"))
        for part in parts
    )
    return (own or row.category != "vestige") and (status or row.status != "skipped")


def matches(node: Node, row: EventRow) -> bool:  # noqa: PLR0911, PLR0912 - one answer per kind of node
    """Whether an event matches."""
    event = row.event
    match node:
        case All() | InLedger():
            return True
        case And(parts):
            return all(matches(part, row) for part in parts)
        case Or(parts):
            return any(matches(part, row) for part in parts)
        case InCase():
            raise AssertionError("what is pinned is nothing an event says")
        case Not(part):
            return not matches(part, row)
        case Word(text):
            named = {("identity", text.casefold()), ("host", text.casefold()), ("ip", text)}
            return _has_word(event.message, text) or not named.isdisjoint(keys_of(event))
        case Said(text):
            return _has_word(event.message, text)
        case Phrase(text):
            return _fold(text) in _fold(event.message)
        case Glob(parts):
            return _like(f"*{'*'.join(map(_escape, parts))}*", event.message)
        case HasKey(kind, value):
            return (kind, value) in keys_of(event)
        case Exists(field):
            return any(
                value not in ("", 0, None, ()) or field.name in {"seq", "severity"} or field.type is Type.ATTRIBUTE
                for value in _values(field, row)
            )
        case Like(field, parts):
            shape = "*".join(map(_escape, parts))
            exact = field.type is Type.EXACT
            return any(_like(shape, str(value), exact=exact) for value in _flat(field, row))
        case Addresses(field, first, last):
            ends = ipaddress.ip_address(first), ipaddress.ip_address(last)
            found = [ipaddress.ip_address(text) for text in _flat(field, row) if text]
            return any(one.version == ends[0].version and int(ends[0]) <= int(one) <= int(ends[1]) for one in found)
        case Between(field, low, high):
            return any(
                (found not in {0, None} or field.name in {"seq", "severity"} or field.type is Type.TIME)
                and found is not None
                and (low is None or found >= low)
                and (high is None or found < high)
                for found in _flat(field, row)
            )
        case Compare(field, op, value):
            return any(_compare(field, op, value, found) for found in _flat(field, row))


def _has_word(message: str, text: str) -> bool:
    wanted = [_fold(token) for token in _TOKEN.findall(text)]
    if wanted == [_fold(text)]:
        return wanted[0] in {_fold(token) for token in _TOKEN.findall(message)}
    found = {_fold(token) for token in _TOKEN.findall(message)}
    return all(token in found for token in wanted) and _fold(text) in _fold(message)


def _fold(text: str) -> str:
    return text.lower()


def _escape(text: str) -> str:
    return re.sub(r"([\[\]?*])", r"[\1]", text)


def _like(shape: str, text: str, *, exact: bool = False) -> bool:
    return fnmatch.fnmatchcase(text if exact else _fold(text), shape if exact else _fold(shape))


def _flat(field: Field, row: EventRow) -> list[Any]:
    out: list[Any] = []
    for value in _values(field, row):
        out += list(value) if isinstance(value, tuple) else [value]
    return out


def _values(field: Field, row: EventRow) -> list[Any]:
    if field.type is Type.ATTRIBUTE:
        value: Any = orjson.loads(row.event.attributes)
        for part in field.path:
            if not isinstance(value, dict) or part not in value:
                return []
            value = value[part]
        return [
            value
            if isinstance(value, str | int | float) and not isinstance(value, bool)
            else orjson.dumps(value).decode()
        ]
    around = {"source": row.source, "parser": row.parser, "category": row.category, "status": row.status}
    around |= {"acquisition": "", "id": row.id, "seq": row.seq, "received_at": row.received_at}  # type: ignore[dict-item]
    return [around[name] if name in around else getattr(row.event, name) for name in field.columns]


def _compare(field: Field, op: Op, value: str, found: Any) -> bool:
    if field.type is Type.ATTRIBUTE:
        if op is Op.IS:
            return str(found) == value
        return isinstance(found, int | float) and _ordered(found, op, float(value))
    if field.type is Type.IP:
        if not found:
            return False
        network = ipaddress.ip_network(value)
        address = ipaddress.ip_address(found)
        return address.version == network.version and address in network
    if field.type is Type.EXACT:
        return bool(found == value)
    return _fold(str(found)) == _fold(value)


def _ordered(found: float, op: Op, value: float) -> bool:
    return {
        Op.IS: found == value,
        Op.AT_LEAST: found >= value,
        Op.ABOVE: found > value,
        Op.AT_MOST: found <= value,
        Op.BELOW: found < value,
    }[op]
