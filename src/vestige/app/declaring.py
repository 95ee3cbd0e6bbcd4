"""The declared timeline of one tenant, wired: taking events, reading them back, their links, their kinds."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any, Final

import orjson

from vestige.declared import Bounds, Kinds, Reading, Store, Taking
from vestige.declared.personal_data import warnings_of
from vestige.model.errors import ConflictError, NotFoundError, RedactedError
from vestige.query import Reader
from vestige.timeline import Window

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vestige.app.rooms import Rooms
    from vestige.declared import Acknowledged
    from vestige.ingest.arrivals import Arrivals
    from vestige.ledger import Ledger, StoredEntry
    from vestige.model.principal import Principal
    from vestige.query import Index
    from vestige.settings import Settings

MOST_ACQUIRED: Final = 20
"""Acquired files that are named for each digest."""


class DeclaredTimeline:
    """Safe to share between threads."""

    def __init__(
        self, rooms: Rooms, settings: Settings, ledger: Ledger, index: Index, arrivals: Arrivals, log: int
    ) -> None:
        self._rooms = rooms
        self._ledger = ledger
        self._index = index
        self._log = log
        tenant = rooms.tenant
        self.kinds = Kinds(ledger, tenant.id)
        bounds = Bounds(settings.limit_events_per_request, settings.limit_event_bytes)
        lint = warnings_of if settings.lint_personal_data else None
        self._taking = Taking(arrivals, ledger, tenant.id, tenant.slug, self.kinds, bounds, lint)
        self._reading = Reading(rooms.timeline, Store(Reader(index), log), tenant.slug)

    def submit(
        self, body: bytes, *, source: str, by: Principal, trace: str, idempotency_key: str
    ) -> list[Acknowledged]:
        """Append declared events; one answer each, after the commit."""
        told = self._taking.submit(body, source=source, by=by, trace=trace, idempotency_key=idempotency_key)
        self._rooms.projector.nudge()
        return told

    def register(self, name: str, version: int, schema: object, by: Principal) -> dict[str, Any]:
        """Keep a version of an own kind (:meth:`vestige.declared.Kinds.register`)."""
        made = self.kinds.register(name, version, schema, by)
        self._rooms.projector.nudge()
        return made

    def page(self, query: str, window: Window, limit: int, cursor: str | None) -> dict[str, Any]:
        """A page of the timeline, as the index has it now."""
        return self._reading.page(query, window, limit, cursor)

    def export(self, query: str, window: Window) -> tuple[int, int, Iterator[bytes]]:
        """How many events match when the answer begins, how far the index lags, and the events, one JSON a line."""
        lag = self._rooms.settle()
        count = self._rooms.timeline.count(query, window.start, window.end).dated
        batches = self._reading.export(query, window)

        def lines() -> Iterator[bytes]:
            for batch in batches:
                yield b"".join(orjson.dumps(event) + b"\n" for event in batch)

        return count, lag, lines()

    def event(self, identity: str) -> dict[str, Any]:
        """One event as the index has it now, by its own id or the entry's, with where it comes from.

        Raises:
            NotFoundError: there is none.
        """
        found = self._found(identity)
        (shaped,) = self._reading.shaped([found])
        return shaped | {"provenance": found["provenance"]}

    def named(self, identity: str) -> list[str]:
        """The ids of the events that a producer's own id names, as the index has it now.

        Raises:
            NotFoundError: there is none.
        """
        return self._reading.named(identity)

    def later(self, event: dict[str, Any]) -> dict[str, Any]:
        """What later declared events say of an event of the index."""
        return self._reading.later(event)

    def evidence(self, identity: str) -> dict[str, Any]:
        """What an event rests on and what it is linked to, as the index has it now.

        Raises:
            NotFoundError: there is none.
        """
        found = self._found(identity)
        (shaped,) = self._reading.shaped([found])
        entry, _ = self._rooms.entry(found["id"])
        links = self._reading.linked(found)
        for link in links:
            if link["kind"] == "digest":
                link["acquired"] = self._acquired(link["value"])
        about = ("supersedes", "refs", "superseded_by", "acknowledgements")
        said: dict[str, Any] = {name: shaped[name] for name in about if name in shaped}
        return {
            "event_id": shaped["event_id"],
            "id": shaped["id"],
            "digests": shaped.get("digests", []),
            "links": links,
            **said,
            "record": self._record(found, entry),
            "proof": self._proof(entry),
        }

    def _found(self, identity: str) -> dict[str, Any]:
        """The event an id names: an entry's, or a producer's own."""
        try:
            return self._rooms.event(identity, settled=True)
        except (NotFoundError, ConflictError):
            lag = self._rooms.lag()
            try:
                return self._rooms.event(self._reading.find(identity), settled=True)
            except NotFoundError as error:
                raise self._rooms.not_yet(lag) or error from None

    def _record(self, event: Mapping[str, Any], entry: StoredEntry) -> dict[str, Any]:
        provenance = event["provenance"]
        record = {
            "entry": entry.id,
            "seq": entry.seq,
            "log": provenance["log"],
            "leaf_hash": provenance["leaf_hash"],
            "commitment": provenance["commitment"],
            "length": provenance["length"],
            "acquisition": provenance.get("acquisition"),
        }
        try:
            digest = self._rooms.opening(entry.id)["payload_sha256"]
        except NotFoundError:
            return record | {"erased": True}  # the leaf and its proof outlast what it committed to
        except RedactedError:
            return record | {"redacted": True}
        return record | {
            "sha256": digest,
            "raw": f"/v1/events/{event['id']}/raw",
            "opening": f"/v1/events/{event['id']}/opening",
        }

    def _proof(self, entry: StoredEntry) -> dict[str, Any]:
        """The inclusion proof of an entry's leaf, and the signed checkpoint it leads to."""
        receipt = self._rooms.ledger.receipt(entry.id)
        return {
            "receipt": receipt,
            "leaf": base64.b64encode(entry.leaf).decode(),
            "verify": "the receipt is a C2SP tlog-proof of the leaf; `vestige ledger keys` gives the keys",
        }

    def _acquired(self, digest: str) -> list[dict[str, Any]]:
        """Files that were taken in here and have a digest."""
        if len(digest) != hashlib.sha256().digest_size * 2:
            return []
        query = f'in:ledger type:vestige.acquisition (attributes.sha256:"{digest}" OR attributes.blake3:"{digest}")'
        page = self._rooms.timeline.page(query, Window(descending=False), limit=MOST_ACQUIRED)
        return [
            {"id": one["id"], "name": one["attributes"].get("name", ""), "size": one["attributes"].get("size")}
            for one in page.events
        ]
