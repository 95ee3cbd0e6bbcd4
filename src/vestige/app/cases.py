"""One tenant's cases as requests ask for them: events found and pinned, shown with their checks, written out."""

from __future__ import annotations

import heapq
import threading
from array import array
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import orjson

import vestige
from vestige.cases import Cases, Found, Saying, stix, writing
from vestige.cases.check import INTACT, Held, Verdict, check, counted
from vestige.cases.fold import sub_of
from vestige.cases.items import KINDS, embedded
from vestige.cases.models import BATCH, STATUSES
from vestige.cases.selection_store import selected
from vestige.model.errors import NotFoundError, UsageError
from vestige.model.ids import new_ulid
from vestige.model.instant import now, to_text
from vestige.query import Reader, Scope
from vestige.timeline import Window

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vestige.app.rooms import Rooms
    from vestige.cases import Case, Item, Pin
    from vestige.ingest.intake import Stores
    from vestige.model.principal import Principal
    from vestige.query import Index
    from vestige.timeline import Page

CHECKED: Final = 2000
"""Pins that are checked whenever a case is shown; the last added beyond that only when all are asked for."""
EVENTS: Final = 5000
"""Events that a copy reads at once."""
TOLD: Final = 100
"""Altered pins that are told by name."""
SHAPES: Final = {
    "json": "application/json", "csv": "text/csv; charset=utf-8", "markdown": "text/markdown; charset=utf-8",
    "stix": stix.MEDIA_TYPE,
}  # fmt: skip
__all__ = ["CHECKED", "KINDS", "SHAPES", "STATUSES", "CaseRoom", "Picked"]
NAMED_CASES: Final = 50
"""Cases that an event names at most, of those it is pinned in."""


class Picked:
    """Finds the set of a case's events for queries. Safe to share between threads."""

    def __init__(self, cases: Cases, index: Index, log: int) -> None:
        self._cases = cases
        self._picks = index.picks
        self._log = log
        self._lock = threading.Lock()
        self._known: dict[str, tuple[int, str]] = {}

    def __call__(self, wanted: str) -> str:
        """The name of the set of a case given by id or name.

        Raises:
            NotFoundError: there is no such case.
            ConflictError: several have the name.
        """
        case = self._cases.one(wanted)
        with self._lock:
            known = self._known.get(case.id)
        # Every entry that adds or takes away a pin moves this on, so an old set is never taken for the present one.
        if (
            known is not None
            and known[0] == case.pinned_to
            and (not known[1] or self._picks.holds(self._log, known[1]))
        ):
            return known[1]
        held, positions, subs = self._cases.places(case.id)
        name = self._picks.hold(self._log, positions, subs)
        with self._lock:
            self._known[case.id] = (held.pinned_to, name)
        return name

    def forget(self) -> None:
        """Look at every case anew: their tables were made again, of fewer acts than before."""
        with self._lock:
            self._known.clear()


