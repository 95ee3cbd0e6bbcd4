"""The declared timeline as it is read: every event in one shape, and what later events say of it.

An event that was declared (:mod:`vestige.declared.taking`) is shown with the fields its producer gave. Any other event
of the tenant stands on the same timeline: its type is its kind, and its fields are its details. Events without a time
are no part of it, for its rule is that each has one; ``/v1/timeline?undated=true`` lists them.

``event_id`` is the producer's ULID where it gave one, else the entry's. ``superseded_by`` names the
``redaction_notice`` events that withdraw an event, ``acknowledgements`` the ``ack`` events that took note of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from vestige.declared.envelope import ACK, REDACTION
from vestige.declared.store import CUSTOM, HASH, Store
from vestige.model.errors import NotFoundError
from vestige.model.ids import is_ulid
from vestige.model.vocabulary import category_of
from vestige.sources import bare_digest, digests_of, ids_in, named_in
from vestige.sources.general.declared_timeline import NAME as FORMAT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vestige.timeline import Place, Timeline, Window

MOST_ABOUT: Final = 100
"""Later events about one that are named with it."""
MOST_LINKED: Final = 100
"""Events that are named for each thing an event has in common with others."""
BATCH: Final = 2_000
PARSER: Final = FORMAT + "/"
_OWN_FIELDS: Final = ("supersedes", "refs")
_OURS: Final = frozenset({
    *("event_id", "id", "seq", "epoch", "tenant", "timestamp", "received_at", "category", "kind", "severity"),
    *("outcome", "subject", "trace_id", "source", "message", "digests", "supersedes", "refs", "details"),
    *("superseded_by", "acknowledgements", "provenance"),
})  # fmt: skip
"""Names that mean something of ours in the shape: what a producer wrote under another of its own is shown beside."""


def declared(event: dict[str, Any]) -> bool:
    """Whether an event of the index is one of the declared timeline's own shape."""
    return str(event.get("parser", "")).startswith(PARSER)


def shape(event: dict[str, Any], tenant: str) -> dict[str, Any]:
    """An event of the index in the shape of the declared timeline."""
    given = event.get("attributes", {}) if declared(event) else {}
    kind = event["event_type"]
    group = str(given.get("category", "")).strip() or event["category"]
    identity = str(given.get("event_id", "")).upper()
    party = event.get("subject", {})
    shown = {
        "event_id": identity if is_ulid(identity) else event["id"],
        "id": event["id"],
        "seq": event["seq"],
        "epoch": event.get("epoch"),
        "tenant": tenant,
        "timestamp": event.get("occurred_at"),
        "received_at": event["received_at"],
        "category": category_of(kind) if group == kind else group,
        "kind": kind,
        "severity": event.get("severity"),
        "outcome": event.get("outcome"),
        "subject": party.get("id") or party.get("name"),
        "trace_id": event.get("trace_id"),
        "source": event.get("source"),
        "message": event.get("message"),
        "digests": digests_of(given),
    }
    for name in _OWN_FIELDS:
        shown[name] = ids_in(given, name) if kind in {REDACTION, ACK} or name in given else []
    details = given.get("details") if given else event.get("attributes")
    shown |= {name: value for name, value in given.items() if name not in _OURS}
    body = {name: value for name, value in shown.items() if value not in (None, "", [])}
    return body | {"details": details if isinstance(details, dict) else {}}


