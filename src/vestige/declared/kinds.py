"""The kinds of declared events that have a contract: a JSON Schema (2020-12) for each version of each.

The normative ones come with the product, as files beside this one. Producers add their own: each is an entry of the
ledger (``kind.register``: name, version and the schema's whole text), so what an event was held against when it came
can always be told. A kind nobody registered has no contract, and its events are taken as they are.

A registered schema is foreign text: it is bounded (:mod:`vestige.declared.contracts`).
"""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import orjson

from vestige.declared.contracts import Contract
from vestige.declared.envelope import Fault, shown
from vestige.ledger import Kind, act_entry
from vestige.model.errors import ConflictError, NotFoundError, UsageError
from vestige.model.vocabulary import is_reserved
from vestige.sources import kind_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vestige.ledger import Draft, Ledger, Transaction
    from vestige.model.principal import Principal

ACT: Final = "kind.register"
MOST_OWN: Final = 500
"""Versions of own kinds of a tenant, in all."""
MOST_VERSION: Final = 1_000_000
NAME_LENGTH: Final = 200
VERSION: Final = "kind_version"
"""The field in which an event names the version of its kind; without it the latest one is meant."""


@dataclass(frozen=True, slots=True)
class Known:
    """One version of a kind."""

    name: str
    version: int
    own: bool
    contract: Contract
    text: bytes

    def to_json(self) -> dict[str, Any]:
        """As lists show it."""
        schema = orjson.loads(self.text)
        return {
            "kind": self.name,
            "version": self.version,
            "title": schema.get("title", "") if isinstance(schema, dict) else "",
            "origin": "own" if self.own else "built-in",
            "sha256": hashlib.sha256(self.text).hexdigest(),
            "schema": f"/v1/schemas/events/{quote(self.name, safe='')}/{self.version}",
        }


@cache
def built_in() -> dict[str, dict[int, Known]]:
    """The normative kinds, by name and version."""
    found: dict[str, dict[int, Known]] = {}
    for file in sorted(files("vestige.declared").joinpath("schemas").iterdir(), key=lambda one: one.name):
        if not file.name.endswith(".json"):
            continue
        name, _, version = file.name.removesuffix(".json").rpartition(".")
        text = file.read_bytes()
        found.setdefault(name, {})[int(version)] = Known(name, int(version), False, Contract.of(text), text)
    return found


