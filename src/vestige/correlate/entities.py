"""Entities: the people, machines, addresses, sessions and things that events are about, and what is known of each.

An entity is a correlation key: a kind and a value, folded as the index stores it. What is told of one is counted from
its events: when first and last, with the events that show it; on how many days; by which sources, types and outcomes;
whom it met. Undated events count as events and are told apart, since they are neither first nor last.

With whom it was seen is counted from the events themselves, of an entity that has at most ``READ`` of them: every
other key of the same event. Above that it is told from the meetings the index keeps for any number of events: of
identities, addresses, hosts, devices and tokens, where an actor's name counts only where it has no id. Sessions,
hashes, commits and custom keys have none, so what goes with these is then not counted; the answer says how it counted.
"""

from __future__ import annotations

import base64
import binascii
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from vestige.correlate import cursors
from vestige.correlate.aliases import Aliases, aliases
from vestige.correlate.entity_store import SORTS, At, EntityStore, Peer, Row, Sift
from vestige.correlate.graph import meets, witnesses
from vestige.correlate.store import Key, Spot
from vestige.model.errors import NotFoundError, UsageError
from vestige.model.event import KeyKind
from vestige.model.instant import UNDATED
from vestige.query import normal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vestige.correlate.store import Brief, Store

MOST: Final = 1000
"""Entities of a page."""
DAYS: Final = 400
"""Days of activity told one by one: the newest."""
PEERS: Final = 10
"""Related entities of each kind that are told: those met in most events."""
READ: Final = 5000
"""Events of an entity up to which all of its keys are read from the events themselves."""
COMMONEST: Final = 50
"""Sources, types and outcomes that are told one by one."""
LONGEST_ID: Final = 6000
KINDS: Final = tuple(str(kind) for kind in KeyKind)
SHARED: Final = (KeyKind.IDENTITY, KeyKind.HOST)
"""Kinds by which it is told how widespread an entity is."""


class Listed(NamedTuple):
    """A page of entities, and the cursor of what follows; ``None`` at the end of the list."""

    rows: list[Row]
    cursor: str | None


class Related(NamedTuple):
    """An entity that another met, and events that show the first and the last meeting."""

    peer: Peer
    first_shown: Spot | None
    last_shown: Spot | None


@dataclass(slots=True)
class Profile:
    """What is known of one entity. Days are counted since 1970, in UTC."""

    row: Row
    first: Spot | None
    last: Spot | None
    undated: int
    undated_first: Spot | None
    activity: list[tuple[int, int]]
    """Events per day, the newest days first."""
    days: int
    days_of_all: int
    sources: list[tuple[str, int]]
    types: list[tuple[str, int]]
    outcomes: list[tuple[str, int]]
    met: dict[str, int]
    """How many entities of each kind it was seen with."""
    kinds: dict[str, int]
    """How many entities there are of the kinds by which it is told how widespread it is."""
    related: list[Related]
    uncounted: tuple[str, ...]
    """Kinds of which nothing is told: the entity has more events than are read one by one."""
    aliases: Aliases
    folded: int = field(default=0)
    """Sources, types and outcomes beyond those told."""


def key_of(entity_id: str) -> Key:
    """The key an entity's id names: ``<kind>.<base64url of the value>``, or ``<kind>=<value>`` as people write it.

    Raises:
        NotFoundError: it is the id of no entity, whatever the log holds.
    """
    kind, dot, rest = entity_id.partition(".")
    value = ""
    if dot and len(entity_id) <= LONGEST_ID and kind in KINDS:
        try:
            value = base64.b64decode(rest + "=" * (-len(rest) % 4), altchars=b"-_", validate=True).decode("utf-8")
        except (binascii.Error, ValueError):
            value = ""
    kind_said, equals, said = entity_id.partition("=")
    if not value and equals and kind_said in KINDS:
        kind, value = kind_said, said
    normed = normal(kind, value)
    if not normed:
        raise NotFoundError(
            f"no entity {entity_id[:64]!r}",
            expected="an id as lists of entities have it, or <kind>=<value>",
            hint=f"kinds are {', '.join(sorted(KINDS))}",
        )
    return Key(kind, normed)


def id_of(key: Key) -> str:
    """The id of an entity: safe in a URL, the same on every installation, and read back by :func:`key_of`."""
    return f"{key.kind}.{base64.urlsafe_b64encode(key.value.encode('utf-8', 'replace')).decode('ascii').rstrip('=')}"


def term_of(key: Key) -> str:
    """The term of the query language that finds an entity's events."""
    escaped = key.value.replace("\\", "\\\\").replace('"', '\\"')
    return f'key:{key.kind}="{escaped}"'