class Reading:
    """The declared timeline of one tenant. Safe to share between threads.

    Args:
        timeline: the tenant's events.
        store: for what refers to what.
        tenant: the name answers bear.
    """

    def __init__(self, timeline: Timeline, store: Store, tenant: str) -> None:
        self._timeline = timeline
        self._store = store
        self._tenant = tenant

    def page(self, query: str, window: Window, limit: int, cursor: str | None) -> dict[str, Any]:
        """A page of events, with what later events say of each, and the cursors onward and back."""
        page = self._timeline.page(query, window, limit=limit, cursor=cursor)
        cursors = {"next_cursor": page.next_cursor, "previous_cursor": page.previous_cursor}
        return {"events": self.shaped(page.events)} | {name: one for name, one in cursors.items() if one is not None}

    def export(self, query: str, window: Window) -> Iterator[list[dict[str, Any]]]:
        """All events of a window, in batches."""
        cursor = None
        while True:
            page = self._timeline.page(query, window, limit=BATCH, cursor=cursor)
            yield self.shaped(page.events)
            cursor = page.next_cursor
            if cursor is None:
                return

    def shaped(self, events: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Events of the index in the timeline's shape, each with the later events that are about it."""
        shapes = [shape(event, self._tenant) for event in events]
        about = self._about({one[name] for one in shapes for name in ("event_id", "id")})
        for one in shapes:
            one.update(_later(one, about))
        return shapes

    def later(self, event: dict[str, Any]) -> dict[str, Any]:
        """What later events say of one event of the index: ``superseded_by`` and ``acknowledgements``, if any do."""
        one = shape(event, self._tenant)
        return _later(one, self._about({one["event_id"], one["id"]}))

    def find(self, identity: str) -> str:
        """The index's id of the first event that a producer's ULID names.

        Raises:
            NotFoundError: there is none.
        """
        return self.named(identity)[0]

    def named(self, identity: str) -> list[str]:
        """The index's ids of the events that a producer's ULID names: one, unless a file brought another, or a copy.

        Raises:
            NotFoundError: there is none.
        """
        wanted = identity.upper()
        places = self._store.bearing(CUSTOM, [wanted], most=MOST_ABOUT).get(wanted, []) if is_ulid(wanted) else []
        found = [
            str(event["id"])
            for event in self._timeline.at(sorted(places)).values()
            if declared(event) and str(event["attributes"].get("event_id", "")).upper() == wanted
        ]
        if not found:
            expected = "an event_id, or the id of an entry"
            raise NotFoundError("there is no such event", expected=expected, got=identity[:64])
        return found

    def linked(self, event: dict[str, Any]) -> list[dict[str, Any]]:
        """What an event names that others name too, and those others: its digests, and the ids of logs and vaults."""
        given = event.get("attributes", {}) if declared(event) else {}
        named: dict[tuple[str, str], str] = {}
        subject = event.get("subject", {}).get("id", "")
        for name, one in [("subject", subject), *(("digests", one) for one in digests_of(given))]:
            if bare_digest(one):
                named.setdefault((HASH, bare_digest(one)), name)
        for kind, name, value in named_in(given.get("details", {}) if given else event.get("attributes", {})):
            named.setdefault((kind, value), f"details.{name}")
        for key in event.get("keys", []):
            if key["kind"] == HASH:
                named.setdefault((HASH, key["value"]), "keys")
        found = []
        for (kind, value), name in list(named.items())[:MOST_LINKED]:
            places = self._store.bearing(kind, [value], most=MOST_LINKED).get(value, [])
            others = [one for one in self._at(places) if one["id"] != event["id"]]
            found.append({
                "field": name,
                "kind": "digest" if kind == HASH else "id",
                "value": value,
                "events": [_brief(one) for one in others],
            })  # fmt: skip
        return found

    def _about(self, identities: set[str]) -> dict[str, list[dict[str, Any]]]:
        """The later events about each of some ids."""
        places = self._store.bearing(CUSTOM, identities, types=(REDACTION, ACK), most=MOST_ABOUT)
        every = sorted({place for found in places.values() for place in found})
        events = {place: shape(event, self._tenant) for place, event in self._timeline.at(every).items()}
        return {value: [events[place] for place in found if place in events] for value, found in places.items()}

    def _at(self, places: Sequence[Place]) -> list[dict[str, Any]]:
        return [shape(event, self._tenant) for event in self._timeline.at(sorted(places)).values()]


def _later(one: dict[str, Any], about: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """The events that withdraw an event, and those that took note of it."""
    said: dict[str, Any] = {}
    for name, field, kind in (("superseded_by", "supersedes", REDACTION), ("acknowledgements", "refs", ACK)):
        found = {
            later["id"]: later
            for identity in dict.fromkeys((one["event_id"], one["id"]))
            for later in about.get(identity, [])
            if later["kind"] == kind and identity in later.get(field, []) and later["id"] != one["id"]
        }
        if found:
            said[name] = [_brief(later) for later in found.values()]
    return said


def _brief(event: dict[str, Any]) -> dict[str, Any]:
    return {name: event[name] for name in ("event_id", "id", "seq", "kind", "timestamp", "source") if name in event}
