"""Two persons: what one proposes another approves, before evidence is erased, hidden, or given up by a hold.

A tenant may ask for it. Then the act itself is refused, a proposal of it is an entry, and so is what became of that.
Who proposed cannot approve: neither under the same name, nor with the same key, nor with a key that came through the
same hands, however many keys were made with keys on the way; nor where one of the two let the other in not long before.
A proposal that waited too long is approved by nobody.

Where the process ends that carries out what was approved, that it was done is known by the entry of the act, which
names its proposal; otherwise it has failed (:meth:`TwoPersons.settle`): nothing is done later, when nobody looks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson

from vestige.custody import rule_store
from vestige.custody.rule_store import OPEN, Proposal, Rule
from vestige.ledger import Kind, act_entry
from vestige.model.errors import (
    BusyError,
    ConflictError,
    ForbiddenError,
    InputError,
    NotFoundError,
    TooLargeError,
    TwoPersonsError,
)
from vestige.model.instant import now
from vestige.model.principal import Principal

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from vestige.db import Database
    from vestige.ledger import Draft, Ledger, Transaction
    from vestige.ledger.models import Appended

    Sponsors = Callable[[Collection[str], int], Collection[str]]

ERASE: Final = "erase"
REDACT: Final = "redact"
LIFT: Final = "lift"
RELEASE: Final = "release"
RULE: Final = "rule"
RETENTION: Final = "retention"
"""A change of the retention by which something goes sooner."""
MAY_LOWER: Final = "may_lower"
"""In the body of a :data:`RETENTION`: who proposed it may have the tenant's mode ask for less."""
PURGE: Final = "purge"
ACTS: Final = (ERASE, REDACT, LIFT, RELEASE, RULE, RETENTION, PURGE)
PROPOSED: Final = "custody.proposed"
APPROVED: Final = "custody.approved"
DECLINED: Final = "custody.declined"
FAILED: Final = "custody.failed"
CHANGED: Final = "custody.rule_changed"
OWN: Final = frozenset({PROPOSED, APPROVED, DECLINED, FAILED})
"""Acts about proposals, which are none that a proposal is of."""
APPROVED_STATE: Final = "approved"
"""Agreed to, and being carried out."""
DONE_STATE: Final = "done"
ENDED: Final = "the server ended before it was carried out; nothing was done"
MOST_OPEN: Final = 1000
MOST_HOURS: Final = 24 * 90
MOST_BYTES: Final = 512 << 10
"""Bytes of a proposal: ten thousand ids fit."""
SELF: Final = Principal("vestige")
_HOUR: Final = 3_600_000_000_000


