"""Which correlation keys an event has, said event by event; :mod:`vestige.index.derive` computes the same by column.

Rules: an actor's id and name are identities; either address is an ip; the host is a host; the session a session; the
device's id a device. The event's own ``keys`` are added. Identities and hosts are folded to lower case, because one
system writes ``ALICE`` and ``DC01`` where another writes ``alice`` and ``dc01``; every other value stays as it is.
An empty value is no key, nor is one over :data:`MAX_VALUE` characters. A key is counted once per event.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from vestige.model.event import KeyKind

if TYPE_CHECKING:
    from vestige.model.event import Event

MAX_VALUE: Final = 1024

FLAT: Final = (
    ("actor_id", KeyKind.IDENTITY),
    ("actor_name", KeyKind.IDENTITY),
    ("src_ip", KeyKind.IP),
    ("dst_ip", KeyKind.IP),
    ("host", KeyKind.HOST),
    ("session", KeyKind.SESSION),
    ("device_id", KeyKind.DEVICE),
)
"""The flat fields that are keys."""

FOLDED: Final = frozenset({KeyKind.IDENTITY, KeyKind.HOST})

DAILY: Final = frozenset({KeyKind.IDENTITY, KeyKind.IP, KeyKind.HOST, KeyKind.DEVICE})
"""The kinds counted by day: few enough that a day's count says something."""

RELATED: Final = frozenset({KeyKind.IDENTITY, KeyKind.IP, KeyKind.HOST, KeyKind.DEVICE, KeyKind.TOKEN})
"""The kinds that stand in relations: what acts and what is acted from."""

MAX_RELATED_EXTRAS: Final = 8
"""How many of an event's own keys take part in relations: their number grows with the square."""


def normal(kind: str, value: str) -> str:
    """A key's value in the form it is stored and looked up in; empty if it can be no key."""
    if len(value) > MAX_VALUE:
        return ""
    if not value.isascii():
        # As the text columns do: a lone surrogate has no UTF-8.
        value = value.encode("utf-8", "replace").decode("utf-8")
    return value.casefold() if kind in FOLDED else value


_FLAT: Final = tuple((field, str(kind)) for field, kind in FLAT)
_normal = lru_cache(maxsize=1 << 14)(normal)
"""The events of an answer name the same few things."""


def keys_of(event: Event) -> list[tuple[str, str]]:
    """The event's distinct keys: those of the flat fields first, then its own, each once."""
    found: dict[tuple[str, str], None] = {}
    for field, kind in _FLAT:
        text = getattr(event, field)
        if text and (value := _normal(kind, text)):
            found[kind, value] = None
    for kind, text in event.keys:
        if value := _normal(kind, text):
            found[kind, value] = None
    return list(found)


def related_of(event: Event) -> list[tuple[tuple[str, str], tuple[str, str]]]:
    """The unordered pairs of distinct entities that met in the event.

    The parties are the actor (its id, or its name where it has no id), both addresses, the host, the device, and the
    first :data:`MAX_RELATED_EXTRAS` of the event's own keys of a :data:`RELATED` kind. Every two of them are a pair; an
    actor's id and name are one more.
    """
    identity = normal(KeyKind.IDENTITY, event.actor_id)
    name = normal(KeyKind.IDENTITY, event.actor_name)
    slots = [
        (str(KeyKind.IDENTITY), identity or name),
        (str(KeyKind.IP), event.src_ip),
        (str(KeyKind.IP), event.dst_ip),
        (str(KeyKind.HOST), normal(KeyKind.HOST, event.host)),
        (str(KeyKind.DEVICE), normal(KeyKind.DEVICE, event.device_id)),
    ]
    extras = [(kind, normal(kind, value)) for kind, value in event.keys if kind in RELATED and normal(kind, value)]
    slots += extras[:MAX_RELATED_EXTRAS]
    parties = [slot for slot in slots if slot[1]]
    pairs = {(min(a, b), max(a, b)) for i, a in enumerate(parties) for b in parties[i + 1 :] if a != b}
    if identity and name and identity != name:
        a, b = (str(KeyKind.IDENTITY), identity), (str(KeyKind.IDENTITY), name)
        pairs.add((min(a, b), max(a, b)))
    return sorted(pairs)
