"""What policies say of a push, and the record of it.

A decision's entry holds the facts, the policies and the waivers it was made from, when it was made and by which
program, so that it can be made again from its record: :meth:`Decisions.replay` does that and compares bytes. What could
not be decided is an entry too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson
from pydantic import ValidationError

from vestige.app.attesting import ATTESTED, enclosed, judged, statement_of, summed
from vestige.app.policy_book import APPLIED, DECIDED, UNDECIDED, may_cover, policy_digest
from vestige.app.push_facts import Asked, PushFacts
from vestige.ledger import act_entry
from vestige.model.errors import BusyError, IntegrityError, NotFoundError, VestigeError
from vestige.model.instant import now
from vestige.policy import Facts, Waiver, decide, engine, held
from vestige.policy.facts import Update
from vestige.proof.canonical import canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vestige.app.policy_book import Held, PolicyBook
    from vestige.ingest.intake import Stores
    from vestige.ledger import StoredEntry
    from vestige.model.principal import Principal

_WAITS: Final = 10
"""How often a decision waits for the index, two seconds at most each time."""
MOST_LISTED: Final = 200


class _Judged(NamedTuple):
    """What was in force, when, and what it said."""

    chosen: list[Held]
    waivers: list[Waiver]
    at: int
    outcome: dict[str, Any]


class Decisions:
    """What the policies of one tenant say of its commits. Safe to share between threads.

    Args:
        book: what the ledger says of policies.
        stores: of the tenant.
        facts: what is known of a push.
        settle: waits for the index; how many entries it lags.
    """

    def __init__(self, book: PolicyBook, stores: Stores, facts: PushFacts, settle: Callable[[], int]) -> None:
        self._book = book
        self._stores = stores
        self._facts = facts
        self._settle = settle

    def check(self, asked: Asked, by: Principal, missed: Sequence[str] = ()) -> dict[str, Any]:
        """What the policies in force say of a push. The decision is an entry before it is answered.

        Args:
            asked: what is pushed.
            by: who asks.
            missed: what the asker says it refused before, while nobody here answered.

        Raises:
            BusyError: the index lags, so that not all is known.
            NotFoundError: there is no such repository.
            ConflictError: what is pushed is not here.
        """
        try:
            return self._decide(asked, by, missed)
        except VestigeError as error:
            told = [{"ref": one.ref[:300], "old": one.old, "new": one.new} for one in asked.updates[:100]]
            detail: dict[str, Any] = {"repository": asked.repository[:300], "gate": asked.gate, "updates": told,
                                      "reason": str(error)[:1000]}  # fmt: skip
            detail |= {"commits": [one[:64] for one in asked.exact[:100]]} if asked.exact else {}
            self._book.append(act_entry(UNDECIDED, by, detail, f"repository:{asked.repository[:300]}"))
            raise

    def dry_run(self, asked: Asked) -> dict[str, Any]:
        """What the policies in force would say of a push. It is no decision: nothing is sealed, nothing recorded.

        A session that goes on counts as sealed, since a check seals it as it stands.

        Raises:
            BusyError: the index lags, so that not all is known.
            NotFoundError: there is no such repository.
            ConflictError: what is pushed is not here.
        """
        gathered = self._gathered(asked, None)
        judged = self._judged(Facts.model_validate(gathered))
        return judged.outcome | {"commits": len(gathered.get("commits", ())), "policies": len(judged.chosen)}

    def _gathered(self, asked: Asked, by: Principal | None) -> dict[str, Any]:
        """The facts of a push, in the form they are kept in."""
        if all(self._settle() for _ in range(_WAITS)):  # who pushes would rather wait than try again
            raise BusyError("the index has not come to the newest entries yet", hint="try again in a minute")
        return self._facts.gather(asked, by).model_dump(mode="json", exclude_defaults=True) | {"schema_version": 1}

    def _judged(self, facts: Facts) -> _Judged:
        """What is in force now, and what it says of facts."""
        taken = self._book.taken()
        chosen = [one for _, one in sorted(taken.held.items()) if may_cover(one.policy, facts.repository)]
        waivers = self._book.waivers_of(facts.repository)
        at = now()
        return _Judged(chosen, waivers, at, decide(facts, [one.policy for one in chosen], waivers, at))

    def _decide(self, asked: Asked, by: Principal, missed: Sequence[str]) -> dict[str, Any]:
        gathered = self._gathered(asked, by)
        # From here on only what is recorded counts: facts are read back from the very form they are kept in.
        facts = Facts.model_validate(gathered)
        chosen, waivers, at, outcome = self._judged(facts)
        policies = [
            {"entry": one.entry, "sha256": one.digest, "revision": one.version, "body": one.body} for one in chosen
        ]
        digests = _digests(gathered, policies)
        detail: dict[str, Any] = {
            "at": str(at), "engine": engine(), "digests": digests, "facts": gathered, "policies": policies,
            "waivers": [one.to_json() | {"until": str(one.until)} for one in waivers], "outcome": outcome,
        }  # fmt: skip
        detail |= {"missed": [line[:500] for line in missed[:100]]} if missed else {}
        entry = self._book.append(act_entry(DECIDED, by, detail, f"repository:{facts.repository}"))[0]
        return outcome | {
            "decision": entry, "repository": facts.repository, "commits": len(facts.commits),
            "policies": len(chosen), "digests": digests | {"engine": engine()["digest"]},
        }  # fmt: skip

    def verify(self, asked: Asked, by: Principal, *, attest: bool) -> dict[str, Any]:
        """What the policies in force say of commits that were pushed, and what is known of each of these commits.

        Args:
            asked: which commits.
            by: who asks.
            attest: whether a statement of each commit is sealed, and given with its proof.

        Raises:
            BusyError, NotFoundError, ConflictError: as :meth:`check` does.
        """
        made = self.check(asked, by)
        detail = self._book.body(self._book.entry(made["decision"]))["detail"]
        commits = judged(detail)
        told = made | {"judged": commits, "cut": detail["facts"].get("cut", ""), "coverage": summed(commits), "rules": [
            {"name": one["body"]["name"], "type": one["body"].get("type", ""),
             "severity": one["body"].get("severity", "medium"), "action": one["body"].get("action", "block"),
             "description": one["body"].get("description", ""),
             "entry": one["entry"], "sha256": one["sha256"], "revision": one["revision"]} for one in detail["policies"]
        ]}  # fmt: skip
        return told | {"attestations": self._attested(made["decision"], detail, commits, by) if attest else []}

    def _attested(
        self, decision: str, detail: dict[str, Any], commits: Sequence[dict[str, Any]], by: Principal
    ) -> list[dict[str, str]]:
        """A statement of each commit: an entry each, under a checkpoint that is made now."""
        ledger, tenant = self._stores.ledger, self._stores.tenant
        about = f"repository:{detail['facts']['repository']}"
        said = [statement_of(decision, detail, one) for one in commits]
        found = self._book.append(*(act_entry(ATTESTED, by, {"statement": one}, about) for one in said))
        if found:
            ledger.checkpoint(tenant)
        made = []
        for commit, statement, identity in zip(commits, said, found, strict=True):
            entry = self._book.entry(identity)
            kind, body = enclosed(statement, entry, ledger.opened(entry), ledger.tlog_proof(tenant, identity),
                                  ledger.log(tenant).origin)  # fmt: skip
            made.append({"commit": commit["oid"], "entry": identity,
                         "envelope": ledger.endorse(tenant, kind, body).decode()})  # fmt: skip
        return made

    def newest(self, limit: int, repository: str = "") -> list[dict[str, Any]]:
        """The newest decisions, and what could not be decided."""
        found: list[dict[str, Any]] = []
        for position, about in reversed(self._book.recorded()):
            if len(found) >= min(limit, MOST_LISTED):
                break
            if repository and about != f"repository:{repository}":
                continue
            try:
                entry, body = self._book.read(position)
            except NotFoundError:
                continue  # erased
            found.append(summary_of(entry, body))
        return found

    def known_facts(self, asked: Asked) -> Facts:
        """What is known of a push by now, for a trial: nothing is written for it.

        Raises:
            BusyError: the index lags, so that not all is known.
            NotFoundError: there is no such repository.
            ConflictError: what is pushed is not here.
        """
        return Facts.model_validate(self._gathered(asked, None))

    def decision(self, identity: str) -> dict[str, Any]:
        """One decision with all it was made from.

        Raises:
            NotFoundError: there is none.
        """
        entry, body = self._decided(identity)
        return summary_of(entry, body) | {name: body["detail"][name] for name in sorted(body["detail"])}

    def replay(self, identity: str) -> dict[str, Any]:
        """Make a decision again from its record, and say whether the same comes of it.

        Returns:
            ``same``: whether the results are the same to the byte; ``digests_hold``, ``engine_same``,
            ``policies_in_ledger``; ``differs``: results that are other ones now.

        Raises:
            NotFoundError: there is none.
            IntegrityError: what is recorded is not what a decision holds.
        """
        entry, body = self._decided(identity)
        detail = body["detail"]
        try:
            facts = Facts.model_validate(detail["facts"])
            policies = [held(one["body"]) for one in detail["policies"]]
            waivers = [Waiver(**(one | {"until": int(one["until"])})) for one in detail["waivers"]]
            outcome = decide(facts, policies, waivers, int(detail["at"]))
        except (ValidationError, KeyError, TypeError, ValueError) as error:
            raise IntegrityError("the record of the decision cannot be read", got=str(error)[:200]) from None
        before, after = detail["outcome"]["results"], outcome["results"]
        differs = [
            {"recorded": one, "now": two}
            for one, two in zip([*before, *[None] * len(after)], [*after, *[None] * len(before)], strict=False)
            if one != two
        ]
        digests = _digests(detail["facts"], detail["policies"])
        return {
            "decision": entry.id,
            "same": canonical(outcome) == canonical(detail["outcome"]),
            "digests_hold": digests == detail["digests"],
            "engine_same": engine() == detail["engine"],
            "policies_in_ledger": all(self._stands(one) for one in detail["policies"]),
            "differs": differs[:MOST_LISTED],
        }

    def _stands(self, one: dict[str, Any]) -> bool:
        """Whether the entry that put a policy in force says what a decision says it said."""
        try:
            body = orjson.loads(self._stores.ledger.opened(self._book.entry(one["entry"])))
        except (NotFoundError, IntegrityError):
            return False
        return bool(body.get("act") == APPLIED and body["detail"].get("policy") == one["body"])

    def _decided(self, identity: str) -> tuple[StoredEntry, dict[str, Any]]:
        entry = self._book.entry(identity)
        body = self._book.body(entry)
        if body.get("act") != DECIDED:
            raise NotFoundError("there is no such decision", got=identity[:40], hint="`vestige policy decisions`")
        return entry, body


def asked_of(
    repository: str, gate: str, updates: Sequence[tuple[str, str, str]], without: Sequence[str],
    exact: Sequence[str] = (), *, strict: bool = False,
) -> Asked:  # fmt: skip
    """What somebody is about to push, or has pushed.

    Args:
        repository: its name.
        gate: what asks.
        updates: of each ref its name, the object it named and the one it shall name; empty, or all zeros: none.
        without: objects that the other side is said to have.
        exact: instead of updates, these commits and no others.
        strict: whether what the other side has must be here too.
    """

    def named(oid: str) -> str:
        return "" if not oid.strip("0") else oid

    told = [Update(ref=ref, old=named(old), new=named(new)) for ref, old, new in updates]
    return Asked(repository, gate, told, without, exact, strict)


def _digests(facts: dict[str, Any], policies: list[dict[str, Any]]) -> dict[str, str]:
    return {"facts": policy_digest("facts", facts), "policies": policy_digest("set", policies)}


def summary_of(entry: StoredEntry, body: dict[str, Any]) -> dict[str, Any]:
    """A decision as lists have it."""
    detail = body["detail"]
    told = {"id": entry.id, "at": str(orjson.loads(entry.leaf)["at"]), "by": body["by"]}
    if body["act"] == UNDECIDED:
        return told | {"repository": detail["repository"], "gate": detail["gate"], "passed": False, "blocked": True,
                       "commits": detail.get("commits", []), "reason": detail["reason"]}  # fmt: skip
    outcome, facts = detail["outcome"], detail["facts"]
    failed = sorted({one["policy"] for one in outcome["results"] if one["result"] in {"fail", "indeterminate"}})
    return told | {
        "repository": facts["repository"], "gate": facts.get("gate", ""), "passed": outcome["passed"],
        "blocked": outcome["blocked"], "commits": [one["oid"] for one in facts.get("commits", ())],
        "failed": failed,
    }  # fmt: skip
