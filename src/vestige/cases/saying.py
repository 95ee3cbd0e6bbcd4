"""What people say in a case: items added, changed, taken away, and evidence for and against hypotheses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vestige.cases import fold, store
from vestige.cases.items import MOST_EVIDENCE, MOST_ITEMS, PAGE_LENGTH, SIDES, body_of
from vestige.cases.models import TEXT_LENGTH, Found, Item, one_of, text_of
from vestige.cases.service import Step, is_name, pins_of, refuse_stale
from vestige.model.errors import NotFoundError, UsageError
from vestige.model.ids import new_ulid
from vestige.model.instant import now

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import Connection

    from vestige.cases.service import Cases
    from vestige.db import Database
    from vestige.ledger import Ledger
    from vestige.model.principal import Principal
    from vestige.proof.canonical import Encodable

_AT_ONCE: Final = 1000
"""Items of a page, if they are short."""


class Saying:
    """The items of the cases of one tenant. A case is given by its id. Safe to share between threads."""

    def __init__(self, db: Database, ledger: Ledger, cases: Cases) -> None:
        self._db = db
        self._ledger = ledger
        self._cases = cases
        self._tenant = cases.tenant

    def all(self, case: str, kind: str = "") -> list[Item]:
        """The items of a case, the oldest first; of one kind, if it is given."""
        with self._db.read(self._tenant) as connection:
            return store.items(connection, self._tenant, case, kind)

    def each(self, case: str, kind: str = "") -> Iterator[Item]:
        """The items of a case, the oldest first, read page by page: of any number in bounded memory."""
        after, more = "", True
        while more:
            found, more = self.page(case, kind, _AT_ONCE, after)
            yield from found
            after = found[-1].id if found else after

    def page(self, case: str, kind: str, limit: int, after: str = "") -> tuple[list[Item], bool]:
        """Items behind one of an id, the oldest first, and whether more follow.

        Fewer than ``limit`` if they are long: those behind the one that reaches :data:`PAGE_LENGTH` are left out.
        """
        with self._db.read(self._tenant) as connection:
            sizes = store.item_lengths(connection, self._tenant, case, kind, after, limit + 1)
            number = length = 0
            while number < min(limit, len(sizes)) and length < PAGE_LENGTH:
                length += sizes[number][1]
                number += 1
            if not number:
                return [], False
            last = sizes[number - 1][0]
            found = store.items(connection, self._tenant, case, kind, after=after, until=last)
            return found, len(sizes) > number

    def one(self, case: str, item: str) -> Item:
        """An item.

        Raises:
            NotFoundError: there is none of that id in the case.
        """
        with self._db.read(self._tenant) as connection:
            return self._find(connection, case, item)

    def add(self, case: str, by: Principal, kind: str, given: Mapping[str, str], shown: Sequence[Found] = ()) -> Item:
        """Say something.

        Args:
            case: where.
            by: who says it.
            kind: ``note``, ``task``, ``hypothesis``, ``entity`` or ``indicator``.
            given: its fields.
            shown: the events a note embeds.

        Raises:
            UsageError: a field is not one of its own, or out of its bounds; or there are too many items.
            ConflictError: the case is shut.
        """
        body, identity = body_of(kind, given), new_ulid(now() // 1_000_000)
        events = self._proven(shown)

        def steps(connection: Connection) -> list[Step]:
            self._cases.open_case(connection, case)
            if sum(store.kinds(connection, self._tenant, case).values()) >= MOST_ITEMS:
                raise UsageError("the case has too many items", expected=f"at most {MOST_ITEMS}")
            detail: dict[str, Encodable] = {"case": case, "item": identity, "kind": kind, "body": body}
            return [Step(fold.ITEM_ADDED, detail | ({"events": events} if events else {}))]

        self._cases.record(by, case, steps)
        return self.one(case, identity)

    def change(
        self,
        case: str,
        by: Principal,
        item: str,
        given: Mapping[str, str],
        revision: int | None = None,
        shown: Sequence[Found] | None = None,
    ) -> Item:
        """Say it otherwise; what is not given stays.

        Args:
            case: where.
            by: who.
            item: which.
            given: the fields that change.
            revision: the revision the change rests on; ``None``: any.
            shown: the events the note embeds, if its text changes.

        Raises:
            NotFoundError: there is none.
            StaleError: it is not of that revision any more.
            UsageError: as :meth:`add`.
        """
        if not given:
            raise UsageError("nothing is to be changed", expected="a field of the item", got="none")
        events = None if shown is None else self._proven(shown)

        def steps(connection: Connection) -> list[Step]:
            self._cases.open_case(connection, case)
            before = self._find(connection, case, item)
            refuse_stale(before.revision, revision, f"the {before.kind}")
            after = body_of(before.kind, given, before.body)
            known = {name: value for name, value in before.body.items() if name not in {"events", "evidence"}}
            if after == known:
                return []
            kept: list[list[str | int]] = [
                [one["event_id"], one["position"], one["leaf_hash"]] for one in before.body.get("events", ())
            ]
            embedded = kept if events is None else events
            detail: dict[str, Encodable] = {"case": case, "item": item, "kind": before.kind, "body": after}
            return [Step(fold.ITEM_CHANGED, detail | ({"events": embedded} if embedded else {}))]

        self._cases.record(by, case, steps)
        return self.one(case, item)

    def remove(self, case: str, by: Principal, item: str) -> None:
        """Take an item away; what it said stays in the ledger.

        Raises:
            NotFoundError: there is none.
        """

        def steps(connection: Connection) -> list[Step]:
            self._cases.open_case(connection, case)
            kind = self._find(connection, case, item).kind
            return [Step(fold.ITEM_REMOVED, {"case": case, "item": item, "kind": kind})]

        self._cases.record(by, case, steps)

    def weigh(self, case: str, by: Principal, item: str, found: Found, side: str, comment: str = "") -> Item:
        """Put an event for or against a hypothesis; an event that is there already changes its side.

        Raises:
            NotFoundError: there is no such item.
            UsageError: it is no hypothesis, the side is none, or there is too much evidence.
        """
        one_of(side, "side", SIDES)
        text_of(comment, "comment", TEXT_LENGTH)
        (event,) = self._proven([found])

        def steps(connection: Connection) -> list[Step]:
            self._cases.open_case(connection, case)
            before = self._hypothesis(connection, case, item)
            others = [one for one in before.body.get("evidence", ()) if one["event_id"] != found.event]
            if len(others) >= MOST_EVIDENCE:
                raise UsageError("the hypothesis has too much evidence", expected=f"at most {MOST_EVIDENCE} events")
            detail: dict[str, Encodable] = {"case": case, "item": item, "event": event, "side": side}
            return [Step(fold.EVIDENCE_ADDED, detail | ({"comment": comment} if comment else {}))]

        self._cases.record(by, case, steps)
        return self.one(case, item)

    def discard(self, case: str, by: Principal, item: str, event: str) -> Item:
        """Take an event away from a hypothesis.

        Raises:
            NotFoundError: there is no such item, or the event is none of its evidence.
        """

        def steps(connection: Connection) -> list[Step]:
            self._cases.open_case(connection, case)
            before = self._hypothesis(connection, case, item)
            if event not in [one["event_id"] for one in before.body.get("evidence", ())]:
                raise NotFoundError("this event is no evidence of the hypothesis", got=event[:40])
            return [Step(fold.EVIDENCE_REMOVED, {"case": case, "item": item, "event": event})]

        self._cases.record(by, case, steps)
        return self.one(case, item)

    def _proven(self, found: Sequence[Found]) -> list[list[str | int]]:
        return pins_of(found, self._ledger.leaf_hashes(self._tenant, [one.position for one in found]))

    def _hypothesis(self, connection: Connection, case: str, item: str) -> Item:
        found = self._find(connection, case, item)
        if found.kind != "hypothesis":
            raise UsageError("only a hypothesis has evidence", expected="a hypothesis", got=f"a {found.kind}")
        return found

    def _find(self, connection: Connection, case: str, item: str) -> Item:
        found = store.item(connection, self._tenant, case, item.upper()) if is_name(item) else None
        if found is None:
            raise NotFoundError(
                "there is no such item in the case", got=item[:40], hint="`vestige case items` shows them"
            )
        return found
