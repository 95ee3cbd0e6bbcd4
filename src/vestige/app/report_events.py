"""What a report tells of single events, and of what people said of them: each held against the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson

from vestige.app.cases import held_of
from vestige.cases.check import check
from vestige.cases.fold import sub_of
from vestige.cases.models import BATCH
from vestige.model.errors import IntegrityError, NotFoundError, RedactedError
from vestige.model.instant import to_text
from vestige.reports import Event, Hand, Hypothesis, Named, Note, Task, Weighed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from vestige.cases import Item
    from vestige.cases.check import Held
    from vestige.ledger import Ledger, StoredEntry
    from vestige.reports import Checkpoint
    from vestige.timeline import Timeline

SAYS: Final = 300
"""Characters shown of what a record says."""
MOST_NAMED: Final = 2000
"""Events of hypotheses and notes whose times and words are told; of others the id, and whether it is as it was."""


class Told:
    """Tells of events, under the checkpoints of one report."""

    def __init__(
        self,
        ledger: Ledger,
        tenant: str,
        timeline: Timeline,
        trees: Sequence[Checkpoint],
        refuse_hidden: Callable[[StoredEntry], None],
    ) -> None:
        self._refuse_hidden = refuse_hidden
        self._ledger = ledger
        self._tenant = tenant
        self._timeline = timeline
        self._sizes = {tree.epoch: tree.size for tree in trees}
        self._left = MOST_NAMED

    # -- what is pinned -----------------------------------------------------------------------------------------

    def listed(self, lines: Iterable[dict[str, Any]]) -> list[Event]:
        """The evidence table: events with what the case says of them, and proofs."""
        return [self._listed(line["event"], line["pin"], line["integrity"]) for line in lines]

    def _listed(self, event: dict[str, Any], pin: dict[str, Any], state: str) -> Event:
        return _event(
            event,
            state=state,
            note=Hand(pin["annotation"], pin["updated_by"], pin["updated_at"]),
            marked=pin["pinned"],
            added_by=pin["added_by"],
            added_at=pin["added_at"],
            **self._proof(pin["event_id"]),
        )

    def _proof(self, event: str) -> dict[str, Any]:
        """Where the record of an event lies, its digest, and how its leaf leads to the signed root."""
        try:
            entry = self._ledger.entry(self._tenant, event.partition(".")[0])
        except NotFoundError:
            return {}
        log, seq = self._ledger.log(self._tenant).locate(entry.position)
        size = self._sizes.get(log.epoch, 0)
        path = self._ledger.inclusion(self._tenant, seq, size, log.epoch) if seq < size else []
        return {
            "epoch": log.epoch,
            "seq": seq,
            "leaf_hash": entry.leaf_hash.hex(),
            "record": self._record(entry),
            "path": tuple(node.hex() for node in path),
        }

    def _record(self, entry: StoredEntry) -> str:
        try:
            # Few words are guessed from their digest: of what is hidden it is hidden, too.
            self._refuse_hidden(entry)
            return self._ledger.opening(entry).digest.hex()
        except (NotFoundError, IntegrityError, RedactedError):
            return ""  # erased, or not what was signed, or redacted: the state beside it says which

    # -- what is said -------------------------------------------------------------------------------------------

    def hypotheses(self, items: Sequence[Item]) -> list[Hypothesis]:
        """Hypotheses with their evidence."""
        return [
            Hypothesis(
                item.body["title"],
                _hand(item),
                item.body["verdict"],
                item.body.get("reason", ""),
                [
                    Weighed(event, said["side"], said.get("comment", ""), said["by"])
                    for event, said in zip(self._held(held_of(item)), item.body.get("evidence", ()), strict=True)
                ],
            )
            for item in items
        ]

    def notes(self, items: Sequence[Item]) -> list[Note]:
        """Notes with the events they name."""
        return [Note(item.body.get("title", ""), _hand(item), list(self._held(held_of(item)))) for item in items]

    @staticmethod
    def tasks(items: Sequence[Item]) -> list[Task]:
        """Tasks."""
        return [
            Task(
                item.body["title"], item.body["status"], item.body.get("assignee", ""), item.body.get("due", ""),
                item.changed_by,
            )
            for item in items
        ]  # fmt: skip

    @staticmethod
    def named(items: Sequence[Item]) -> list[Named]:
        """Entities and indicators."""
        return [Named(item.kind, item.body["type"], item.body["value"], _hand(item)) for item in items]

    def _held(self, held: Sequence[Held]) -> Iterator[Event]:
        for at in range(0, len(held), BATCH):
            some = held[at : at + BATCH]
            shown = some[: self._left]
            self._left -= len(shown)
            live = self._timeline.of_entries([one.position for one in shown])
            for verdict in check(self._ledger, self._tenant, some):
                one = verdict.held
                event = live.get((one.position, sub_of(one.event)), {"id": one.event})
                yield _event(event, state=verdict.state, reason=verdict.reason)


def _hand(item: Item) -> Hand:
    return Hand(item.body.get("text", ""), item.changed_by, to_text(item.changed_at))


def _event(event: dict[str, Any], **more: Any) -> Event:  # noqa: ANN401 - fields of the event
    actor = event.get("actor", {})
    return Event(
        id=event["id"],
        at=event.get("occurred_at", ""),
        quality=event.get("time_quality", ""),
        offset=event.get("clock_offset", ""),
        type=event.get("event_type", ""),
        who=str(actor.get("name") or actor.get("id") or ""),
        says=_says(event),
        source=event.get("source", ""),
        **more,
    )


def _says(event: dict[str, Any]) -> str:
    """What the record says: its message, or else the fields it was read into."""
    told = str(event.get("message", "")) or orjson.dumps(event.get("attributes", {})).decode()
    line = "" if told == "{}" else " ".join(told.split())
    return line if len(line) <= SAYS else f"{line[: SAYS - 1]}…"
