"""One tenant's entities, answered with the ids of the events that show what is said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vestige.correlate import Key, Reach, Spot, Store, follow
from vestige.correlate.entities import KINDS, checked, id_of, key_of, page, profile, term_of
from vestige.correlate.entity_store import DAY, EntityStore, Sift
from vestige.correlate.graph import draw, meets
from vestige.correlate.together import Wanted, together
from vestige.model.errors import BusyError, NotFoundError
from vestige.model.instant import to_text
from vestige.query import Reader, normal
from vestige.timeline import Place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from vestige.correlate.aliases import Aliases
    from vestige.correlate.entity_store import Peer, Row
    from vestige.query import Index
    from vestige.timeline import Page, Timeline, Window


class Entities:
    """Entities by their ids; every answer is made of JSON values. Safe to share between threads."""

    def __init__(
        self, index: Index, log: int, timeline: Timeline, case: Callable[[str], str] | None = None,
        *, audit: bool = True,
    ) -> None:  # fmt: skip
        self._audit = audit
        self._index = index
        self._reader = Reader(index, case)
        self._log = log
        self._entities = EntityStore(self._reader, log)
        self._store = Store(self._reader, log)
        self._timeline = timeline

    def listed(self, sift: Sift, sort: str, limit: int, cursor: str | None) -> dict[str, Any]:
        """A page of entities; the first also says how many there are of each kind.

        Raises:
            UsageError: what is asked for is no list.
        """
        found = page(self._entities, self._log, sift, sort, limit, cursor)
        answer: dict[str, Any] = {"entities": [_row(row) for row in found.rows]}
        if cursor is None:
            answer["totals"] = self._entities.totals(sift)
        return answer if found.cursor is None else answer | {"next_cursor": found.cursor}

    def of_value(self, value: str, kind: str = "") -> list[dict[str, Any]]:
        """The entities of a kind, or of any, that have a value, folded where the kind is.

        Raises:
            UsageError: there is no such kind.
        """
        checked(Sift(kind))
        keys = [Key(name, folded) for name in ([kind] if kind else KINDS) if (folded := normal(name, value))]
        return [_row(row) for row in self._entities.rows(keys).values()]

    def show(self, entity_id: str) -> dict[str, Any]:
        """What is known of one entity.

        Raises:
            NotFoundError: no event has such a key.
            BusyError: the index was computed anew while it was read.
        """
        key = key_of(entity_id)
        found = profile(self._entities, self._store, key)
        links = found.aliases.links
        spots = [found.first, found.last, found.undated_first, *(link.shown for link in links)]
        spots += [spot for one in found.related for spot in (one.first_shown, one.last_shown)]
        spots += [spelling.shown for spelling in found.aliases.spellings]
        ids = self._ids(spots)
        seen = {kind: {"met": found.met.get(kind, 0), "of": total} for kind, total in found.kinds.items()}
        answer = _row(found.row) | {
            "undated": found.undated,
            "evidence": _without_none(
                first=_id(ids, found.first), last=_id(ids, found.last), undated=_id(ids, found.undated_first)
            ),
            "prevalence": {"days": {"met": found.days, "of": found.days_of_all}} | seen,
            "activity": [{"day": to_text(day * DAY)[:10], "events": n} for day, n in found.activity],
            "sources": _counted(found.sources),
            "types": _counted(found.types),
            "outcomes": _counted(found.outcomes),
            "values_left_out": found.folded,
            "related": [
                _peer(key, one.peer, _id(ids, one.first_shown), _id(ids, one.last_shown)) for one in found.related
            ],
            "related_totals": found.met,
            "related_by": "meetings" if found.uncounted else "events",
            "aliases": self._aliases(found.aliases, ids),
        }
        if found.uncounted:
            answer["not_counted"] = list(found.uncounted)
        return answer

    def timeline(self, entity_id: str, window: Window, limit: int, cursor: str | None) -> Page:
        """A page of an entity's events.

        Raises:
            NotFoundError: it is the id of no entity.
            UsageError: the limit is out of bounds, or the cursor is none of this list's.
        """
        return self._timeline.page(term_of(self._known(entity_id)), window, limit=limit, cursor=cursor)

    def graph(self, entity_id: str, depth: int) -> dict[str, Any]:
        """Whom an entity met, whom those met, and so on.

        Raises:
            NotFoundError: no event has such a key.
            BusyError: the index was computed anew while it was read.
        """
        key = self._known(entity_id)
        found = draw(self._entities, key, depth)
        rows = self._entities.rows([node.key for node in found.nodes])
        ids = self._ids(edge.shown for edge in found.edges)
        if len(rows) < len(found.nodes):
            raise _anew()
        answer: dict[str, Any] = {
            "center": id_of(key),
            "entities": [
                _row(rows[node.key]) | {"level": node.level, "peers": node.peers, "through": node.through}
                for node in found.nodes
            ],
            "relationships": [
                {"from": id_of(edge.one), "to": id_of(edge.other), "events": edge.events}
                | _times(edge.first_at, edge.last_at)
                | {"strength": edge.strength}
                | _without_none(evidence=_id(ids, edge.shown))
                | {"query": f"{term_of(edge.one)} {term_of(edge.other)}"}
                for edge in found.edges
            ],
            "left_out": [
                (_named(left.key) if left.key is not None else {}) | {"count": left.number, "why": left.why}
                for left in found.left_out
            ],
        }
        if not meets(key.kind):
            answer["note"] = f"meetings of a {key.kind} are not kept in the index: its events are, see its timeline"
        return answer

    def correlated(self, seq: int, sub: int, window: int, limit: int) -> dict[str, Any]:
        """The events that share a key with one, within a window, the most telling first; each with the key they share.

        Raises:
            NotFoundError: the entry has no such event in the index.
            BusyError: the index was computed anew while it was read.
        """
        begun = self._index.generation(self._log)
        place = self._timeline.place(seq, sub)
        chain = follow(self._store, Spot(*place), Reach(window, depth=1))
        if chain.seed not in chain.events:
            raise _anew()
        links = sorted(chain.links, key=lambda link: (-link.strength, link.to))
        told = links[:limit]
        spots = [chain.seed, *(link.to for link in told)]
        read = {Place(*spot): chain.events[spot].packed for spot in spots}
        events = self._timeline.at(list(read), read)
        # What the steps read is shown with what was read last: of one state, or not at all.
        if len(events) < len(told) + 1 or self._index.generation(self._log) != begun:
            raise _anew()
        keys = ", ".join(dict.fromkeys(f"{link.key.kind} {link.key.value}" for link in told))
        return {
            "source_event_id": events[place]["id"],
            "correlation_description": f"same {keys}" if keys else "no event in the window shares a key with it",
            "count": len(told),
            "beyond_limit": len(links) - len(told),
            "links": [
                {
                    "to": events[Place(*link.to)]["id"],
                    "key": link.key.kind,
                    "value": link.key.value,
                    "rarity": link.rarity,
                    "strength": link.strength,
                    "reason": link.reason,
                }
                for link in told
            ],
            "left_out": [left.to_json() for left in chain.left_out],
            "events": [events[Place(*link.to)] for link in told],
        }

    def together(self, wanted: Wanted, limit: int, cursor: str | None) -> dict[str, Any]:
        """Events that meet several conditions within a window of each other: a page of groups.

        Raises:
            UsageError: out of bounds, too wide, or the cursor is none of this list's.
            QueryError: a condition is no query.
            BusyError: the index was computed anew while it was read.
        """
        found = together(self._reader, self._log, wanted, limit, cursor, audit=self._audit)
        spots = {group.anchor.spot for group in found.groups}
        spots |= {spot for group in found.groups for member in group.members for spot in member.nearest}
        events = self._timeline.at([Place(*spot) for spot in sorted(spots)])
        if len(events) < len(spots):
            raise _anew()
        ids = {Spot(*place): event["id"] for place, event in events.items()}
        groups = []
        for group in found.groups:
            members = [
                {"term": place, "count": one.events, "nearest": [ids[spot] for spot in one.nearest]}
                for place, one in enumerate(group.members, 1)
            ]
            shared = {"shared": _named(Key(wanted.by, group.anchor.shared))} if wanted.by else {}
            groups.append({"anchor": ids[group.anchor.spot]} | shared | {"members": members})
        answer: dict[str, Any] = {"groups": groups, "events": list(events.values())}
        if found.total is not None:
            answer["total"] = found.total
        return answer if found.cursor is None else answer | {"next_cursor": found.cursor}

    def term(self, entity_id: str) -> str:
        """The term of the query language that finds an entity's events.

        Raises:
            NotFoundError: no event has it.
        """
        return term_of(self._known(entity_id))

    def _known(self, entity_id: str) -> Key:
        key = key_of(entity_id)
        if key not in self._entities.rows([key]):
            raise NotFoundError(
                f"no event has {key.kind} {key.value[:200]}",
                hint="`vestige entity list --contains TEXT` finds entities by a part of their value",
            )
        return key

    def _ids(self, spots: Iterable[Spot | None]) -> dict[Spot, str]:
        """The ids of the events at some places.

        Raises:
            BusyError: one of them is not there any more.
        """
        wanted = sorted({spot for spot in spots if spot is not None})
        ids = self._timeline.ids([Place(*spot) for spot in wanted])
        if len(ids) < len(wanted):
            raise _anew()
        return {Spot(*place): text for place, text in ids.items()}

    def _aliases(self, found: Aliases, ids: dict[Spot, str]) -> dict[str, Any]:
        return {
            "names": [_named(key) for key in found.names],
            "links": [
                {
                    "one": _named(link.one),
                    "other": _named(link.other),
                    "rule": link.rule,
                    "strength": link.strength,
                    "reason": link.reason,
                    "events": link.events,
                    "sources": list(link.sources),
                }
                | _times(link.first_at, link.last_at)
                | _without_none(evidence=_id(ids, link.shown))
                for link in found.links
            ],
            "spellings": [
                {"text": one.text, "times": one.times} | _without_none(evidence=_id(ids, one.shown))
                for one in found.spellings
            ],
            "left_out": [{"why": why, "count": count} for why, count in found.left_out],
        }


def _named(key: Key) -> dict[str, Any]:
    return {"id": id_of(key), "kind": key.kind, "value": key.value}


def _row(row: Row) -> dict[str, Any]:
    return _named(row.key) | {"events": row.events} | _times(row.first_at, row.last_at) | {"query": term_of(row.key)}


def _peer(key: Key, peer: Peer, first: str | None, last: str | None) -> dict[str, Any]:
    return (
        _named(peer.key)
        | {"events": peer.events}
        | _times(peer.first_at, peer.last_at)
        | {"evidence": _without_none(first=first, last=last), "query": f"{term_of(key)} {term_of(peer.key)}"}
    )


def _times(first: int | None, last: int | None) -> dict[str, str | None]:
    return {
        "first_seen": None if first is None else to_text(first),
        "last_seen": None if last is None else to_text(last),
    }


def _counted(values: list[tuple[str, int]]) -> list[dict[str, Any]]:
    return [{"value": value, "events": n} for value, n in values]


def _id(ids: dict[Spot, str], spot: Spot | None) -> str | None:
    return None if spot is None else ids[spot]


def _without_none(**values: str | None) -> dict[str, str]:
    return {name: value for name, value in values.items() if value is not None}


def _anew() -> BusyError:
    return BusyError("the index was computed anew while it was read", hint="ask again")