class CaseRoom:
    """The cases of one tenant. A case is given by id, or by a name that no other has."""

    def __init__(
        self, rooms: Rooms, stores: Stores, index: Index, cases: Cases, picked: Picked, *, audit: bool = True
    ) -> None:
        self._rooms = rooms
        self._ledger = stores.ledger
        self._tenant = stores.tenant
        self._reader = Reader(index, picked)
        self._scope = Scope(stores.log, audit=audit)
        self.cases = cases
        self.saying = Saying(stores.db, stores.ledger, cases)

    # -- events -------------------------------------------------------------------------------------------------

    def show(self, wanted: str) -> dict[str, Any]:
        """A case, how much is said in it, and whether what is pinned is as it was (:data:`CHECKED` of it)."""
        case = self.cases.one(wanted)
        pins = self.cases.pins(case.id, CHECKED)
        verdicts = self._check(pins)
        integrity = {"checked": len(pins), "of": case.pins} | counted(verdicts) | _told(verdicts)
        return case.to_json() | {"items": self.cases.kinds(case.id), "integrity": integrity}

    def check(self, wanted: str) -> dict[str, Any]:
        """Every pin of a case, and every event its items name, held against the ledger."""
        case = self.cases.one(wanted)
        totals: dict[str, int] = {}
        told: list[dict[str, str]] = []
        checked = 0
        for verdicts in self._verdicts(case.id):
            checked += len(verdicts)
            for state, number in counted(verdicts).items():
                totals[state] = totals.get(state, 0) + number
            told += _told(verdicts).get("altered_events", [])
        whole = set(totals) <= {INTACT, "erased"}
        faults = {"altered_events": told[:TOLD]} if told else {}
        return {"case": case.id, "ok": whole, "checked": checked} | dict(sorted(totals.items())) | faults

    def _verdicts(self, case: str) -> Iterator[list[Verdict]]:
        for pins in self.cases.every_pin(case):
            yield self._check(pins)
        held: list[Held] = []
        for item in self.saying.each(case):
            held += held_of(item)
            while len(held) >= BATCH:
                yield check(self._ledger, self._tenant, held[:BATCH])
                del held[:BATCH]
        yield check(self._ledger, self._tenant, held)

    def _check(self, pins: Sequence[Pin]) -> list[Verdict]:
        return check(self._ledger, self._tenant, [held_by(pin) for pin in pins])

    def events(self, wanted: str, limit: int, cursor: str | None) -> dict[str, Any]:
        """A page of what is pinned, in the order of the ledger, each with its check.

        Raises:
            UsageError: the cursor is none of this list's.
        """
        case = self.cases.one(wanted)
        pins = self.cases.pins(case.id, limit + 1, _place_of(cursor) if cursor else (-1, 0))
        shown = pins[:limit]
        events = [
            pin.to_json() | {"integrity": verdict.state} | ({"reason": verdict.reason} if verdict.reason else {})
            for pin, verdict in zip(shown, self._check(shown), strict=True)
        ]
        following = {"next_cursor": f"{shown[-1].position}.{shown[-1].sub}"} if len(pins) > limit else {}
        return {"events": events} | following

    def pin(
        self, wanted: str, by: Principal, events: Sequence[str], *, annotation: str = "", marked: bool = False
    ) -> dict[str, Any]:
        """Pin events by their ids.

        Raises:
            NotFoundError: one of them is no event.
        """
        case = self.cases.one(wanted)
        found = self._found(events)
        selection = new_ulid(now() // 1_000_000)
        pinned = self.cases.pin(case.id, by, found, annotation=annotation, marked=marked, selection=selection)
        self._rooms.projector.nudge()
        return {"case": case.id, "selection": selection, "pinned": pinned, "already": len(found) - pinned}

    def unselect(self, wanted: str, by: Principal, selection: str) -> dict[str, Any]:
        """Take out again what one act of pinning put in.

        Raises:
            NotFoundError: nothing was pinned under that id.
        """
        case = self.cases.one(wanted)
        gone = self.cases.unselect(case.id, by, selection.upper())
        self._rooms.projector.nudge()
        return {"case": case.id, "selection": selection.upper(), "unpinned": gone}

    def select(
        self, wanted: str, by: Principal, query: str, start: int | None, end: int | None, annotation: str
    ) -> dict[str, Any]:
        """Pin all events a query finds, as the index knows them when this begins."""
        case = self.cases.one(wanted)
        lag = self._rooms.settle()
        found = self._reader.filter(query, self._scope)
        said = {"query": query}
        said |= {name: to_text(at) for name, at in (("from", start), ("to", end)) if at is not None}
        portions = selected(self._reader, found, start, end)
        told = self.cases.select(case.id, by, portions, said, annotation)
        self._rooms.projector.nudge()
        return {"case": case.id} | told | self._rooms.behind(lag)

    def place(self, event: str) -> tuple[int, int]:
        """Where a pinned event lies; its entry is there even where the index has lost the event."""
        entry, sub = self._rooms.entry(event)
        return entry.position, sub

    def naming(self, event: str) -> list[dict[str, str]]:
        """The cases an event is pinned in, those changed last first, 50 at most; each with what its pin says."""
        found = self.cases.naming(*self.place(event), NAMED_CASES)
        return [{"id": one, "name": name} | ({"annotation": said} if said else {}) for one, name, said in found]

    def timeline(
        self, wanted: str, query: str, within: Window, limit: int, cursor: str | None
    ) -> tuple[Case, Page, int]:
        """A case, a page of its events as the timeline shows them, and how far the index lags."""
        case = self.cases.one(wanted)
        lag = self._rooms.settle()
        asked = f"case:{case.id}" + (f" ({query})" if query.strip() else "")
        return case, self._rooms.timeline.page(asked, within, limit=limit, cursor=cursor), lag

    def pins_on(self, case: Case, page: Page) -> list[dict[str, Any]]:
        """What a case says of the events of a page, each with its check."""
        return [
            line["pin"] | {"integrity": line["integrity"]}
            for at in range(0, len(page.events), BATCH)
            for _, line in self._pinned(case, page.events[at : at + BATCH])
        ]

    def _found(self, events: Sequence[str]) -> list[Found]:
        """Events by their ids, which must be in the index: an entry has only the events that were read from it."""
        lag = self._rooms.settle()
        found = []
        for event in events:
            entry, sub = self._rooms.entry(event)
            try:
                self._rooms.timeline.place(entry.position, sub)
            except NotFoundError as error:
                raise self._rooms.not_yet(lag) or error from None
            found.append(Found(f"{entry.id}.{sub}" if sub else entry.id, entry.position, sub))
        return found

    # -- items --------------------------------------------------------------------------------------------------

    def say(self, wanted: str, by: Principal, kind: str, given: dict[str, str]) -> Item:
        """Say something in a case; the events that a note embeds must be there."""
        case = self.cases.one(wanted)
        shown = self._found(embedded(given.get("text", ""))) if kind == "note" else []
        return self.saying.add(case.id, by, kind, given, shown)

    def say_otherwise(self, wanted: str, by: Principal, item: str, given: dict[str, str], revision: int | None) -> Item:
        """Change something that was said."""
        case = self.cases.one(wanted)
        before = self.saying.one(case.id, item)
        again = before.kind == "note" and "text" in given
        shown = self._found(embedded(given["text"])) if again else None
        return self.saying.change(case.id, by, before.id, given, revision, shown)

    def weigh(self, wanted: str, by: Principal, item: str, event: str, side: str, comment: str) -> Item:
        """Put an event for or against a hypothesis."""
        case = self.cases.one(wanted)
        return self.saying.weigh(case.id, by, item.upper(), self._found([event])[0], side, comment)

    def item(self, wanted: str, item: str) -> dict[str, Any]:
        """An item with the events it names as they are now, and whether they are what they were."""
        case = self.cases.one(wanted)
        found = self.saying.one(case.id, item)
        held = held_of(found)
        self._rooms.settle()
        live = [
            {"event_id": one.held.event, "integrity": one.state, "event": self._live(one.held.event)}
            for one in check(self._ledger, self._tenant, held)
        ]
        return found.to_json() | ({"live": live} if live else {})

    def _live(self, event: str) -> dict[str, Any] | None:
        try:
            entry, sub = self._rooms.entry(event)
            return self._rooms.timeline.event(entry.position, sub)
        except NotFoundError:
            return None

    # -- activity and export ------------------------------------------------------------------------------------

    def activity(self, wanted: str, limit: int, cursor: str | None) -> dict[str, Any]:
        """What was done to a case, the newest first, read from the ledger itself."""
        case = self.cases.one(wanted)
        below = None if cursor is None else _place_of(cursor)[0]
        positions = self.cases.acts(case.id, limit + 1, below)
        shown = positions[:limit]
        following = {"next_cursor": str(shown[-1])} if len(positions) > limit else {}
        return {"acts": [self._act(position) for position in shown]} | following

    def _act(self, position: int) -> dict[str, Any]:
        (entry,) = self._ledger.read(self._tenant, position, position + 1)
        leaf = orjson.loads(entry.leaf)
        head = {"id": entry.id, "seq": entry.seq, "at": leaf["at"], "leaf_hash": entry.leaf_hash.hex()}
        if entry.salt is None:
            return head | {"erased": True}
        body = orjson.loads(self._ledger.opened(entry))
        detail = {name: value for name, value in body["detail"].items() if name != "case"}
        if "pins" in detail:
            detail["events"] = len(detail["pins"])
            detail["pins"] = [one[0] for one in detail["pins"][:20]]
        return head | {"act": body["act"], "by": body["by"], "detail": detail}

    def export(self, wanted: str, by: Principal, shape: str) -> tuple[Case, Iterator[bytes]]:
        """A case written out in a shape; that it was is an entry, committed before the first byte.

        Raises:
            UsageError: there is no such shape.
        """
        if shape not in SHAPES:
            raise UsageError("there is no such format", expected=", ".join(SHAPES), got=shape[:40], field="format")
        case = self.cases.one(wanted)
        self._rooms.settle()
        self.cases.exported(case.id, by, shape)
        if shape == "stix":
            each = (self.saying.each(case.id, kind) for kind in ("entity", "indicator"))
            named = heapq.merge(*each, key=lambda item: item.id)
            return case, stix.bundle(case, named, self._ledger.log(self._tenant).origin.partition("/")[0])
        lines = self.lines(case)
        if shape == "csv":
            return case, writing.as_csv(lines)
        head = [
            f"made at {to_text(now())} by vestige {vestige.__version__}",
            "times are UTC, with clock offsets applied",
        ]
        if shape == "json":
            said = case.to_json() | {"made_at": to_text(now()), "made_by": f"vestige {vestige.__version__}"}
            return case, writing.as_json(said, self.saying.each(case.id), lines)
        return case, writing.as_markdown(case, partial(self.saying.each, case.id), lines, self._shown, head)

    def _shown(self, event: str) -> str:
        live = self._live(event)
        return f"event {event} (not in the index)" if live is None else writing.event_line(live)

    def lines(self, case: Case) -> Iterator[dict[str, Any]]:
        """Every pin with its event, in order of time; then those whose event states no time, or is not there."""
        told = array("Q")
        for undated in (False, True):
            cursor = None
            while True:
                window = Window(descending=False, undated=undated)
                asked = f"in:ledger status:* case:{case.id}"
                page = self._rooms.timeline.page(asked, window, limit=EVENTS, cursor=cursor)
                for place, line in self._pinned(case, page.events):
                    told.append(_packed(*place))
                    yield line
                cursor = page.next_cursor
                if cursor is None:
                    break
        seen = np.sort(np.frombuffer(told, dtype="u8")) if told else np.empty(0, "u8")
        for pins in self.cases.every_pin(case.id):
            rest = [pin for pin in pins if not _has(seen, _packed(pin.position, pin.sub))]
            for pin, verdict in zip(rest, self._check(rest), strict=True):
                yield {"event": {"id": pin.event}, "pin": pin.to_json(), "integrity": verdict.state}

    def _pinned(self, case: Case, events: Sequence[dict[str, Any]]) -> Iterator[tuple[tuple[int, int], dict[str, Any]]]:
        """Events with what the case says of them, each with its place; one that was taken out meanwhile is left out."""
        # Of a log with several epochs an event's seq is its leaf's, and its position stands beside it.
        places = [(event.get("position", event["seq"]), sub_of(event["id"])) for event in events]
        found = self.cases.pins_at(case.id, [position for position, _ in places])
        there = [(place, event, found[place]) for place, event in zip(places, events, strict=True) if place in found]
        verdicts = self._check([pin for _, _, pin in there])
        for (place, event, pin), verdict in zip(there, verdicts, strict=True):
            yield place, {"event": event, "pin": pin.to_json(), "integrity": verdict.state}


def held_by(pin: Pin) -> Held:
    """What is to be checked of a pin."""
    return Held(pin.event, pin.position, pin.leaf_hash, pin.entry)


def held_of(item: Item) -> list[Held]:
    """What is to be checked of an item: the events it names."""
    return [
        Held(one["event_id"], one["position"], bytes.fromhex(one["leaf_hash"]), one.get("entry", item.entry))
        for one in (*item.body.get("events", ()), *item.body.get("evidence", ()))
    ]


def _packed(position: int, sub: int) -> int:
    """A place as one number: an entry has fewer than 65,536 events."""
    return position << 16 | sub


def _has(seen: np.ndarray[Any, Any], place: int) -> bool:
    at = int(np.searchsorted(seen, np.uint64(place)))
    return at < len(seen) and int(seen[at]) == place


def _told(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    found = [
        {"event_id": one.held.event, "integrity": one.state, "reason": one.reason}
        for one in verdicts
        if one.state not in {INTACT, "erased"}
    ]
    return {"altered_events": found[:TOLD]} if found else {}


def _place_of(cursor: str) -> tuple[int, int]:
    position, _, sub = cursor.partition(".")
    if not all(one.isascii() and one.isdigit() and len(one) <= 15 for one in (position, sub or "0")):
        raise UsageError("not a cursor", expected="the cursor of an earlier page", got=cursor[:60], field="cursor")
    return int(position), int(sub or 0)
