"""Search for events that belong together by time: several conditions, met within a window of each other.

The first condition finds *anchors*. An anchor makes a group if, for every other condition, there is an event other than
the anchor that meets it and lies at most the window before or after. If a kind of key is named (``by``), the events of
a group must all have one value of that kind in common, and an anchor with two such values makes two groups. One event
may meet two conditions at once. Undated events lie within no window.

The answer is exact or refused: what takes part is counted first, and above ``MOST_EVENTS`` the request is too wide. Of
a group, the events of each condition are counted, and the nearest ``NEAREST`` are told.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from vestige.correlate import cursors
from vestige.correlate.store import Spot
from vestige.correlate.together_store import Anchor, Ask, TogetherStore
from vestige.model.errors import QueryError, UsageError
from vestige.model.event import KeyKind
from vestige.model.instant import NANOS
from vestige.query import Scope

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vestige.query import Reader

MOST_TERMS: Final = 6
MOST_EVENTS: Final = 1_000_000
"""Events that take part at most, of all conditions together: their places are held in memory."""
MOST_GROUPS: Final = 100
"""Groups of a page."""
NEAREST: Final = 10
EXPECTED: Final = 200
"""Events of a condition that are to lie within the window in which the nearest are looked for first."""
WIDER: Final = 32
LONGEST_WINDOW: Final = 366 * 86_400 * NANOS
LONGEST_TERM: Final = 4096


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is searched for: queries, the anchor's first; a window in ns on either side; a kind to share, or none."""

    terms: Sequence[str]
    window: int = 3600 * NANOS
    by: str = ""
    start: int | None = None
    end: int | None = None
    descending: bool = True


class Member(NamedTuple):
    """What of one condition lies within an anchor's window: how many events, and the nearest of them."""

    events: int
    nearest: list[Spot]


class Group(NamedTuple):
    """An anchor, and what of each further condition lies within its window."""

    anchor: Anchor
    members: list[Member]


class Groups(NamedTuple):
    """A page of groups, how many there are in all (on the first page), and where the next begins."""

    groups: list[Group]
    total: int | None
    cursor: str | None


def together(reader: Reader, log: int, wanted: Wanted, limit: int, cursor: str | None, *, audit: bool = True) -> Groups:
    """A page of groups; ``audit``: whether the audit trail's acts may be among what is counted and shown.

    Raises:
        UsageError: out of bounds, too many events would take part, or the cursor is none of this list's.
        QueryError: a condition is no query.
    """
    _check(wanted, limit)
    scope = Scope(log, audit=audit)
    shape = ("together", log, *wanted.terms, wanted.window, wanted.by, wanted.start, wanted.end, wanted.descending)
    beyond = None
    if cursor is not None:
        at, seq, sub, shared = cursors.decode(cursor, (int, int, int, str), *shape)
        if seq < 0 or not 0 <= sub < 2**16:
            raise UsageError("not a cursor", expected="the cursor of an earlier page", field="cursor")
        beyond = Anchor(Spot(at, seq, sub), shared)
    filters = []
    for place, text in enumerate(wanted.terms):
        try:
            filters.append(reader.filter(text, scope, f"t{place}p"))
        except QueryError as error:
            raise QueryError(
                f"term {place + 1}: {error.message}",
                column=error.column,
                expected=error.expected,
                got=error.got,
                hint=error.hint,
                query=text,
            ) from None
    ask = Ask(tuple(filters), wanted.window, wanted.by, wanted.start, wanted.end, wanted.descending)
    store = TogetherStore(reader, log)
    counts = store.counts(ask)
    if 0 in counts:
        return Groups([], 0 if cursor is None else None, None)
    if sum(counts) > MOST_EVENTS:
        raise UsageError(
            "too many events would take part",
            expected=f"at most {MOST_EVENTS:,} events that meet a term",
            got=", ".join(f"term {place}: {n:,}" for place, n in enumerate(counts, 1)),
            hint="narrow the terms, or the time",
            field="terms",
        )
    anchors, total = store.anchors(ask, beyond, limit + 1)
    more = len(anchors) > limit
    anchors = anchors[:limit]
    counts_of = store.company(ask, anchors)
    nearest = _nearest(store, ask, anchors, counts_of)
    groups = [
        Group(
            anchor,
            [
                Member(counts_of.get((place, term), 0), nearest.get((place, term), []))
                for term in range(1, len(filters))
            ],
        )
        for place, anchor in enumerate(anchors)
    ]
    onward = cursors.encode((*anchors[-1].spot, anchors[-1].shared), *shape) if more else None
    return Groups(groups, total if cursor is None else None, onward)


def _nearest(
    store: TogetherStore, ask: Ask, anchors: Sequence[Anchor], counts: Mapping[tuple[int, int], int]
) -> dict[tuple[int, int], list[Spot]]:
    """The nearest events of each anchor and condition.

    A window that holds many is narrowed to where a few are expected, and widened again for those that found too few:
    what is nearest within a narrower window is nearest.
    """
    found: dict[tuple[int, int], list[Spot]] = {}
    left = list(range(len(anchors)))
    window = max(ask.window // max(max(counts.values(), default=0) // EXPECTED, 1), 1)
    while left:
        asked = store.nearest(ask, [anchors[place] for place in left], window, NEAREST)
        found |= {(left[place], term): spots for (place, term), spots in asked.items()}
        short = {
            place for place, term in counts if len(found.get((place, term), [])) < min(NEAREST, counts[place, term])
        }
        left = [place for place in left if place in short and window < ask.window]
        window = min(window * WIDER, ask.window)
    return found


def _check(wanted: Wanted, limit: int) -> None:
    kinds = [str(kind) for kind in KeyKind]
    longest = max((len(text) for text in wanted.terms), default=0)
    bounds = (
        ("terms", 2 <= len(wanted.terms) <= MOST_TERMS, f"2 to {MOST_TERMS} queries", str(len(wanted.terms))),
        ("terms", longest <= LONGEST_TERM, f"queries of at most {LONGEST_TERM} characters", f"{longest} characters"),
        ("window", 0 < wanted.window <= LONGEST_WINDOW, "above 0, at most 366 days", f"{wanted.window} ns"),
        ("by", not wanted.by or wanted.by in kinds, ", ".join(kinds), wanted.by[:40]),
        ("limit", 1 <= limit <= MOST_GROUPS, f"1 to {MOST_GROUPS}", str(limit)),
    )
    for name, holds, expected, got in bounds:
        if not holds:
            raise UsageError(f"{name} is out of bounds", expected=expected, got=got, field=name)
