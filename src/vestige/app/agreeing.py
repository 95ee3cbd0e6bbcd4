"""Proposals checked when they are made and carried out when another person agrees: the two-person rule, wired."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vestige.custody.rule_store import Rule
from vestige.custody.two_persons import ERASE, LIFT, PURGE, REDACT, RELEASE, RETENTION, RULE, TwoPersons
from vestige.model.errors import InputError, VestigeError
from vestige.model.permission import Permission

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from vestige.app.custody import Custody
    from vestige.app.remarking import Remarking
    from vestige.app.retention import Retention
    from vestige.custody.rule_store import Proposal
    from vestige.db import Database
    from vestige.ledger import Ledger
    from vestige.model.principal import Principal
    from vestige.proof.canonical import Encodable

    Progress = Callable[[int, int], None]


class Agreeing:
    """One tenant's rule and proposals."""

    def __init__(
        self, db: Database, ledger: Ledger, tenant: str, custody: Custody, remarking: Remarking, retention: Retention
    ) -> None:
        self.two_persons = TwoPersons(db, ledger, tenant)
        self._custody = custody
        self._remarking = remarking
        self._retention = retention

    def propose(self, act: str, said: Mapping[str, Any], by: Principal, line: Collection[str]) -> Proposal:
        """Propose an act, which is refused now if it would be refused when it is carried out.

        Raises:
            VestigeError: as the act itself does.
        """
        body = dict(said)
        self._check(act, body)
        return self.two_persons.propose(act, body, by, line)

    def carry_out(self, found: Proposal, by: Principal, progress: Progress) -> dict[str, Any]:
        """Do what was approved, in the name of who approved it; the act says who proposed.

        Raises:
            VestigeError: as the act itself does; that it failed is an entry then.
        """
        agreed: dict[str, Encodable] = {"proposal": found.id, "proposed_by": found.proposed_by}
        body = found.body
        reason, because = str(body.get("reason", "")), str(body.get("because", ""))
        try:
            if found.act == ERASE:
                return self._custody.erase(
                    body["ids"], by, reason=reason, because=because, agreed=agreed, progress=progress
                )
            if found.act == REDACT:
                return self._remarking.redact(
                    body["ids"], body["fields"], by, reason=reason, because=because, agreed=agreed, progress=progress
                )
            if found.act == LIFT:
                return self._remarking.lift(
                    body["redaction"], by, reason=reason, because=because, agreed=agreed, progress=progress
                )
            if found.act == RELEASE:
                return self._custody.release(body["hold"], by, reason, agreed)
            if found.act in {RETENTION, PURGE}:
                run, change = self._retention.run, self._retention.set
                return run(by, progress, agreed) if found.act == PURGE else change(by, **_policy(body), agreed=agreed)
            return self.two_persons.change(_rule(body), by, agreed=agreed)._asdict()
        except Exception as error:
            why = error.message if isinstance(error, VestigeError) else type(error).__name__
            self.two_persons.failed(found.id, by, why)
            raise

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