class TwoPersons:
    """The rule of one tenant, and what waits under it."""

    def __init__(self, db: Database, ledger: Ledger, tenant: str, clock: Callable[[], int] = now) -> None:
        self._db = db
        self._ledger = ledger
        self._tenant = tenant
        self._clock = clock

    def rule(self) -> Rule:
        """What the tenant asks for."""
        with self._db.read(self._tenant) as connection:
            return rule_store.rule(connection, self._tenant)

    def require_one(self, act: str) -> None:
        """Refuse an act of one person where two are asked for.

        Raises:
            TwoPersonsError: they are.
        """
        if self.rule().two_persons:
            raise TwoPersonsError(
                "two persons have to agree to this; nothing was done",
                expected="a proposal, which another person approves",
                got=f"{act} by one",
                hint="`--propose` proposes it; another says `vestige proposal approve ID`",
            )

    def change(self, said: Rule, by: Principal, *, agreed: Mapping[str, Any] | None = None) -> Rule:
        """Replace the rule.

        Args:
            said: what is asked for from now on.
            by: who says so.
            agreed: what the act says of the proposal it carries out, if it does.

        Raises:
            InputError: a proposal would wait for no time, or too long.
            TwoPersonsError: two are asked for now, and this is one.
        """
        if not 1 <= said.hours <= MOST_HOURS:
            raise InputError(
                "that is no time to wait for a second person", expected=f"1 to {MOST_HOURS} hours", got=str(said.hours),
                field="hours",
            )  # fmt: skip
        if agreed is None:
            self.require_one("a change of the rule")

        def act(tx: Transaction) -> list[Draft]:
            before = rule_store.rule(tx.connection, self._tenant)
            if agreed is None and before.two_persons:
                raise TwoPersonsError("two persons have been asked for meanwhile", hint="propose it")
            rule_store.put_rule(tx.connection, self._tenant, said)
            detail = {"after": _said(said), "before": _said(before), **(agreed or {})}
            return [act_entry(CHANGED, by, detail, "custody:rule")]

        self._ledger.transact(self._tenant, act)
        return said

    def propose(self, act: str, body: Mapping[str, Any], by: Principal, line: Collection[str]) -> Proposal:
        """Propose an act. What it is about has been checked by who carries it out.

        Args:
            act: one of :data:`ACTS`.
            body: what it is about, as its own request says it.
            by: who proposes.
            line: whose hands the key came through that they have (:meth:`vestige.access.Keys.line`); none without one.

        Raises:
            InputError: there is no such act.
            TooLargeError: it names too much.
            BusyError: too many proposals wait.
        """
        if act not in ACTS:
            raise InputError("nothing of that name is proposed", expected=", ".join(ACTS), got=act[:40], field="act")
        size = len(orjson.dumps(body))
        if size > MOST_BYTES:
            raise TooLargeError("the proposal is too large", expected=f"at most {MOST_BYTES} bytes", got=str(size))
        hours = self.rule().hours
        made: list[Proposal] = []

        def work(tx: Transaction) -> list[Draft]:
            if rule_store.waiting(tx.connection, self._tenant, tx.at) >= MOST_OPEN:
                raise BusyError(f"{MOST_OPEN} proposals wait", hint="approve or decline some")

            def keep(items: Sequence[Appended]) -> None:
                made[:] = [
                    Proposal(
                        items[0].ids[0],
                        act,
                        dict(body),
                        by.name,
                        by.key,
                        tuple(sorted(line)),
                        tx.at,
                        tx.at + hours * _HOUR,
                        OPEN,
                    )
                ]
                rule_store.add(tx.connection, self._tenant, made[0])

            tx.after(keep)
            return [act_entry(PROPOSED, by, {"act": act, "hours": hours, "said": dict(body)}, f"proposal:{act}")]

        self._ledger.transact(self._tenant, work)
        return made[0]

    def all(self) -> list[dict[str, Any]]:
        """The newest proposals, the newest first."""
        with self._db.read(self._tenant) as connection:
            return [one.to_json(self._clock()) for one in rule_store.every(connection, self._tenant)]

    def one(self, identity: str) -> Proposal:
        """A proposal by its id.

        Raises:
            NotFoundError: there is none.
        """
        with self._db.read(self._tenant) as connection:
            found = rule_store.one(connection, self._tenant, identity)
        if found is None:
            raise NotFoundError(
                "there is no such proposal", expected="an id that `vestige proposal list` shows", got=identity[:40]
            )
        return found

    def approve(
        self, identity: str, by: Principal, line: Collection[str], sponsors: Sponsors = lambda _names, _since: ()
    ) -> Proposal:
        """Agree to a proposal; who calls this carries it out.

        Args:
            identity: which.
            by: who agrees.
            line: whose hands the key came through that they have (:meth:`vestige.access.Keys.line`); none without one.
            sponsors: who let somebody in since a time, given what they go by (:meth:`vestige.access.People.sponsors`).

        Raises:
            NotFoundError: there is no such proposal.
            ForbiddenError: it is their own, or one of the two let the other in not long before.
            ConflictError: it was decided, or has waited too long.
        """
        found = self.one(identity)
        shared = {by.name, by.key, *line} & {found.proposed_by, found.proposed_key, *found.proposed_line} - {""}
        if shared:
            raise ForbiddenError(
                "a second person has to agree",
                expected="somebody else than who proposed it, and no key that came through the same hands",
                got=f"{by.name}, proposed by {found.proposed_by}; both are, or come of, {min(shared)}",
                hint="ask another who has the permission custody.approve",
            )
        # Whoever may invite can invite a second self; so those two do not agree as long as a proposal would wait.
        hours = self.rule().hours
        since = found.proposed_at - hours * _HOUR
        theirs, ours = {found.proposed_by, found.proposed_key, *found.proposed_line}, {by.name, by.key, *line}
        let_in = (theirs - {""} & set(sponsors(ours - {""}, since))) | (
            ours - {""} & set(sponsors(theirs - {""}, since))
        )
        if let_in:
            raise ForbiddenError(
                "a second person has to agree",
                expected=f"two of whom neither let the other in within the {hours} hours before it was proposed",
                got=f"{by.name}, proposed by {found.proposed_by}; {min(let_in)} sent an invitation or a reset",
                hint="ask another who has the permission custody.approve, or propose it again when that time is over",
            )
        return self._decide(found, APPROVED_STATE, by, APPROVED)

    def decline(self, identity: str, by: Principal) -> Proposal:
        """Refuse a proposal, or take one's own back. Raises as :meth:`approve` does, but for whose it is."""
        return self._decide(self.one(identity), "declined", by, DECLINED)

    def done(self, identity: str) -> None:
        """Note that what was approved was carried out, which the act's own entry says."""
        with self._db.write(self._tenant) as connection:
            rule_store.close(connection, self._tenant, identity, DONE_STATE)

    def approved(self) -> list[Proposal]:
        """What was approved and neither done nor failed yet, the oldest first."""
        with self._db.read(self._tenant) as connection:
            return rule_store.in_state(connection, self._tenant, APPROVED_STATE)

    def settle(self, found: Proposal, by: Principal = SELF, why: str = ENDED) -> None:
        """Say what became of a proposal that was approved and that nobody carries out any more.

        Where an entry of an act names the proposal, it is done. Otherwise it has failed, which is an entry.
        """
        if self._act_of(found):
            self.done(found.id)
        else:
            self.failed(found.id, by, why)

    def _act_of(self, found: Proposal) -> bool:
        """Whether an entry says that a proposal was carried out: each act names the one it carries out."""
        start = self._ledger.entry(self._tenant, found.id).position
        for entry in self._ledger.entries_of(self._tenant, [Kind.AUDIT], start):
            if entry.salt is None:
                continue
            said = orjson.loads(self._ledger.opened(entry))
            if said.get("act") not in OWN and said.get("detail", {}).get("proposal") == found.id:
                return True
        return False

    def failed(self, identity: str, by: Principal, why: str) -> None:
        """Say that what was approved could not be carried out."""

        def work(tx: Transaction) -> list[Draft]:
            rule_store.close(tx.connection, self._tenant, identity, "failed")
            return [act_entry(FAILED, by, {"reason": why[:300]}, f"proposal:{identity}")]

        self._ledger.transact(self._tenant, work)

    def _decide(self, found: Proposal, state: str, by: Principal, act: str) -> Proposal:
        at = self._clock()

        def work(tx: Transaction) -> list[Draft]:
            if not rule_store.decide(tx.connection, self._tenant, found.id, state, by.name, at):
                shown = found.to_json(at)["state"]
                raise ConflictError(
                    "the proposal no longer waits", expected="an open one",
                    got="decided meanwhile" if shown == OPEN else shown, hint="propose it again",
                )  # fmt: skip
            return [act_entry(act, by, {"act": found.act, "proposed_by": found.proposed_by}, f"proposal:{found.id}")]

        self._ledger.transact(self._tenant, work)
        return found._replace(state=state, decided_by=by.name, decided_at=at)


def _said(rule: Rule) -> dict[str, Any]:
    return {"hours": rule.hours, "sealed": int(rule.sealed), "two_persons": int(rule.two_persons)}
