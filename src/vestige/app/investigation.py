"""What one tenant's events have to do with each other, answered with the events themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vestige.correlate import Reach, Spot, Store, follow
from vestige.model.errors import BusyError
from vestige.model.instant import MAX_INSTANT, MIN_INSTANT, to_text
from vestige.query import Reader
from vestige.timeline import Place

if TYPE_CHECKING:
    from vestige.query import Index
    from vestige.timeline import Timeline


class Investigation:
    """Entries are given by their seq in the index, as the timeline takes them."""

    def __init__(self, index: Index, log: int, timeline: Timeline) -> None:
        self._index = index
        self._log = log
        self._store = Store(Reader(index), log)
        self._timeline = timeline

    def chain(self, seq: int, sub: int, reach: Reach) -> dict[str, Any]:
        """The events that belong with one, oldest first, each with the link that leads to it.

        Raises:
            NotFoundError: the entry has no such event in the index.
            BusyError: the index was computed anew while it was read.
        """
        begun = self._index.generation(self._log)
        place = self._timeline.place(seq, sub)
        chain = follow(self._store, Spot(*place), reach)
        read = {Place(*spot): event.packed for spot, event in sorted(chain.events.items())}
        events = self._timeline.at(list(read), read)
        ids = {Spot(*at): event["id"] for at, event in events.items()}
        whole = chain.seed in ids and len(ids) == len(chain.events)
        # What the steps read is shown with what was read last: of one state, or not at all.
        if not whole or self._index.generation(self._log) != begun:
            raise BusyError("the index was computed anew while it was read", hint="ask again")
        answer: dict[str, Any] = {
            "seed": ids[chain.seed],
            "acts": chain.acts,
            "links": [
                {
                    "from": ids[link.origin],
                    "to": ids[link.to],
                    "key": link.key.kind,
                    "value": link.key.value,
                    "rarity": link.rarity,
                    "strength": link.strength,
                    "reason": link.reason,
                }
                for link in sorted(chain.links, key=lambda link: link.to)
            ],
            "same_acts": [[ids[one], ids[other]] for one, other in chain.same_acts],
            "left_out": [left.to_json() for left in chain.left_out],
            "events": list(events.values()),
        }
        if place.occurred_at >= MIN_INSTANT:
            answer["start"] = to_text(max(place.occurred_at - reach.window, MIN_INSTANT))
            answer["end"] = to_text(min(place.occurred_at + reach.window, MAX_INSTANT))
        return answer
