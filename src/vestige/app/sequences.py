"""A tenant's sequence patterns: the built-in and its own, which of them are on, and what scans with them find.

What a tenant says of patterns stands in its ledger, as acts: ``sequence.apply`` with the pattern's whole text,
``sequence.enable`` and ``sequence.disable``. An own pattern of a built-in one's name stands in its place; of several of
one name the latest holds. Enabling and disabling are by name, and outlast a new version.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from vestige.app.findings import Findings
from vestige.correlate.library import built_in, text_of
from vestige.correlate.pattern_file import read_pattern
from vestige.correlate.sequence_store import arrived_times
from vestige.correlate.sequences import Cut, Span, scan
from vestige.ledger import Draft, Kind, act_entry
from vestige.model.errors import BusyError, NotFoundError, QueryError, UsageError
from vestige.model.instant import MAX_INSTANT, now
from vestige.query import Reader

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from vestige.correlate.patterns import Pattern
    from vestige.ingest.intake import Stores
    from vestige.ledger import Transaction
    from vestige.model.principal import Principal
    from vestige.query import Index

APPLY, ENABLE, DISABLE = "sequence.apply", "sequence.enable", "sequence.disable"
MOST_OWN = 500
"""Own patterns of a tenant."""
MOST_DETECTIONS = 1_000
"""Stored findings that one answer lists."""
MOST_TOLD = 20
"""Lines about what a scan on arrival did not look at, or could not look for."""


class Unreadable(NamedTuple):
    """An own pattern that this version of the program cannot read. Nothing runs in its place."""

    name: str
    digest: str
    reason: str

    def to_json(self) -> dict[str, Any]:
        """As a scan tells it."""
        return {"pattern": self.name, "reason": self.reason}


class Known(NamedTuple):
    """A pattern a tenant has."""

    pattern: Pattern | Unreadable
    own: bool
    enabled: bool

    def to_json(self) -> dict[str, Any]:
        """As lists show it."""
        one = self.pattern
        if isinstance(one, Unreadable):
            state = {"origin": "own", "enabled": self.enabled, "unreadable": one.reason}
            return {"name": one.name, "digest": one.digest} | state
        return {
            "name": one.name,
            "version": one.version,
            "digest": one.digest,
            "title": one.title,
            "description": one.description,
            "severity": one.severity,
            "tags": list(one.tags),
            "origin": "own" if self.own else "built-in",
            "enabled": self.enabled,
        }


class Sequences:
    """The patterns of one tenant and their findings. Safe to share between threads."""

    def __init__(self, stores: Stores, index: Index) -> None:
        self._stores = stores
        self._reader = Reader(index)
        self._findings = Findings(stores, self._reader)
        self._lock = threading.Lock()
        self._scanning = threading.Lock()
        self._own: dict[str, Pattern | Unreadable] = {}
        self._applied: dict[str, int] = {}
        """Position of the entry that has an own pattern's text."""
        self._switched: dict[str, bool] = {}
        self._seen = 0

    def all(self) -> list[dict[str, Any]]:
        """Every pattern, by name."""
        return [known.to_json() for known in self._known().values()]

    def shown(self, name: str) -> dict[str, Any]:
        """A pattern with its text, byte for byte as it was applied.

        Raises:
            NotFoundError: there is none of that name, or the entry that has its text was erased.
        """
        known = self._one(name)
        if not known.own:
            return known.to_json() | {"text": text_of(name)}
        position = self._applied[name]
        (entry,) = self._stores.ledger.read(self._stores.tenant, position, position + 1)
        if entry.salt is None:
            raise NotFoundError("the text of this pattern was erased", got=name, hint="apply it anew", field="pattern")
        return known.to_json() | {"text": orjson.loads(self._stores.ledger.opened(entry))["detail"]["text"]}

    def apply(self, text: str, by: Principal) -> dict[str, Any]:
        """Keep a pattern in the ledger and let it hold from now on.

        Returns:
            The pattern, and whether that is new: the same text again says nothing new.

        Raises:
            UsageError: it is no pattern, with the place; or there are too many.
        """
        pattern = read_pattern(text.encode("utf-8", "surrogatepass"), "the pattern")
        known = self._known()
        before = known.get(pattern.name)
        is_new = before is None or before.pattern.digest != pattern.digest
        if is_new and pattern.name not in self._own and len(self._own) >= MOST_OWN:
            raise UsageError("there are too many own patterns", expected=f"at most {MOST_OWN}", got=f"{len(self._own)}")
        if is_new:
            detail = {"name": pattern.name, "sha256": pattern.digest, "version": pattern.version, "text": text}
            self._append(act_entry(APPLY, by, detail))
        return self._known()[pattern.name].to_json() | {"new": is_new}

    def switch(self, name: str, by: Principal, *, on: bool) -> dict[str, Any]:
        """Enable or disable a pattern.

        Raises:
            NotFoundError: there is none of that name.
        """
        known = self._one(name)
        if known.enabled != on:
            self._append(act_entry(ENABLE if on else DISABLE, by, {"name": name}))
        return self._one(name).to_json()

    def scan(
        self, names: Sequence[str], start: int | None, end: int | None, *, dry: bool = False
    ) -> Iterator[dict[str, Any]]:
        """Look for patterns in a span; what is found is kept in the ledger once, whoever scans how often.

        Args:
            names: which; none: those that are enabled. A named one is looked for even if it is disabled.
            start: from this instant (ns) on; ``None``: from the beginning.
            end: up to, not including, this one; ``None``: to the end. Given, it counts as known to be over, unless it
                lies ahead: a pattern that ends with an absent step is decided by it.
            dry: keep nothing.

        Returns:
            One object for each pattern that comes next (``{"progress": …}``), one for each finding, pattern by pattern,
            one for each thing that was not looked at (``{"cut": …}``), and one for each pattern that could not be
            looked for (``{"failure": …}``), as they come about.

        Raises:
            NotFoundError: there is no such pattern.
            BusyError: another scan is under way; raised when the first object is asked for.
        """
        known = [self._one(name) for name in dict.fromkeys(names)] if names else [
            one for one in self._known().values() if one.enabled
        ]  # fmt: skip
        return self._scan(known, Span(start, end, None if end is None else min(end, now())), dry=dry)

    def attempt(self, text: str, start: int | None, end: int | None) -> Iterator[dict[str, Any]]:
        """Look for a pattern that was not applied, and keep nothing: a :meth:`scan` for it alone.

        Raises:
            UsageError: it is no pattern, with the place.
            BusyError: another scan is under way; raised when the first object is asked for.
        """
        pattern = read_pattern(text.encode("utf-8", "surrogatepass"), "the pattern")
        known = Known(pattern, own=True, enabled=True)
        return self._scan([known], Span(start, end, None if end is None else min(end, now())), dry=True)

    def scan_arrived(self, lo: int, hi: int, stop: threading.Event) -> list[str]:
        """Look for what entries from one position up to another may have completed, with the enabled patterns.

        Returns:
            What was not looked at in full, and why: a line each, the first :data:`MOST_TOLD`.

        Raises:
            BusyError: another scan is under way, or the index was computed anew meanwhile.
        """
        times = arrived_times(self._reader, self._stores.log, lo, hi)
        if times is None:
            return []
        told: list[str] = []
        for one in self._known().values():
            if one.enabled and not stop.is_set():
                within = 0 if isinstance(one.pattern, Unreadable) else one.pattern.within
                for found in self._scan([one], Span(times[0], min(times[1] + within, MAX_INSTANT) + 1)):
                    missed = found.get("cut") or found.get("failure")
                    if missed and len(told) < MOST_TOLD:
                        keys = "".join(f" {key['kind']}={key['value']}" for key in missed.get("keys", ()))
                        told.append(f"{one.pattern.name}{keys}: {missed['reason']}")
        return told

    def _scan(self, known: Sequence[Known], span: Span, *, dry: bool = False) -> Iterator[dict[str, Any]]:
        if not self._scanning.acquire(blocking=False):
            raise BusyError("a scan is under way", hint="wait for it to end, then try again")
        try:
            for done, one in enumerate(known):
                yield {"progress": {"done": done, "of": len(known), "pattern": one.pattern.name}}
                if isinstance(one.pattern, Unreadable):
                    yield {"failure": one.pattern.to_json()}
                    continue
                try:
                    found = scan(self._reader, self._stores.log, one.pattern, span)
                except QueryError as error:
                    yield {"failure": Unreadable(one.pattern.name, one.pattern.digest, str(error)).to_json()}
                    continue
                if dry:
                    yield from self._findings.told(found.detections)
                else:
                    self._catch_up()
                    yield from self._findings.keep(found.detections)
                yield from ({"cut": _cut(cut)} for cut in found.cuts)
        finally:
            self._scanning.release()

    def detections(self, limit: int, name: str = "") -> list[dict[str, Any]]:
        """The findings that are kept, the newest first; those of one detector, if its name is given."""
        self._catch_up()
        return self._findings.listed(limit, name)

    def _one(self, name: str) -> Known:
        known = self._known()
        if name not in known:
            raise NotFoundError(
                "there is no such pattern", expected=", ".join(known), got=name[:80],
                hint="`vestige sequences list` shows them", field="pattern",
            )  # fmt: skip
        return known[name]

    def _known(self) -> Mapping[str, Known]:
        self._catch_up()
        own = dict(self._own)
        every: dict[str, Pattern | Unreadable] = {**built_in(), **own}
        return {
            name: Known(one, name in own, self._switched.get(name, isinstance(one, Unreadable) or one.enabled))
            for name, one in sorted(every.items())
        }

    def _append(self, draft: Draft) -> None:
        def act(_: Transaction) -> list[Draft]:
            return [draft]

        self._stores.ledger.transact(self._stores.tenant, act)

    def _catch_up(self) -> None:
        """Take in what the ledger says of patterns, and where findings stand."""
        ledger, tenant = self._stores.ledger, self._stores.tenant
        with self._lock:
            head = ledger.head(tenant)
            for entry in ledger.entries_of(tenant, [Kind.AUDIT], self._seen, head):
                if entry.salt is None:
                    continue  # erased: it says nothing any more
                body = orjson.loads(ledger.opened(entry))
                detail = body.get("detail", {})
                self._findings.take(entry, body)
                if body["act"] == APPLY:
                    self._own[detail["name"]] = _recorded(detail)
                    self._applied[detail["name"]] = entry.position
                elif body["act"] in {ENABLE, DISABLE}:
                    self._switched[detail["name"]] = body["act"] == ENABLE
            self._seen = head


def _recorded(detail: Mapping[str, str]) -> Pattern | Unreadable:
    """A pattern as it was applied; an earlier version of the program may have read what this one does not."""
    try:
        return read_pattern(detail["text"].encode(), "the recorded pattern")
    except UsageError as error:
        return Unreadable(detail["name"], detail["sha256"], str(error))


def _cut(cut: Cut) -> dict[str, Any]:
    keys = [{"kind": key.kind, "value": key.value} for key in cut.keys]
    return {"pattern": cut.pattern, "keys": keys, "reason": cut.reason}
