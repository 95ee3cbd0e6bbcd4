"""A tenant's policies: what is in force, what they say of a push, and the record of it.

A policy is an act in the ledger, and so is its removal, a waiver, and each decision. A decision's entry holds the
facts, the policies and the waivers it was made from, when it was made and by which program, so that it can be made
again from its record: :meth:`Policies.replay` does that and compares bytes. What could not be decided is an entry too.
"""

from __future__ import annotations

import base64
import hashlib
import re
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson
from pydantic import ValidationError

from vestige.app.attesting import ATTESTED, enclosed, judged, statement_of, summed
from vestige.app.offline import BUNDLED
from vestige.app.offline import LONGEST as LONGEST_BUNDLE
from vestige.app.push_facts import Asked, PushFacts
from vestige.code.mirrors import check_name
from vestige.code.repository import is_oid
from vestige.ledger import Kind, act_entry
from vestige.model.errors import BusyError, IntegrityError, NotFoundError, UsageError, VestigeError
from vestige.model.instant import NANOS, now, parse_rfc3339, to_text
from vestige.policy import (
    FORMATS,
    LONGEST,
    Facts,
    Policy,
    Unreadable,
    Waiver,
    body_of,
    decide,
    engine,
    held,
    json_schema,
    read_document,
)
from vestige.policy.facts import Update
from vestige.proof.canonical import canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vestige.app.code import Code
    from vestige.app.seals import Seals
    from vestige.app.sessions import Sessions
    from vestige.ingest.intake import Stores
    from vestige.ledger import Draft, StoredEntry
    from vestige.model.principal import Principal
    from vestige.query import Index

APPLIED: Final = "policy.applied"
REMOVED: Final = "policy.removed"
REFUSED: Final = "policy.refused"
WAIVED: Final = "policy.waived"
WITHDRAWN: Final = "policy.waiver_withdrawn"
DECIDED: Final = "policy.decided"
UNDECIDED: Final = "policy.undecided"
_WAITS: Final = 10
"""How often a decision waits for the index, two seconds at most each time."""
MOST: Final = 500
"""Policies of one tenant."""
LONGEST_WAIVER: Final = 366 * 86_400 * NANOS
MOST_LISTED: Final = 200
_MARK: Final = b'{"act":"policy.'
"""How the payload of every entry begins that is read here: of canonical JSON the first name comes first."""
_RESOURCE: Final = re.compile(rb'"resource":("(?:[^"\\]|\\.)*")')
_DOMAIN: Final = b"vestige/policy-%s/v1\n"
POLICY_BYTES: Final = LONGEST
policy_schema = json_schema
POLICY_FORMATS = FORMATS


@dataclass(frozen=True, slots=True)
class Held:
    """A policy as the ledger has it."""

    policy: Policy | Unreadable
    entry: str
    """That put it in force."""
    digest: str
    version: int
    """How often a policy of this name was applied by then."""
    by: str
    at: str

    @property
    def body(self) -> dict[str, Any]:
        """As it was applied."""
        return self.policy.body if isinstance(self.policy, Unreadable) else body_of(self.policy)

    def to_json(self) -> dict[str, Any]:
        """As it is told."""
        why = {"unreadable": self.policy.why} if isinstance(self.policy, Unreadable) else {}
        about = {"entry": self.entry, "digest": self.digest, "revision": self.version, "by": self.by, "at": self.at}
        return self.body | about | why


class _Given(NamedTuple):
    """A waiver, when it was given, and whether it was withdrawn."""

    waiver: Waiver
    at: str
    withdrawn: str = ""

    def to_json(self, time: int) -> dict[str, Any]:
        """As it is told."""
        state = "withdrawn" if self.withdrawn else "over" if time >= self.waiver.until else "in force"
        told = self.waiver.to_json() | {"until": to_text(self.waiver.until), "at": self.at, "state": state}
        return told | ({"withdrawn_by": self.withdrawn} if self.withdrawn else {})


class _Taken(NamedTuple):
    """What the ledger says by now: copies, which nobody changes while they are looked through."""

    held: dict[str, Held]
    waivers: dict[str, _Given]