class Kinds:
    """The kinds of one tenant. Safe to share between threads."""

    def __init__(self, ledger: Ledger, tenant: str) -> None:
        self._ledger = ledger
        self._tenant = tenant
        self._lock = threading.Lock()
        self._registering = threading.Lock()
        self._own: dict[str, dict[int, Known]] = {}
        self._seen = 0

    def all(self) -> list[Known]:
        """Every version of every kind, by name."""
        self.catch_up()
        every = {**built_in(), **self._own}
        return [every[name][version] for name in sorted(every) for version in sorted(every[name])]

    def one(self, name: str, version: int | None = None) -> Known:
        """A kind's version, or its latest.

        Raises:
            NotFoundError: there is none.
        """
        versions = self._versions(name)
        wanted = max(versions, default=0) if version is None else version
        if wanted not in versions:
            has = f"versions {', '.join(map(str, sorted(versions)))}" if versions else "a kind of the list"
            got = f"{name[:80]} {'' if version is None else version}".strip()
            raise NotFoundError(
                "there is no such kind of event", expected=has, got=got, hint="`vestige kind list` shows them all"
            )
        return versions[wanted]

    def faults_of(self, event: Mapping[str, object]) -> list[Fault]:
        """What an event lacks by the contract of its kind; nothing if its kind has none.

        Kinds are those of the last :meth:`catch_up`: whoever has many events calls it once.
        """
        versions = self._known(kind_of(event))
        wanted = event.get(VERSION)
        if not versions:
            return []
        if wanted is None:
            wanted = max(versions)
        if type(wanted) is not int or wanted not in versions:
            return [Fault(VERSION, f"one of {', '.join(map(str, sorted(versions)))}", shown(event.get(VERSION)))]
        # Null says the same as silence everywhere at an event's top.
        stated = {name: value for name, value in event.items() if value is not None}
        return versions[wanted].contract.faults(stated)

    def register(self, name: str, version: int, schema: object, by: Principal) -> dict[str, Any]:
        """Keep a version of an own kind in the ledger.

        Returns:
            The kind, and whether that is new: the same schema again says nothing new.

        Raises:
            UsageError: a bound is broken, or the schema is none.
            ConflictError: the name is a normative kind's, or the version has another schema, or is older than the last.
        """
        self._check(name, version)
        text = _text(schema)
        contract = Contract.of(text)
        # One at a time: what is there is looked at and added to as one step.
        with self._registering:
            return self._register(name, version, text, contract, by)

    def _register(self, name: str, version: int, text: bytes, contract: Contract, by: Principal) -> dict[str, Any]:
        known = self._versions(name)
        if version in known:
            if known[version].text != text:
                raise ConflictError(
                    f"version {version} of {name} has another schema",
                    expected=f"version {max(known) + 1}",
                    hint="a published version never changes; give the new schema a new version",
                    field="version",
                )
            return known[version].to_json() | {"new": False}
        if known and version < max(known):
            raise ConflictError(
                f"{name} has a later version", expected=f"above {max(known)}", got=str(version), field="version"
            )
        if sum(map(len, self._own.values())) >= MOST_OWN:
            raise UsageError("there are too many own kinds", expected=f"at most {MOST_OWN} versions of them")
        digest = hashlib.sha256(text).hexdigest()
        detail: dict[str, str | int] = {"kind": name, "version": version, "sha256": digest, "schema": text.decode()}
        draft = act_entry(ACT, by, detail, f"kind:{name}/{version}")

        def act(_: Transaction) -> list[Draft]:
            return [draft]

        self._ledger.transact(self._tenant, act)
        return Known(name, version, True, contract, text).to_json() | {"new": True}

    @staticmethod
    def _check(name: str, version: int) -> None:
        if not name.strip() or name != name.strip() or len(name) > NAME_LENGTH or not name.isprintable() or "/" in name:
            expected = f"1 to {NAME_LENGTH} printable characters without a slash, such as acme.deploy"
            raise UsageError("that is no name of a kind", expected=expected, got=repr(name)[:60], field="kind")
        if is_reserved(name.lower()):
            raise UsageError("that kind is this installation's own", got=name[:60], field="kind")
        if name.lower() in built_in():
            raise ConflictError(
                f"{name} is a normative kind", expected="a name of your own", hint="such as acme." + name, field="kind"
            )
        if not 1 <= version <= MOST_VERSION:
            raise UsageError(
                "that is no version", expected=f"1 to {MOST_VERSION}", got=str(version)[:20], field="version"
            )

    def _versions(self, name: str) -> Mapping[int, Known]:
        self.catch_up()
        return self._known(name)

    def _known(self, name: str) -> Mapping[int, Known]:
        # A filter by kind does not regard case, so nor does what a kind must say.
        name = name.lower()
        return built_in().get(name) or self._own.get(name, {})

    def catch_up(self) -> None:
        """Take in what the ledger says of kinds by now."""
        with self._lock:
            head = self._ledger.head(self._tenant)
            if head == self._seen:
                return
            for entry in self._ledger.entries_of(self._tenant, [Kind.AUDIT], self._seen, head):
                if entry.salt is None:
                    continue  # erased: it says nothing any more
                body = orjson.loads(self._ledger.opened(entry))
                if body["act"] != ACT:
                    continue
                detail = body["detail"]
                text = detail["schema"].encode()
                own = Known(detail["kind"], detail["version"], True, Contract.of(text), text)
                self._own.setdefault(own.name.lower(), {})[own.version] = own
            self._seen = head


def _text(schema: object) -> bytes:
    """A schema as it is kept: the same for the same schema.

    Raises:
        UsageError: it is not one JSON object.
    """
    if not isinstance(schema, dict):
        raise UsageError("a schema is a JSON object", got=shown(schema), field="schema")
    try:
        return orjson.dumps(schema, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError as error:
        raise UsageError(
            "the schema cannot be kept",
            expected="JSON with whole numbers of 64 bits",
            got=str(error)[:80],
            field="schema",
        ) from None
