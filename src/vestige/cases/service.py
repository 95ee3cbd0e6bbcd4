"""Cases of a tenant: made, changed, pinned to, spoken in. Each act is one transaction with its entries and its rows.

Who did it and when come from the caller's principal and from the ledger's clock. Where a caller says on which revision
its change rests, a change that somebody else made meanwhile is not overwritten but told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from vestige.cases import fold, store
from vestige.cases.fold import Act
from vestige.cases.models import (
    BATCH,
    MOST_CASES,
    MOST_PINS,
    NAME_LENGTH,
    SHUT,
    TEXT_LENGTH,
    Case,
    Found,
    Pin,
    names_of,
    status_of,
    text_of,
)
from vestige.ledger import act_entry
from vestige.model.errors import ConflictError, NotFoundError, StaleError, UsageError
from vestige.model.ids import is_ulid, new_ulid
from vestige.model.instant import NANOS, now, to_text

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from sqlalchemy import Connection

    from vestige.db import Database
    from vestige.ledger import Draft, Ledger, Transaction
    from vestige.model.principal import Principal
    from vestige.proof.canonical import Encodable

TEXTS: Final = {"name": NAME_LENGTH, "description": TEXT_LENGTH, "owner": NAME_LENGTH}


class Step(NamedTuple):
    """An act that is to be recorded."""

    name: str
    detail: dict[str, Encodable]


class Cases:
    """The cases of one tenant. Safe to share between threads."""

    def __init__(self, db: Database, ledger: Ledger, tenant: str) -> None:
        self._db = db
        self._ledger = ledger
        self.tenant = tenant

    # -- reading ------------------------------------------------------------------------------------------------

    def one(self, wanted: str) -> Case:
        """A case by id, or by name where no other has it.

        Raises:
            NotFoundError: there is none.
            ConflictError: several have the name.
        """
        with self._db.read(self.tenant) as connection:
            return self._find(connection, wanted)

    def listed(
        self,
        limit: int,
        *,
        status: str = "",
        owner: str = "",
        contains: str = "",
        after: tuple[int, str] | None = None,
    ) -> list[Case]:
        """Cases, those changed last first, behind the time and id of one; ``contains``: letters of their names.

        Raises:
            UsageError: the status is none, or the owner is nobody's name.
        """
        wanted = status_of(status) if status else ""
        text_of(owner, "owner", NAME_LENGTH)
        text_of(contains, "contains", NAME_LENGTH)
        with self._db.read(self.tenant) as connection:
            return store.cases(
                connection, self.tenant, limit, status=wanted, owner=owner, contains=contains, after=after
            )

    def pins(self, case: str, limit: int, after: tuple[int, int] = (-1, 0)) -> list[Pin]:
        """Pins of a case in the order of the ledger, behind a place."""
        with self._db.read(self.tenant) as connection:
            return store.pins(connection, self.tenant, case, limit, after)

    def every_pin(self, case: str) -> Iterator[list[Pin]]:
        """All pins of a case in the order of the ledger, in portions of one snapshot each."""
        after = (-1, 0)
        while portion := self.pins(case, BATCH, after):
            yield portion
            after = (portion[-1].position, portion[-1].sub)

    def pins_at(self, case: str, positions: Collection[int]) -> dict[tuple[int, int], Pin]:
        """The pins of some entries, by place."""
        with self._db.read(self.tenant) as connection:
            found = store.pins_of(connection, self.tenant, case, positions)
            return {(pin.position, pin.sub): pin for pin in found}

    def naming(self, position: int, sub: int, limit: int) -> list[tuple[str, str, str]]:
        """The cases an event is pinned in, those changed last first: id, name, and what the pin says."""
        with self._db.read(self.tenant) as connection:
            return store.naming(connection, self.tenant, position, sub, limit)

    def pin_at(self, case: str, position: int, sub: int) -> Pin:
        """One pin.

        Raises:
            NotFoundError: it is not pinned.
        """
        with self._db.read(self.tenant) as connection:
            return self._pin(connection, case, position, sub)

    def places(self, wanted: str) -> tuple[Case, list[int], list[int]]:
        """A case, and of all its pins the positions and which events of their entries they are.

        Raises:
            NotFoundError: there is no such case.
            ConflictError: several have the name.
        """
        positions: list[int] = []
        subs: list[int] = []
        with self._db.read(self.tenant) as connection:
            case = self._find(connection, wanted)
            for portion in store.places(connection, self.tenant, case.id):
                positions += [position for position, _ in portion]
                subs += [sub for _, sub in portion]
        return case, positions, subs

    def acts(self, case: str, limit: int, below: int | None = None) -> list[int]:
        """The positions of a case's entries, the newest first."""
        with self._db.read(self.tenant) as connection:
            return store.acts(connection, self.tenant, case, limit, below)

    def kinds(self, case: str) -> dict[str, int]:
        """How many items of each kind a case has."""
        with self._db.read(self.tenant) as connection:
            return store.kinds(connection, self.tenant, case)

    # -- acts ---------------------------------------------------------------------------------------------------

    def create(self, by: Principal, given: dict[str, Any]) -> Case:
        """Make a case.

        Args:
            by: who makes it; also its owner, where none is given.
            given: ``name``, and any of ``description``, ``status``, ``owner``, ``members``, ``tags``, ``claimed``.

        Raises:
            UsageError: a field is out of its bounds, or there are too many cases.
        """
        fields = _fields({"owner": by.name, "status": "open", "description": "", "members": [], "tags": []} | given)
        claimed = text_of(str(given.get("claimed", "")), "created_by", NAME_LENGTH)
        identity = new_ulid(now() // 1_000_000)

        def steps(connection: Connection) -> list[Step]:
            if store.count(connection, self.tenant) >= MOST_CASES:
                raise UsageError("there are too many cases", expected=f"at most {MOST_CASES}")
            said = {"claimed": claimed} if claimed else {}
            return [Step(fold.CREATED, {"case": identity, **fields, **said})]

        self.record(by, identity, steps)
        return self.one(identity)

    def change(self, case: str, by: Principal, given: dict[str, Any], revision: int | None = None) -> Case:
        """Set fields of a case. What is set to what it is already is no change, and no entry.

        Raises:
            UsageError: nothing is given, or a field is out of its bounds.
            StaleError: the case is not of that revision any more.
            ConflictError: the case is shut, and something else than its status is to be set.
        """
        fields = _fields(given)
        if not fields:
            raise UsageError("nothing is to be changed", expected="name, description, status, owner, members or tags")

        def steps(connection: Connection) -> list[Step]:
            found = self._find(connection, case)
            refuse_stale(found.revision, revision, "the case")
            before = {name: _plain(getattr(found, name)) for name in fields}
            after = {name: value for name, value in fields.items() if value != before[name]}
            if not after:
                return []
            if after.keys() != {"status"}:
                self.open_case(connection, case)
            return [
                Step(fold.CHANGED, {"case": case, "before": {name: before[name] for name in after}, "after": after})
            ]

        self.record(by, case, steps)
        return self.one(case)

    def pin(
        self, case: str, by: Principal, found: Sequence[Found], *, annotation: str = "", marked: bool = False,
        selection: str = "",
    ) -> int:  # fmt: skip
        """Pin events; those that are pinned already stay as they are. One entry for every :data:`BATCH` of them.

        Returns:
            How many were pinned.

        Raises:
            UsageError: the annotation is too long, or the case would have too many pins.
            ConflictError: the case is shut.
        """
        text_of(annotation, "annotation", TEXT_LENGTH)
        wanted = {(one.position, one.sub): one for one in found}
        hashes = self._ledger.leaf_hashes(self.tenant, [one.position for one in found])
        pinned = 0

        def steps(connection: Connection) -> list[Step]:
            nonlocal pinned
            held = self.open_case(connection, case)
            there = store.known(connection, self.tenant, case, [position for position, _ in wanted])
            new = [one for place, one in sorted(wanted.items()) if place not in there]
            pinned = len(new)
            if held.pins + pinned > MOST_PINS:
                raise UsageError(
                    "the case would have too many pins",
                    expected=f"at most {MOST_PINS}",
                    got=f"{held.pins + pinned}",
                    hint="narrow the query, or make another case",
                )
            said: dict[str, Encodable] = {"annotation": annotation} if annotation else {}
            said |= {"marked": True} if marked else {}
            said |= {"selection": selection} if selection else {}
            return [
                Step(fold.PINNED, {"case": case, "pins": pins_of(new[at : at + BATCH], hashes), **said})
                for at in range(0, pinned, BATCH)
            ]

        self.record(by, case, steps)
        return pinned

    def select(
        self, case: str, by: Principal, portions: Iterable[Sequence[Found]], said: dict[str, str], annotation: str
    ) -> dict[str, Any]:
        """Pin all of a selection, portion by portion, and say at its end what it was and that it is whole.

        Args:
            case: the case's id.
            by: who does it.
            portions: the events.
            said: what was asked for: the query and its bounds.
            annotation: of every pin.

        Raises:
            ConflictError: the case is shut.
        """

        def steps(connection: Connection) -> list[Step]:
            self.open_case(connection, case)
            return [Step(fold.SELECTED, {"case": case, **said, **told})]

        selection = new_ulid(now() // 1_000_000)
        pinned = seen = 0
        for portion in portions:
            seen += len(portion)
            pinned += self.pin(case, by, portion, annotation=annotation, selection=selection)
        told: dict[str, Any] = {"selection": selection, "matched": seen, "pinned": pinned, "already": seen - pinned}
        self.record(by, case, steps)
        return told

    def change_pin(self, case: str, by: Principal, place: tuple[int, int], given: dict[str, Any]) -> Pin:
        """Say something else of a pin, or mark it.

        Raises:
            NotFoundError: it is not pinned.
            UsageError: nothing is given, or the annotation is too long.
        """
        after: dict[str, Encodable] = {}
        if "annotation" in given:
            after["annotation"] = text_of(given["annotation"], "annotation", TEXT_LENGTH)
        if "pinned" in given:
            after["pinned"] = bool(given["pinned"])
        if not after:
            raise UsageError("nothing is to be changed", expected="annotation or pinned", got="neither")

        def steps(connection: Connection) -> list[Step]:
            self.open_case(connection, case)
            held = self._pin(connection, case, *place)
            changed = {name: value for name, value in after.items() if value != getattr(held, name)}
            before: dict[str, Encodable] = {name: getattr(held, name) for name in changed}
            detail: dict[str, Encodable] = {
                "case": case,
                "event": held.event,
                "position": held.position,
                "before": before,
                "after": changed,
            }
            return [Step(fold.PIN_CHANGED, detail)] if changed else []

        self.record(by, case, steps)
        return self.pin_at(case, *place)

    def unpin(self, case: str, by: Principal, place: tuple[int, int]) -> None:
        """Take an event out of a case; that it was in it stays in the ledger.

        Raises:
            NotFoundError: it is not pinned.
        """

        def steps(connection: Connection) -> list[Step]:
            self.open_case(connection, case)
            held = self._pin(connection, case, *place)
            return [Step(fold.UNPINNED, {"case": case, "pins": [[held.event, held.position]]})]

        self.record(by, case, steps)

    def unselect(self, case: str, by: Principal, selection: str) -> int:
        """Take out again what one act of pinning put in, and is in still since; what it says of it stays in the ledger.

        Args:
            case: the case's id.
            by: who does it.
            selection: the id that pinning answered.

        Returns:
            How many were taken out.

        Raises:
            NotFoundError: nothing was pinned under that id.
            ConflictError: the case is shut.
        """
        entries = self._pinned_by(case, selection)
        if not entries:
            raise NotFoundError(
                "nothing was pinned so", expected="the `selection` that pinning answered", got=selection[:40]
            )
        gone = 0

        def steps(connection: Connection) -> list[Step]:
            nonlocal gone
            self.open_case(connection, case)
            # Looked at again under the lock: somebody may have taken one out, and pinned it anew, since.
            there = store.pins_of(connection, self.tenant, case, [pin.position for pin in mine])
            pins: list[Encodable] = [[pin.event, pin.position] for pin in there if pin.entry in entries]
            gone += len(pins)
            return [Step(fold.UNPINNED, {"case": case, "pins": pins})] if pins else []

        for portion in self.every_pin(case):
            mine = [pin for pin in portion if pin.entry in entries]
            if mine:
                self.record(by, case, steps)
        return gone

    def _pinned_by(self, case: str, selection: str) -> set[int]:
        """The positions of the entries by which a selection was pinned."""
        if not is_ulid(selection):
            return set()
        # Its id was made just before them; a minute, since the ledger's clock is not the one that made the id.
        oldest = fold.began(selection) - 60 * NANOS
        found: set[int] = set()
        below: int | None = None
        while positions := self.acts(case, BATCH, below):
            below = positions[-1]
            for position in positions:
                (entry,) = self._ledger.read(self.tenant, position, position + 1)
                act = None if entry.salt is None else fold.act_of(entry, self._ledger.opened(entry))
                if act is None:
                    continue
                if act.at < oldest:
                    return found
                if act.name == fold.PINNED and act.detail.get("selection") == selection:
                    found.add(position)
        return found

    def exported(self, case: str, by: Principal, shape: str) -> None:
        """Note that a copy of a case was taken."""
        self.record(by, case, lambda _: [Step(fold.EXPORTED, {"case": case, "format": shape})])

    def reported(self, case: str, by: Principal, said: dict[str, Encodable]) -> None:
        """Note that a report of a case was made: ``said`` has its format, its digest, and how much it shows."""
        self.record(by, case, lambda _: [Step(fold.REPORTED, {"case": case, **said})])

    def rebuild(self) -> int:
        """Make the tables again from the ledger alone; how many acts there were."""
        number = 0

        def act(transaction: Transaction) -> list[Draft]:
            nonlocal number
            number = fold.rebuild(transaction, self.tenant, self._ledger)
            return []

        # Under the head's lock, so that no act comes between what is read and what is written.
        self._ledger.transact(self.tenant, act)
        return number

    # -- for this room ------------------------------------------------------------------------------------------

    def record(self, by: Principal, case: str, steps: Callable[[Connection], list[Step]]) -> None:
        """Append the entries of what ``steps`` finds to be done, and take them into the tables: one transaction."""

        def act(transaction: Transaction) -> list[Draft]:
            todo = steps(transaction.connection)

            def take(appended: Sequence[Any]) -> None:
                for step, item in zip(todo, appended, strict=True):
                    made = Act(step.name, by.name, item.at, item.positions[0], dict(step.detail))
                    fold.apply(transaction.connection, self.tenant, made)

            transaction.after(take)
            return [act_entry(step.name, by, step.detail, f"case:{case}") for step in todo]

        self._ledger.transact(self.tenant, act)

    def open_case(self, connection: Connection, case: str) -> Case:
        """A case in which something may be done.

        Raises:
            NotFoundError: there is none.
            ConflictError: it is shut.
        """
        found = self._find(connection, case)
        if found.status in SHUT:
            raise ConflictError(
                f"the case is {found.status}",
                expected="an open case",
                got=found.status,
                hint=f"open it again first: `vestige case set {found.id} --status open`",
            )
        return found

    def _find(self, connection: Connection, wanted: str) -> Case:
        found = store.case(connection, self.tenant, wanted) if is_name(wanted) else []
        if not found:
            raise NotFoundError("there is no such case", got=wanted[:80], hint="`vestige case list` shows them all")
        if len(found) > 1:
            raise ConflictError(
                f"several cases are named {wanted[:80]!r}",
                expected="the id of one of them",
                got=" and ".join(
                    f"{one.id} ({one.status}, made {to_text(one.created_at)} by {one.created_by or 'somebody'})"
                    for one in found
                ),
                hint="`vestige case list` shows all of them",
            )
        return found[0]

    def _pin(self, connection: Connection, case: str, position: int, sub: int) -> Pin:
        held = store.pin(connection, self.tenant, case, position, sub)
        if held is None:
            raise NotFoundError(
                "this event is not pinned in the case", hint="`vestige case events` shows those that are"
            )
        return held


def pins_of(found: Sequence[Found], hashes: dict[int, bytes]) -> list[list[str | int]]:
    """Events as an entry names them: id, position, leaf hash.

    Raises:
        NotFoundError: the ledger has no entry at the place of one.
    """
    for one in found:
        if one.position not in hashes:
            raise NotFoundError("the ledger has no such entry", got=one.event)
    return [[one.event, one.position, hashes[one.position].hex()] for one in found]


def refuse_stale(is_now: int, expected: int | None, what: str) -> None:
    """Refuse a change that rests on an earlier state.

    Raises:
        StaleError: it does.
    """
    if expected is not None and expected != is_now:
        raise StaleError(
            f"{what} was changed meanwhile",
            expected=f"revision {expected}",
            got=f"revision {is_now}",
            hint="read it again, and decide anew",
        )


def is_name(text: str) -> bool:
    """Whether a text could be an id or a name of anything: a database is not asked for what none could hold."""
    return len(text) <= NAME_LENGTH and "\x00" not in text and text.encode("utf-8", "replace").decode() == text


def _fields(given: dict[str, Any]) -> dict[str, Encodable]:
    fields: dict[str, Encodable] = {
        name: text_of(given[name], name, most, least=int(name == "name"))
        for name, most in TEXTS.items()
        if name in given
    }
    if "/" in given.get("name", "") or given.get("name") in {".", ".."}:
        raise UsageError(
            "a case's name cannot stand in a path",
            expected='a name without "/", and neither "." nor ".."',
            got=given["name"][:80],
            hint="write it with another sign, such as a hyphen",
            field="name",
        )
    if "status" in given:
        fields["status"] = status_of(given["status"])
    for name in ("members", "tags"):
        if name in given:
            fields[name] = list(names_of(given[name], name))
    return fields


def _plain(value: str | tuple[str, ...]) -> Encodable:
    return list(value) if isinstance(value, tuple) else value