class _Judged(NamedTuple):
    """What was in force, when, and what it said."""

    chosen: list[Held]
    waivers: list[Waiver]
    at: int
    outcome: dict[str, Any]


class Policies:
    """The policies of one tenant. Safe to share between threads.

    Args:
        stores: of the tenant.
        code: its repositories.
        sessions: all its sessions, whoever asks.
        seals: their seals.
        index: where events are found.
        settle: waits for the index; how many entries it lags.
    """

    def __init__(
        self, stores: Stores, code: Code, sessions: Sessions, seals: Seals, index: Index, settle: Callable[[], int]
    ) -> None:
        self._stores = stores
        self._code = code
        self._facts = PushFacts(code, sessions, seals, index, stores.log)
        self._settle = settle
        self._lock = threading.Lock()
        self._seen = 0
        self._held: dict[str, Held] = {}
        self._versions: dict[str, list[Held]] = {}
        """Of each name all that ever were, the oldest first."""
        self._waivers: dict[str, _Given] = {}
        self._decisions: list[tuple[int, str]] = []
        """Positions of the entries of decisions, and of what could not be decided, each with what it is about."""

    # -- which there are ----------------------------------------------------------------------------------------

    def all(self) -> list[dict[str, Any]]:
        """Every policy, by name."""
        return [one.to_json() for _, one in sorted(self._catch_up().held.items())]

    def versions(self, name: str) -> dict[str, Any]:
        """Every version that a policy of a name ever had, the newest first, and whether one is in force.

        Raises:
            NotFoundError: there never was one of that name.
        """
        known = self._catch_up().held
        with self._lock:
            found = list(self._versions.get(name, ()))
        if not found:
            raise NotFoundError("there is no such policy", expected=", ".join(sorted(known))[:300], got=name[:64])
        return {"policy": name, "in_force": name in known, "versions": [one.to_json() for one in reversed(found)]}

    def apply(self, text: str, form: str, by: Principal) -> list[dict[str, Any]]:
        """Put the policies of a document in force, each in place of the one of its name; all of them or none.

        Returns:
            Each policy, whether it is ``new`` (else the same was in force), and how many repositories that are kept
            here it covers.

        Raises:
            UsageError: the document is none, with the line; that it was refused is an entry.
        """
        try:
            found = self._readable(text, form)
        except UsageError as error:
            self._append(act_entry(REFUSED, by, {"reason": str(error)[:1000]}))
            raise
        bodies = {one.name: body_of(one) for one in found}
        known = self._catch_up().held
        new = [name for name, body in bodies.items() if name not in known or known[name].body != body]
        self._append(
            *(
                act_entry(APPLIED, by, {"policy": bodies[name], "sha256": _digest("document", bodies[name])},
                          f"policy:{name}")
                for name in new
            )
        )  # fmt: skip
        known = self._catch_up().held
        names = [one["name"] for one in self._code.all()]
        return [
            known[one.name].to_json()
            | {"new": one.name in new, "repositories_here": sum(one.covers(name) for name in names)}
            for one in found
            if one.name in known  # else another removed it within this moment
        ]

    def _readable(self, text: str, form: str) -> list[Policy]:
        found = read_document(text, form)
        if len(set(self._catch_up().held) | {one.name for one in found}) > MOST:
            raise UsageError("there are too many policies", expected=f"at most {MOST}", got="more")
        return found

    def remove(self, name: str, by: Principal) -> None:
        """Let a policy be in force no more.

        Raises:
            NotFoundError: there is none of that name.
        """
        known = self._catch_up().held
        if name not in known:
            raise NotFoundError("there is no such policy", expected=", ".join(sorted(known))[:300], got=name[:64])
        self._append(act_entry(REMOVED, by, {"name": name, "sha256": known[name].digest}, f"policy:{name}"))

    # -- waivers ------------------------------------------------------------------------------------------------

    def waivers(self) -> list[dict[str, Any]]:
        """Every waiver that was given, the newest first."""
        given, time = self._catch_up().waivers, now()
        return [one.to_json(time) for one in reversed(given.values())]

    def waive(
        self, policy: str, repository: str, commit: str, until: int, reason: str, by: Principal
    ) -> dict[str, Any]:
        """Let a policy be in one repository, for one commit or all, until a time.

        Raises:
            NotFoundError: there is no such policy.
            UsageError: it would hold for no time, or too long, or for what is no commit.
        """
        known = self._catch_up().held
        if policy not in known:
            raise NotFoundError("there is no such policy", expected=", ".join(sorted(known))[:300], got=policy[:64])
        check_name(repository)
        if commit and not is_oid(commit):
            raise UsageError("a waiver is for a commit in full", expected="40 or 64 hexadecimal digits",
                             got=commit[:80], field="commit")  # fmt: skip
        time = now()
        if not time < until <= time + LONGEST_WAIVER:
            raise UsageError("a waiver ends", expected="a time from now on, within 366 days", got=to_text(until),
                             field="until")  # fmt: skip
        if not reason.strip():
            raise UsageError("a waiver needs a reason", expected="why", got="nothing", field="reason")
        detail = {"policy": policy, "repository": repository, "commit": commit, "until": to_text(until),
                  "reason": reason}  # fmt: skip
        entry = self._append(act_entry(WAIVED, by, detail, f"policy:{policy}"))[0]
        return self._catch_up().waivers[entry].to_json(time)

    def withdraw(self, waiver: str, by: Principal) -> None:
        """Let a waiver hold no more.

        Raises:
            NotFoundError: there is none, or it holds no more.
        """
        known = self._catch_up().waivers.get(waiver.upper())
        if known is None or known.withdrawn:
            raise NotFoundError("there is no such waiver", got=waiver[:40], hint="`vestige policy waive --list`")
        self._append(act_entry(WITHDRAWN, by, {"waiver": known.waiver.id}, f"policy:{known.waiver.policy}"))

    def bundle(self, repository: str, until: int, by: Principal) -> dict[str, Any]:
        """The policies in force for a repository, to be judged by while the server cannot be asked: an entry, proved.

        Raises:
            UsageError: it would hold for no time, or too long.
        """
        time = now()
        if not time < until <= time + LONGEST_BUNDLE:
            raise UsageError("a bundle of policies ends", expected="a time from now on, within 7 days",
                             got=to_text(until), field="until")  # fmt: skip
        taken = self._catch_up()
        detail: dict[str, Any] = {
            "repository": check_name(repository), "until": to_text(until),
            "policies": [one.body for _, one in sorted(taken.held.items()) if _may_cover(one.policy, repository)],
            "waivers": [one.waiver.to_json() | {"until": str(one.waiver.until)} for one in taken.waivers.values()
                        if not one.withdrawn and one.waiver.repository == repository],
        }  # fmt: skip
        ledger, tenant = self._stores.ledger, self._stores.tenant
        identity = self._append(act_entry(BUNDLED, by, detail, f"repository:{repository}"))[0]
        ledger.checkpoint(tenant)
        entry = self._entry(identity)
        return {
            "entry": identity, "repository": repository, "until": to_text(until), "policies": len(detail["policies"]),
            "payload": base64.b64encode(ledger.opened(entry)).decode(), "leaf": base64.b64encode(entry.leaf).decode(),
            "salt": (entry.salt or b"").hex(), "proof": ledger.tlog_proof(tenant, identity),
            "origin": ledger.log(tenant).origin, "vkey": ledger.keys(tenant)[-1].vkey,
        }  # fmt: skip

    # -- decisions ----------------------------------------------------------------------------------------------

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
            self._append(
                act_entry(UNDECIDED, by, {"repository": asked.repository[:300], "gate": asked.gate, "updates": told,
                                          "reason": str(error)[:1000]}, f"repository:{asked.repository[:300]}")
            )  # fmt: skip
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
        taken = self._catch_up()
        chosen = [one for _, one in sorted(taken.held.items()) if _may_cover(one.policy, facts.repository)]
        waivers = self.waivers_of(facts.repository)
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
        digests = {"facts": _digest("facts", gathered), "policies": _digest("set", policies)}
        detail: dict[str, Any] = {
            "at": str(at), "engine": engine(), "digests": digests, "facts": gathered, "policies": policies,
            "waivers": [one.to_json() | {"until": str(one.until)} for one in waivers], "outcome": outcome,
        }  # fmt: skip
        detail |= {"missed": [line[:500] for line in missed[:100]]} if missed else {}
        entry = self._append(act_entry(DECIDED, by, detail, f"repository:{facts.repository}"))[0]
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
        detail = self._body(self._entry(made["decision"]))["detail"]
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
        found = self._append(*(act_entry(ATTESTED, by, {"statement": one}, about) for one in said))
        if found:
            ledger.checkpoint(tenant)
        made = []
        for commit, statement, identity in zip(commits, said, found, strict=True):
            entry = self._entry(identity)
            kind, body = enclosed(statement, entry, ledger.opened(entry), ledger.tlog_proof(tenant, identity),
                                  ledger.log(tenant).origin)  # fmt: skip
            made.append({"commit": commit["oid"], "entry": identity,
                         "envelope": ledger.endorse(tenant, kind, body).decode()})  # fmt: skip
        return made

    def decisions(self, limit: int, repository: str = "") -> list[dict[str, Any]]:
        """The newest decisions, and what could not be decided."""
        self._catch_up()
        with self._lock:
            decisions = list(self._decisions)
        found: list[dict[str, Any]] = []
        for position, about in reversed(decisions):
            if len(found) >= min(limit, MOST_LISTED):
                break
            if repository and about != f"repository:{repository}":
                continue
            try:
                entry, body = self._read(position)
            except NotFoundError:
                continue  # erased
            found.append(summary_of(entry, body))
        return found

    def recorded(self) -> list[tuple[int, str]]:
        """Of each decision, and of what could not be decided, the entry's position and what it is about; in order."""
        self._catch_up()
        with self._lock:
            return list(self._decisions)

    def read(self, position: int) -> tuple[StoredEntry, dict[str, Any]]:
        """The entry of a decision, and what it says.

        Raises:
            NotFoundError: it was erased.
        """
        return self._read(position)

    def stands(self, position: int) -> bool:
        """Whether what an entry says can still be read."""
        (entry,) = self._stores.ledger.read(self._stores.tenant, position, position + 1)
        return entry.salt is not None

    def waivers_of(self, repository: str) -> list[Waiver]:
        """Those that were given for a repository and not withdrawn; which of them still hold depends on the time."""
        return [one.waiver for one in self._catch_up().waivers.values()
                if not one.withdrawn and one.waiver.repository == repository]  # fmt: skip

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
        digests = {"facts": _digest("facts", detail["facts"]), "policies": _digest("set", detail["policies"])}
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
            body = orjson.loads(self._stores.ledger.opened(self._entry(one["entry"])))
        except (NotFoundError, IntegrityError):
            return False
        return bool(body.get("act") == APPLIED and body["detail"].get("policy") == one["body"])

    def _decided(self, identity: str) -> tuple[StoredEntry, dict[str, Any]]:
        entry = self._entry(identity)
        body = self._body(entry)
        if body.get("act") != DECIDED:
            raise NotFoundError("there is no such decision", got=identity[:40], hint="`vestige policy decisions`")
        return entry, body

    # -- the ledger ---------------------------------------------------------------------------------------------

    def _entry(self, identity: str) -> StoredEntry:
        return self._stores.ledger.entry(self._stores.tenant, identity.upper())

    def _read(self, position: int) -> tuple[StoredEntry, dict[str, Any]]:
        (entry,) = self._stores.ledger.read(self._stores.tenant, position, position + 1)
        return entry, self._body(entry)

    def _body(self, entry: StoredEntry) -> dict[str, Any]:
        if entry.kind is not Kind.AUDIT:
            return {}
        found = orjson.loads(self._stores.ledger.opened(entry))
        return found if isinstance(found, dict) else {}

    def _append(self, *drafts: Draft) -> list[str]:
        if not drafts:
            return []
        made = self._stores.ledger.transact(self._stores.tenant, lambda _: list(drafts))
        return [identity for item in made.items for identity in item.ids]

    def _catch_up(self) -> _Taken:
        """Take in what the ledger says of policies since it was looked at last; what there is by then."""
        ledger, tenant = self._stores.ledger, self._stores.tenant
        with self._lock:
            head = ledger.head(tenant)
            for entry in ledger.entries_of(tenant, [Kind.AUDIT], self._seen, head):
                if entry.salt is not None and ledger.beginning(entry, len(_MARK)).startswith(_MARK):
                    self._take(entry)
                # At each: where the next one raises, none is taken twice.
                self._seen = max(self._seen, entry.position + 1)
            self._seen = max(self._seen, head)
            return _Taken(dict(self._held), dict(self._waivers))

    def _take(self, entry: StoredEntry) -> None:
        start = self._stores.ledger.beginning(entry, 64)
        if start.startswith(b'{"act":"policy.attested"'):
            return
        if start.startswith((b'{"act":"policy.decided"', b'{"act":"policy.undecided"')):
            self._decisions.append((entry.position, _about(self._stores.ledger.beginning(entry))))
            return
        body = self._body(entry)
        detail, at = body["detail"], str(orjson.loads(entry.leaf)["at"])
        match body["act"]:
            case "policy.applied":
                policy = held(detail["policy"])
                versions = self._versions.setdefault(policy.name, [])
                made = Held(policy, entry.id, detail["sha256"], len(versions) + 1, body["by"], at)
                self._held[policy.name] = made
                versions.append(made)
            case "policy.removed":
                self._held.pop(detail["name"], None)
            case "policy.waived":
                until = _instant(detail["until"])
                waiver = Waiver(entry.id, detail["policy"], detail["repository"], detail["commit"], until,
                                detail["reason"], body["by"])  # fmt: skip
                self._waivers[entry.id] = _Given(waiver, at)
            case "policy.waiver_withdrawn":
                known = self._waivers.get(detail["waiver"])
                if known is not None:
                    self._waivers[detail["waiver"]] = known._replace(withdrawn=body["by"])


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


