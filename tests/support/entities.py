"""What entities should say, computed from the events one by one: slow, plain, and sharing only the meaning of a key."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Final

from support.matching import in_scope, matches
from vestige.correlate import Key, Spot
from vestige.index import keys_of
from vestige.index.keys import normal, related_of
from vestige.model.instant import UNDATED
from vestige.query import parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vestige.index import EventRow

DAY: Final = 86_400_000_000_000
Span = tuple[int | None, int | None, int]


def spot_of(row: EventRow) -> Spot:
    """Where an event stands."""
    at = row.event.occurred_at
    return Spot(UNDATED if at is None else at, row.seq, row.sub)


def span_of(spots: Iterable[Spot]) -> Span:
    """First and last dated time, and how many events."""
    listed = list(spots)
    times = [spot.occurred_at for spot in listed if spot.occurred_at != UNDATED]
    return (min(times), max(times), len(listed)) if times else (None, None, len(listed))


class Truth:
    """The entities of one log's events."""

    def __init__(self, rows: Iterable[EventRow]) -> None:
        plain = parse("")
        self.rows = {spot_of(row): row for row in rows if in_scope(plain, row)}
        self.keys: dict[Key, list[Spot]] = defaultdict(list)
        self.met: dict[tuple[Key, Key], list[Spot]] = defaultdict(list)
        for spot, row in sorted(self.rows.items()):
            for kind, value in keys_of(row.event):
                self.keys[Key(kind, value)].append(spot)
            for one, other in related_of(row.event):
                self.met[Key(*one), Key(*other)].append(spot)
                self.met[Key(*other), Key(*one)].append(spot)

    def span(self, key: Key) -> Span:
        """An entity's first and last time, and events."""
        return span_of(self.keys[key])

    def listed(self, sort: str, kind: str = "", prefix: str = "", contains: str = "") -> list[Key]:
        """Every entity in the order of a list."""

        def fits(key: Key) -> bool:
            return (
                (not kind or key.kind == kind)
                and (key.value.startswith(prefix.casefold()) or key.value.lower().startswith(prefix.lower()))
                and (contains.casefold() in key.value or contains.lower() in key.value.lower())
            )

        def order(key: Key) -> tuple[int, int, bytes]:
            first, last, events = self.span(key)
            by = {
                "last": UNDATED if last is None else last,
                "first": 2**63 - 1 if first is None else first,
                "count": events,
                "value": 0,
            }[sort]
            return (by if sort in {"first", "value"} else -by, KINDS.index(key.kind), key.value.encode())

        return sorted((key for key in self.keys if fits(key)), key=order)

    def peers(self, key: Key) -> dict[Key, Span]:
        """Whom an entity met."""
        return {other: span_of(spots) for (one, other), spots in self.met.items() if one == key}

    def carried(self, key: Key, kinds: Iterable[str]) -> dict[Key, Span]:
        """The keys of some kinds on an entity's events."""
        found: dict[Key, list[Spot]] = defaultdict(list)
        wanted = set(kinds)
        for spot in self.keys[key]:
            for kind, value in keys_of(self.rows[spot].event):
                if kind in wanted and (kind, value) != key:
                    found[Key(kind, value)].append(spot)
        return {other: span_of(spots) for other, spots in found.items()}

    def days(self, key: Key) -> Counter[int]:
        """Events per day since 1970."""
        return Counter(spot.occurred_at // DAY for spot in self.keys[key] if spot.occurred_at != UNDATED)

    def days_of_all(self) -> int:
        """Days on which anything happened."""
        return len({spot.occurred_at // DAY for spot in self.rows if spot.occurred_at != UNDATED})

    def levels(self, centre: Key, depth: int) -> dict[Key, int]:
        """How many steps away everybody is, up to a depth."""
        levels = {centre: 0}
        for level in range(1, depth + 1):
            near = {other for one, other in self.met if levels.get(one) == level - 1}
            levels |= dict.fromkeys(near - levels.keys(), level)
        return levels

    def stated(self) -> dict[tuple[str, str], list[tuple[str, Spot]]]:
        """Which id and name stand side by side in one event, with source and place."""
        found: dict[tuple[str, str], list[tuple[str, Spot]]] = defaultdict(list)
        for spot, row in self.rows.items():
            event = row.event
            pairs = {(event.actor_id, event.actor_name), (event.subject_id, event.subject_name)}
            for one, other in pairs:
                folded = normal("identity", one), normal("identity", other)
                if all(folded):
                    found[folded].append((row.source, spot))
        return found

    def groups(
        self, terms: Sequence[str], window: int, by: str, start: int | None, end: int | None
    ) -> dict[tuple[Spot, str], list[list[Spot]]]:
        """Every group by its anchor and shared value: per further term the events within the window."""
        nodes = [parse(text) for text in terms]
        meets = [
            [spot for spot, row in self.rows.items() if spot.occurred_at != UNDATED and matches(node, row)]
            for node in nodes
        ]
        shared: dict[Spot, set[str]] = defaultdict(set)
        for key, spots in self.keys.items():
            if key.kind == by:
                for spot in spots:
                    shared[spot].add(key.value)
        found: dict[tuple[Spot, str], list[list[Spot]]] = {}
        for anchor in meets[0]:
            if (start is not None and anchor.occurred_at < start) or (end is not None and anchor.occurred_at >= end):
                continue
            for value in shared[anchor] if by else {""}:
                near = [
                    [
                        spot
                        for spot in others
                        if spot != anchor
                        and abs(spot.occurred_at - anchor.occurred_at) <= window
                        and (not by or value in shared[spot])
                    ]
                    for others in meets[1:]
                ]
                if all(near):
                    found[anchor, value] = near
        return found


KINDS: Final = ("identity", "session", "token", "ip", "device", "host", "hash", "commit", "custom")
