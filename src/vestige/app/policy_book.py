"""What the ledger says of a tenant's policies: those in force, their versions, waivers, and where decisions are.

A policy is an act in the ledger, and so is its removal, a waiver, and each decision. The book follows the ledger: it is
never written but by an entry.
"""

from __future__ import annotations

import hashlib
import re
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson

from vestige.ledger import Kind
from vestige.model.instant import parse_rfc3339, to_text
from vestige.policy import Policy, Unreadable, Waiver, body_of, held
from vestige.proof.canonical import canonical

if TYPE_CHECKING:
    from vestige.ingest.intake import Stores
    from vestige.ledger import Draft, StoredEntry

APPLIED: Final = "policy.applied"
REMOVED: Final = "policy.removed"
WAIVED: Final = "policy.waived"
WITHDRAWN: Final = "policy.waiver_withdrawn"
DECIDED: Final = "policy.decided"
UNDECIDED: Final = "policy.undecided"
_MARK: Final = b'{"act":"policy.'
"""How the payload of every entry begins that is read here: of canonical JSON the first name comes first."""
_RESOURCE: Final = re.compile(rb'"resource":("(?:[^"\\]|\\.)*")')
_DOMAIN: Final = b"vestige/policy-%s/v1\n"


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


class Given(NamedTuple):
    """A waiver, when it was given, and whether it was withdrawn."""

    waiver: Waiver
    at: str
    withdrawn: str = ""

    def to_json(self, time: int) -> dict[str, Any]:
        """As it is told."""
        state = "withdrawn" if self.withdrawn else "over" if time >= self.waiver.until else "in force"
        told = self.waiver.to_json() | {"until": to_text(self.waiver.until), "at": self.at, "state": state}
        return told | ({"withdrawn_by": self.withdrawn} if self.withdrawn else {})


class Taken(NamedTuple):
    """What the ledger says by now: copies, which nobody changes while they are looked through."""

    held: dict[str, Held]
    waivers: dict[str, Given]


class PolicyBook:
    """The policies of one tenant, as its ledger has them. Safe to share between threads."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores
        self._lock = threading.Lock()
        self._seen = 0
        self._held: dict[str, Held] = {}
        self._versions: dict[str, list[Held]] = {}
        """Of each name all that ever were, the oldest first."""
        self._waivers: dict[str, Given] = {}
        self._decisions: list[tuple[int, str]] = []
        """Positions of the entries of decisions, and of what could not be decided, each with what it is about."""

    def versions(self, name: str) -> list[Held]:
        """Every version that a policy of a name ever had, the oldest first."""
        self.taken()
        with self._lock:
            return list(self._versions.get(name, ()))

    def recorded(self) -> list[tuple[int, str]]:
        """Of each decision, and of what could not be decided, the entry's position and what it is about; in order."""
        self.taken()
        with self._lock:
            return list(self._decisions)

    def stands(self, position: int) -> bool:
        """Whether what an entry says can still be read."""
        (entry,) = self._stores.ledger.read(self._stores.tenant, position, position + 1)
        return entry.salt is not None

    def waivers_of(self, repository: str) -> list[Waiver]:
        """Those that were given for a repository and not withdrawn; which of them still hold depends on the time."""
        return [one.waiver for one in self.taken().waivers.values()
                if not one.withdrawn and one.waiver.repository == repository]  # fmt: skip

    def entry(self, identity: str) -> StoredEntry:
        """An entry by its id, of whatever kind.

        Raises:
            NotFoundError: there is none.
        """
        return self._stores.ledger.entry(self._stores.tenant, identity.upper())

    def read(self, position: int) -> tuple[StoredEntry, dict[str, Any]]:
        """The entry at a position, and what it says.

        Raises:
            NotFoundError: it was erased.
        """
        (entry,) = self._stores.ledger.read(self._stores.tenant, position, position + 1)
        return entry, self.body(entry)

    def body(self, entry: StoredEntry) -> dict[str, Any]:
        """What an act says; empty of what is none."""
        if entry.kind is not Kind.AUDIT:
            return {}
        found = orjson.loads(self._stores.ledger.opened(entry))
        return found if isinstance(found, dict) else {}

    def append(self, *drafts: Draft) -> list[str]:
        """Put acts into the ledger, all or none; their ids."""
        if not drafts:
            return []
        made = self._stores.ledger.transact(self._stores.tenant, lambda _: list(drafts))
        return [identity for item in made.items for identity in item.ids]

    def taken(self) -> Taken:
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
            return Taken(dict(self._held), dict(self._waivers))

    def _take(self, entry: StoredEntry) -> None:
        start = self._stores.ledger.beginning(entry, 64)
        if start.startswith(b'{"act":"policy.attested"'):
            return
        if start.startswith((b'{"act":"policy.decided"', b'{"act":"policy.undecided"')):
            self._decisions.append((entry.position, _about(self._stores.ledger.beginning(entry))))
            return
        body = self.body(entry)
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
                self._waivers[entry.id] = Given(waiver, at)
            case "policy.waiver_withdrawn":
                known = self._waivers.get(detail["waiver"])
                if known is not None:
                    self._waivers[detail["waiver"]] = known._replace(withdrawn=body["by"])


def _about(payload: bytes) -> str:
    """An act's resource, without all of its payload being read as JSON: facts are long.

    Of canonical JSON no text holds a quote by itself, and ``resource`` of the act comes after its ``detail``.
    """
    found = _RESOURCE.match(payload, max(payload.rfind(b'"resource":"'), 0))
    return str(orjson.loads(found[1])) if found is not None else ""


def _instant(text: str) -> int:
    return parse_rfc3339(text)[0]


def may_cover(policy: Policy | Unreadable, repository: str) -> bool:
    """Whether a policy must be looked at in a repository: an unreadable one must, wherever it is."""
    return isinstance(policy, Unreadable) or (policy.enabled and policy.covers(repository))


def policy_digest(of: str, value: Any) -> str:  # noqa: ANN401 - JSON
    """SHA-256 of a value's canonical JSON, of a domain of its own for each use."""
    return hashlib.sha256(_DOMAIN % of.encode() + canonical(value)).hexdigest()