def _about(payload: bytes) -> str:
    """An act's resource, without all of its payload being read as JSON: facts are long.

    Of canonical JSON no text holds a quote by itself, and ``resource`` of the act comes after its ``detail``.
    """
    found = _RESOURCE.match(payload, max(payload.rfind(b'"resource":"'), 0))
    return str(orjson.loads(found[1])) if found is not None else ""


def _instant(text: str) -> int:
    return parse_rfc3339(text)[0]


def _may_cover(policy: Policy | Unreadable, repository: str) -> bool:
    return isinstance(policy, Unreadable) or (policy.enabled and policy.covers(repository))


def _digest(of: str, value: Any) -> str:  # noqa: ANN401 - JSON
    return hashlib.sha256(_DOMAIN % of.encode() + canonical(value)).hexdigest()


def summary_of(entry: StoredEntry, body: dict[str, Any]) -> dict[str, Any]:
    """A decision as lists have it."""
    detail = body["detail"]
    told = {"id": entry.id, "at": str(orjson.loads(entry.leaf)["at"]), "by": body["by"]}
    if body["act"] == UNDECIDED:
        return told | {"repository": detail["repository"], "gate": detail["gate"], "passed": False, "blocked": True,
                       "reason": detail["reason"]}  # fmt: skip
    outcome, facts = detail["outcome"], detail["facts"]
    failed = sorted({one["policy"] for one in outcome["results"] if one["result"] in {"fail", "indeterminate"}})
    return told | {
        "repository": facts["repository"], "gate": facts.get("gate", ""), "passed": outcome["passed"],
        "blocked": outcome["blocked"], "commits": [one["oid"] for one in facts.get("commits", ())],
        "failed": failed,
    }  # fmt: skip
