"""The exact matcher of sequence patterns. Pure: events of one group in, matches out.

**What a match is.** The events of a group are ordered by (time, seq, sub): where times are equal, the place in the
ledger decides. Undated events have no part in anything. An *occurrence* takes for each step that is not absent exactly
as many events as the step needs (the greater of ``count`` and ``distinct``), each matching the step's query and none
taken twice, such that

1. in strict order every event of a step comes before every event of the next; in any order nothing of the kind;
2. from the first event to the last no more time passes than ``within``, that much itself included;
3. from the last event of a step to the first of the next no more than the latter's ``gap``, itself included;
4. the events of a step with ``distinct`` have that many different values, an event's value being the first it states;
5. ``same`` and ``differs`` hold (:class:`~vestige.correlate.patterns.Bond`);
6. no event of the group that matches an absent step lies in its stretch, and no more than ``most`` matching the step in
   that of a step with such a bound. The stretch lies strictly between the last event of the step before and the first
   of the step after; before the first step it begins ``within`` before the last event of the occurrence, and behind the
   last step it ends ``within`` after the first event. In any order the stretch is from the first event of the
   occurrence to the last, both included. An absent step with ``same`` or ``differs`` forbids only events for which
   that holds; one with a ``count`` forbids that many events and leaves fewer be; one with a ``gap``, which stands
   before the first step, looks that far back from the first event and no further.

**Which matches are reported.** An occurrence is *completed* by its last event. The first match is completed by the
earliest event that completes any; of the occurrences this event completes, it is the one whose events, compared from
the last backwards, come latest: the tightest. The next match takes only events behind that event, and so on; matches of
a group never overlap. Where the last step is absent, an event completes nothing before ``horizon`` has come ``within``
beyond it, for until then the forbidden event may yet happen.

The search goes backwards from the completing event and remembers what failed, so that its time is bounded by the number
of states; distinct values and relations can make these many. After :data:`TRIES` steps for one group it ends and says
so: what it found before stands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from vestige.correlate.any_order import AnyOrder
from vestige.correlate.search import SpentError
from vestige.correlate.strict_order import Strict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vestige.correlate.patterns import Pattern
    from vestige.correlate.search import StepEvent
    from vestige.correlate.store import Spot

TRIES: Final = 200_000
"""Looks at an event, over and over, in the search through one group."""


class Match(NamedTuple):
    """A match: its events, the oldest first, and the place of the step that each was taken for."""

    evidence: tuple[Spot, ...]
    steps: tuple[int, ...]


class Outcome(NamedTuple):
    """The matches of a group, and whether the search was ended before it was through."""

    matches: list[Match]
    cut: bool


def find(pattern: Pattern, events: Sequence[StepEvent], horizon: int, tries: int = TRIES) -> Outcome:
    """The matches of a pattern in one group.

    Args:
        pattern: what is looked for.
        events: those of the group that match a step, in order of their spots.
        horizon: up to which instant (ns) everything that happened is known.
        tries: after how many looks at an event the search ends.
    """
    search = (Strict if pattern.strict else AnyOrder)(pattern, events, tries)
    matches: list[Match] = []
    after = 0
    try:
        for end, event in enumerate(events):
            if pattern.waits and event.spot.occurred_at + pattern.within > horizon:
                break
            if not event.steps.isdisjoint(search.ends) and search.completes(end, after):
                chosen = sorted(search.chosen)
                matches.append(Match(tuple(events[at].spot for at, _ in chosen), tuple(step for _, step in chosen)))
                after = end + 1
    except SpentError:
        return Outcome(matches, cut=True)
    return Outcome(matches, cut=False)
