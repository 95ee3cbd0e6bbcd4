"""Proposals checked when they are made and carried out when another person agrees: the two-person rule, wired.

One process of all nodes at a time carries out what was approved, under a lease: so what is still approved while nobody
has the lease was left by a process that ended, and is settled at the next start, or when somebody looks.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Final

from vestige.custody.rule_store import OPEN, Rule
from vestige.custody.two_persons import ERASE, LIFT, MAY_LOWER, PURGE, REDACT, RELEASE, RETENTION, RULE, TwoPersons
from vestige.jobs import alone
from vestige.model.errors import BusyError, InputError, VestigeError
from vestige.model.instant import NANOS, now
from vestige.model.permission import Permission

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from sqlalchemy import Connection

    from vestige.app.custody import Custody
    from vestige.app.remarking import Remarking
    from vestige.app.retention import Retention
    from vestige.custody.rule_store import Proposal
    from vestige.db import Database
    from vestige.ledger import Ledger
    from vestige.model.principal import Principal
    from vestige.proof.canonical import Encodable

    Progress = Callable[[int, int], None]

LEASE: Final = "proposals"
PATIENCE: Final = 3600.0
"""Seconds that what was approved waits for what was approved before it: it does not fail for that."""
RETRY_SECONDS: Final = 5.0


class Agreeing:
    """One tenant's rule and proposals."""

    def __init__(
        self, db: Database, ledger: Ledger, tenant: str, custody: Custody, remarking: Remarking, retention: Retention,
        lease: float,
    ) -> None:  # fmt: skip
        self.two_persons = TwoPersons(db, ledger, tenant)
        self._custody = custody
        self._remarking = remarking
        self._retention = retention
        self._db = db
        self._tenant = tenant
        self._lease = lease
        self._stop = threading.Event()
        self._settling: threading.Thread | None = None

    def settle(self) -> bool:
        """Say what became of what was approved by processes that ended since; whether nothing is left to look at.

        Nothing is said of what a living process is about to do: it has the lease, or asks for it within a moment.
        """
        if not self.two_persons.approved():
            return True
        try:
            with alone(self._db, self._tenant, LEASE, self._lease):
                settled, before = True, now() - int(2 * self._lease * NANOS)
                for one in self.two_persons.approved():
                    if one.decided_at > before:
                        settled = False
                    else:
                        self.two_persons.settle(one)
                return settled
        except BusyError:
            return False

    def settle_soon(self) -> None:
        """Settle what is left from before this start, beside everything else, until it is."""
        if self.two_persons.approved():
            self._settling = threading.Thread(target=self._settle, name="proposals", daemon=True)
            self._settling.start()

    def _settle(self) -> None:
        while not self._stop.is_set():
            try:
                if self.settle():
                    return
            except VestigeError:
                pass  # a database that does not answer: tried again, and whoever lists proposals is told of it
            self._stop.wait(min(RETRY_SECONDS, self._lease))

    def close(self) -> None:
        """Stop looking; the next start does."""
        self._stop.set()
        if self._settling is not None:
            self._settling.join()

    def all(self) -> list[dict[str, Any]]:
        """The newest proposals, the newest first, none of them left in the middle by a process that ended."""
        self.settle()
        return self.two_persons.all()

    def propose(self, act: str, said: Mapping[str, Any], by: Principal, line: Collection[str]) -> Proposal:
        """Propose an act, which is refused now if it would be refused when it is carried out.

        Raises:
            VestigeError: as the act itself does.
        """
        body = dict(said)
        self._check(act, body)
        return self.two_persons.propose(act, body, by, line)

    def lowers(self, identity: str) -> bool:
        """Whether an open proposal, carried out now, would have the tenant's mode ask for less than it does.

        Its proposer was asked whether they may by the mode that was in force then.

        Raises:
            NotFoundError: there is none of that id.
        """
        found = self.two_persons.one(identity)
        if found.act != RETENTION or found.state != OPEN or found.body.get(MAY_LOWER, False):
            return False
        try:
            before, after = self._retention.changed(**_policy(found.body))
        except VestigeError:
            return False  # it cannot be carried out, and says why when it is
        return after.asks_for_less(before)

    def carry_out(self, found: Proposal, by: Principal, progress: Progress, *, may_lower: bool) -> dict[str, Any]:
        """Do what was approved, in the name of who approved it; the act says who proposed.

        Args:
            found: what was approved.
            by: who approved it.
            progress: told of what is done.
            may_lower: whether they may have the tenant's mode ask for less.

        Raises:
            VestigeError: as the act itself does; that nothing was done is an entry then.
        """
        agreed: dict[str, Encodable] = {"proposal": found.id, "proposed_by": found.proposed_by}
        try:
            with alone(self._db, self._tenant, LEASE, self._lease, patience=PATIENCE) as turn:
                done = self._do(found, by, agreed, progress, turn.hold, may_lower=may_lower)
        except Exception as error:
            why = error.message if isinstance(error, VestigeError) else type(error).__name__
            # It may have been done all the same, and be gone on with: an erasure whose archives are away for now.
            self.two_persons.settle(found, by, why)
            raise
        self.two_persons.done(found.id)
        return done

    def _do(
        self, found: Proposal, by: Principal, agreed: dict[str, Encodable], progress: Progress,
        fenced: Callable[[Connection], None], *, may_lower: bool,
    ) -> dict[str, Any]:  # fmt: skip
        body = found.body
        reason, because = str(body.get("reason", "")), str(body.get("because", ""))
        if found.act == ERASE:
            done = self._custody.erase(
                body["ids"], by, reason=reason, because=because, agreed=agreed, progress=progress, fenced=fenced
            )
        elif found.act == REDACT:
            done = self._remarking.redact(
                body["ids"], body["fields"], by, reason=reason, because=because, agreed=agreed, progress=progress
            )
        elif found.act == LIFT:
            done = self._remarking.lift(
                body["redaction"], by, reason=reason, because=because, agreed=agreed, progress=progress
            )
        elif found.act == RELEASE:
            done = self._custody.release(body["hold"], by, reason, agreed)
        elif found.act == PURGE:
            done = self._retention.run(by, progress, agreed, fenced)
        elif found.act == RETENTION:
            may_lower = may_lower or bool(body.get(MAY_LOWER, False))
            done = self._retention.set(by, **_policy(body), may_lower=may_lower, agreed=agreed)
        else:
            done = self.two_persons.change(_rule(body), by, agreed=agreed)._asdict()
        return done

    def _check(self, act: str, body: dict[str, Any]) -> None:
        if act == ERASE:
            self._custody.check(body["ids"], body["reason"])
        elif act == REDACT:
            self._remarking.check(body["ids"], body["fields"], body["reason"])
        elif act == LIFT:
            self._remarking.in_force(body["redaction"], body["reason"])
        elif act == RELEASE:
            self._custody.holds.check_reason(body["reason"])
            if not self._custody.holds.one(body["hold"]).in_force:
                raise InputError("the hold was released already", expected="one in force", got=body["hold"][:40])
        elif act == RULE:
            _rule(body)
        elif act == RETENTION:
            self._retention.changed(**_policy(body))


def needs(act: str) -> tuple[Permission, ...]:
    """The permissions an act needs of whoever does it alone, which who proposes it needs too."""
    return {
        ERASE: (Permission.EVIDENCE_ERASE,),
        REDACT: (Permission.EVIDENCE_REDACT,),
        LIFT: (Permission.EVIDENCE_REDACT,),
        RELEASE: (Permission.HOLDS_WRITE, Permission.EVIDENCE_READ),
        RULE: (Permission.TENANT_MANAGE,),
        RETENTION: (Permission.EVIDENCE_ERASE,),
        PURGE: (Permission.EVIDENCE_ERASE,),
    }[act]


def _rule(body: Mapping[str, Any]) -> Rule:
    return Rule(bool(body["two_persons"]), int(body["hours"]), bool(body["sealed"]))


def _policy(body: Mapping[str, Any]) -> dict[str, Any]:
    """What the request of a change of the retention says, as the retention takes it."""
    purge = {"on": True, "off": False}.get(body.get("purge", ""))
    sources = {one["name"]: one.get("days") for one in body.get("sources", [])}
    return {"days": body.get("days"), "mode": body.get("mode"), "purge": purge, "sources": sources}