def page(store: EntityStore, log: int, sift: Sift, sort: str, limit: int, cursor: str | None) -> Listed:
    """A page of entities.

    Raises:
        UsageError: no such kind or order, a limit out of bounds, or a cursor that is none of this list's.
    """
    checked(sift)
    if sort not in SORTS:
        raise UsageError("there is no such order", expected=", ".join(SORTS), got=sort[:40], field="sort")
    if not 1 <= limit <= MOST:
        raise UsageError("the limit is out of bounds", expected=f"1 to {MOST}", got=str(limit), field="limit")
    shape = ("entities", log, sift, sort)
    beyond = At(*cursors.decode(cursor, (int, int, str), *shape)) if cursor is not None else None
    if beyond is not None and not -128 <= beyond.kind < 128:
        raise UsageError("not a cursor", expected="the cursor of an earlier page", field="cursor")
    found = store.listed(sift, sort, beyond, limit + 1)
    more = len(found) > limit
    found = found[:limit]
    return Listed([row for row, _ in found], cursors.encode(found[-1][1], *shape) if more else None)


def checked(sift: Sift) -> None:
    """Refuse a filter that can mean nothing.

    Raises:
        UsageError: no such kind, or a text longer than a value can be.
    """
    if sift.kind and sift.kind not in KINDS:
        raise UsageError(
            "there is no such kind of entity", expected=", ".join(sorted(KINDS)), got=sift.kind[:40], field="kind"
        )
    for name in ("prefix", "contains"):
        if len(getattr(sift, name)) > 256:
            got = f"{len(getattr(sift, name))} characters"
            raise UsageError(f"{name} is too long", expected="at most 256 characters", got=got, field=name)


def profile(entities: EntityStore, store: Store, key: Key) -> Profile:
    """What is known of an entity.

    Raises:
        NotFoundError: no event has that key.
    """
    row = entities.rows([key]).get(key)
    if row is None:
        raise NotFoundError(
            f"no event has {key.kind} {key.value[:200]}",
            hint="`vestige entity list --contains TEXT` finds entities by a part of their value",
        )
    first, last, undated_first = entities.ends(key)
    activity, days, undated = entities.days(key, DAYS)
    whole = row.events <= READ
    briefs = store.briefs(entities.spots(key, READ)) if whole else {}
    told = (
        Counter((brief.source, brief.event_type, brief.outcome) for brief in briefs.values())
        if whole
        else entities.facets(key)
    )
    sources, types, outcomes, folded = _facets(told)
    met, peers = _together(key, briefs) if whole else _meetings(entities, key)
    uncounted = () if whole else tuple(kind for kind in KINDS if not (meets(key.kind) and meets(kind)))
    return Profile(
        row=row,
        first=first,
        last=last,
        undated=undated,
        undated_first=undated_first,
        activity=activity,
        days=days,
        days_of_all=entities.days_of_all(),
        sources=sources,
        types=types,
        outcomes=outcomes,
        met=met,
        kinds=entities.population([str(kind) for kind in SHARED]),
        related=_shown(entities, key, peers),
        uncounted=uncounted,
        aliases=aliases(entities, key),
        folded=folded,
    )


def _facets(
    events: Mapping[tuple[str, str, str], int],
) -> tuple[list[tuple[str, int]], list[tuple[str, int]], list[tuple[str, int]], int]:
    """Sources, types and outcomes with their events, the commonest first; and how many values are not told."""
    sums: tuple[dict[str, int], dict[str, int], dict[str, int]] = ({}, {}, {})
    for values, n in events.items():
        for total, value in zip(sums, values, strict=True):
            total[value] = total.get(value, 0) + n
    ordered = [sorted(total.items(), key=lambda item: (-item[1], item[0])) for total in sums]
    told = [[item for item in items if item[0]] for items in ordered]
    beyond = sum(max(len(items) - COMMONEST, 0) for items in told)
    return told[0][:COMMONEST], told[1][:COMMONEST], told[2][:COMMONEST], beyond


def _together(key: Key, briefs: Mapping[Spot, Brief]) -> tuple[dict[str, int], list[Peer]]:
    """The other keys of an entity's events: how many of each kind, and those in most events."""
    found: dict[Key, list[Any]] = {}
    for spot, brief in briefs.items():
        at = None if spot.occurred_at == UNDATED else spot.occurred_at
        for other in brief.keys:
            if other == key:
                continue
            peer = found.setdefault(other, [None, None, 0])
            peer[2] += 1
            if at is not None:
                peer[0] = at if peer[0] is None else min(peer[0], at)
                peer[1] = at if peer[1] is None else max(peer[1], at)
    counts: dict[str, int] = {}
    peers: list[Peer] = []
    for kind in KINDS:
        own = [Peer(other, *seen) for other, seen in found.items() if other.kind == kind]
        if own:
            counts[kind] = len(own)
            peers += sorted(own, key=lambda peer: (-peer.events, peer.key))[:PEERS]
    return counts, peers


def _meetings(entities: EntityStore, key: Key) -> tuple[dict[str, int], list[Peer]]:
    """The same from the meetings that the index keeps."""
    return entities.peer_counts([key])[key], entities.peers([key], PEERS)[key]


def _shown(entities: EntityStore, key: Key, peers: list[Peer]) -> list[Related]:
    """Each peer with the events that show when it was first and last met."""
    pairs = {(key, peer.key): peer for peer in peers}
    first, last = witnesses(entities, pairs), witnesses(entities, pairs, last=True)
    return [Related(peer, first.get((key, peer.key)), last.get((key, peer.key))) for peer in peers]
