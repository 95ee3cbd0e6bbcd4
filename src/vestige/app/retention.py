"""Retention of one tenant: what is decided, what is past it, and the purge.

The policy is the latest ``retention.set`` act. What is past it is found by reading leaves from the beginning: they are
in order of receipt, but for a clock that was set back; each record's own time decides, so that none goes too early.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson

from vestige.custody.profiles import PROFILES
from vestige.custody.retention import DAY, Policy
from vestige.ingest import store
from vestige.ledger import Kind, act_entry
from vestige.ledger.ranges import RangeSet, without
from vestige.model.errors import BusyError, ForbiddenError, NotFoundError
from vestige.model.instant import now, to_micro_text
from vestige.model.principal import Principal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy import Connection

    from vestige.app.custody import Custody
    from vestige.custody.profiles import Profile
    from vestige.ingest.intake import Stores
    from vestige.jobs import Turn
    from vestige.proof.canonical import Encodable
    from vestige.settings import Settings

SET: Final = "retention.set"
PAGE: Final = 10_000
MARGIN: Final = 7 * DAY
"""Leaves are read on so far behind the last cutoff: a clock may have been set back by less."""
SELF: Final = Principal("vestige")


class Past(NamedTuple):
    """What is past its retention and still there."""

    ranges: list[tuple[int, int]]
    """Of positions."""
    records: int
    size: int
    """Bytes of payloads."""
    sources: dict[str, int]
    """Records by source's name; empty for those of none."""
    acquisitions: set[str]
    first: str
    last: str


class Retention:
    """The retention of one tenant. ``no_worm`` says why no store is there that nobody can overwrite; empty: one is."""

    def __init__(self, stores: Stores, custody: Custody, no_worm: str, clock: Callable[[], int] = now) -> None:
        self._stores = stores
        self._ledger = stores.ledger
        self._custody = custody
        self._no_worm = no_worm
        self._clock = clock
        self._lock = threading.Lock()
        self._known: tuple[int, Policy] = (0, Policy())

    def policy(self) -> Policy:
        """The policy in force."""
        with self._lock:
            seen, policy = self._known
            head = self._ledger.head(self._stores.tenant)
            for entry in self._ledger.entries_of(self._stores.tenant, [Kind.AUDIT], seen, head):
                # A policy of many sources is larger than a row, and lies in a blob.
                if entry.salt is None or (entry.payload is not None and b"retention.set" not in entry.payload):
                    continue
                said = orjson.loads(self._ledger.opened(entry))
                if said.get("act") == SET:
                    policy = Policy.from_json(said["detail"]["after"])
            self._known = head, policy
            return policy

    def profile(self) -> Profile:
        """What the mode in force asks for."""
        return PROFILES[self.policy().mode]

    def shown(self) -> dict[str, Any]:
        """The policy, what its mode asks for, and what of that is not there."""
        policy = self.policy()
        mode = PROFILES[policy.mode]
        told = policy.to_json() | {
            "floor_days": mode.retention_days, "mode_about": mode.about, "counted_from": "receipt"
        }  # fmt: skip
        return told | ({"warning": self._warning(policy)} if self._warning(policy) else {})

    def changed(
        self, *, days: int | None, mode: str | None, purge: bool | None, sources: Mapping[str, int | None]
    ) -> tuple[Policy, Policy]:
        """The policy in force, and what a change would make of it. Raises as :meth:`set` does."""
        with self._stores.db.read(self._stores.tenant) as connection:
            known = set(store.source_names(connection, self._stores.log).values())
        for name in sources:
            if name not in known:
                raise NotFoundError("there is no such source", expected="one of `vestige source list`", got=name[:60])
        before = self.policy()
        return before, before.changed(days=days, mode=mode, purge=purge, sources=sources)

    def set(
        self, by: Principal, *, days: int | None, mode: str | None, purge: bool | None,
        sources: Mapping[str, int | None], may_lower: bool, agreed: Mapping[str, Encodable] | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        """Change the policy, by an entry.

        Args:
            by: who changes it.
            days: of the tenant; ``None``, here and below: as it is.
            mode: a profile's name.
            purge: whether anything is purged.
            sources: by name the days of those that are kept for another time; ``None``: as the others again.
            may_lower: whether it may have a mode that asks for less than the one in force, which is the owner's to say.
            agreed: what its entry says of the proposal it carries out, if it does.

        Raises:
            InputError: days below the mode's floor, or no such mode.
            NotFoundError: there is no such source.
            ForbiddenError: the mode asks for less, and that may not be.
        """
        before, after = self.changed(days=days, mode=mode, purge=purge, sources=sources)
        if after.asks_for_less(before) and not may_lower:
            raise ForbiddenError(
                "this mode asks for less than the one in force",
                expected=f"one that asks for no less than {before.mode}, or somebody with the permission tenant.manage",
                got=after.mode,
                hint="an owner of the tenant proposes it, or approves it",
            )
        if after != before:
            detail = {"after": after.to_json(), "before": before.to_json(), **(agreed or {})}
            entry = act_entry(SET, by, detail)
            self._ledger.transact(self._stores.tenant, lambda _: [entry])
        return self.shown()

    def plan(self, progress: Callable[[int, int], None] = lambda *_: None) -> dict[str, Any]:
        """What a purge would take now, and what holds would keep of it; nothing is changed or written down."""
        found = self._past(progress)
        held, kept = [], RangeSet()
        for hold, protected in self._custody.holds.protecting(found.ranges).items():
            if protected.count():
                held.append({"hold": hold, "records": protected.count()})
            for lo, hi in protected.within(0, 1 << 62):
                kept.add(lo, hi)
        left = sum(hi - lo for lo, hi in without(found.ranges, kept))
        return self._told(found) | {"would_purge": left, "kept_by_holds": found.records - left, "holds": held}

    def run(
        self, by: Principal, progress: Callable[[int, int], None], agreed: Mapping[str, Encodable] | None = None,
        fenced: Callable[[Connection], None] = lambda _: None,
    ) -> dict[str, Any]:  # fmt: skip
        """Purge what is past retention and no hold protects; ``agreed`` as for :meth:`set`.

        ``fenced`` is called within the transaction that takes it; it raises where the job is another process's by then.

        Raises:
            BusyError: another erasure or rebuild is under way; nothing was purged.
        """
        found = self._past(lambda *_: None)
        plan = self.plan() if found.records else {"would_purge": 0, "kept_by_holds": 0, "holds": []}
        if not plan["would_purge"]:
            return self._told(found) | {"purged": 0, "kept_by_holds": plan["kept_by_holds"], "holds": plan["holds"]}
        made = self._custody.purge(
            found.ranges, found.acquisitions, by, self.policy().to_json(), progress, agreed, fenced
        )
        return self._told(found) | made | {"kept_by_holds": found.records - made["purged"], "holds": plan["holds"]}

    def due(self, turn: Turn) -> dict[str, Any]:
        """The scheduled purge, where it is turned on; otherwise how much there would be to purge."""
        if not self.policy().purge:
            found = self._past(turn.progress)
            return {"purge": "off", "past_retention": found.records}
        turn.check()
        try:
            done = self.run(SELF, turn.progress, fenced=turn.hold)
        except BusyError:
            turn.check()
            raise
        return {"purge": "on", "past_retention": done["past_retention"], "purged": done["purged"],
                "kept_by_holds": done["kept_by_holds"]}  # fmt: skip

    def _told(self, found: Past) -> dict[str, Any]:
        sources = [{"source": name, "records": count} for name, count in sorted(found.sources.items())]
        told: dict[str, Any] = {"past_retention": found.records, "bytes": found.size, "sources": sources}
        told |= {"received_from": found.first, "received_to": found.last} if found.records else {}
        warning = self._warning(self.policy())
        return told | {"policy": self.policy().to_json()} | ({"warning": warning} if warning else {})

    def no_write_once(self) -> str:
        """Why there is no copy that nobody can overwrite; empty if there is one."""
        return self._no_worm

    def _warning(self, policy: Policy) -> str:
        if PROFILES[policy.mode].write_once and self._no_worm:
            return f"the mode {policy.mode} asks for a write-once copy, and there is none: {self._no_worm}"
        return ""

    def _past(self, progress: Callable[[int, int], None]) -> Past:
        """What is past retention in the current epoch's log; of a closed one nothing can be erased."""
        log = self._ledger.log(self._stores.tenant)
        with self._stores.db.read(self._stores.tenant) as connection:
            names = store.source_names(connection, self._stores.log)
        policy, at = self.policy(), self._clock()
        default, by_name = policy.cutoffs(at)
        cutoffs = {source: by_name[name] for source, name in names.items() if name in by_name}
        shortest = min((policy.days, *policy.sources.values()))
        end = to_micro_text(max(at - shortest * DAY + MARGIN, 0))
        gone = RangeSet()
        for lo, hi, _ in self._ledger.erasures.holding(self._stores.tenant).erasures:
            gone.add(lo, hi)
        found, counts, acquisitions, size = RangeSet(), dict[str, int](), set[str](), 0
        first = last = ""
        head = self._ledger.head(self._stores.tenant)
        for lo in range(log.base, head, PAGE):
            received = ""
            for seq, leaf in enumerate(
                self._ledger.leaves(self._stores.tenant, lo, min(lo + PAGE, head)), lo - log.base
            ):
                fields = orjson.loads(leaf)
                received, source = fields["at"], fields.get("src", "")
                if fields["kind"] != Kind.EVIDENCE or received >= cutoffs.get(source, default) or seq in gone:
                    continue
                found.add(seq + log.base, seq + log.base + 1)
                name = names.get(source, "")
                counts[name] = counts.get(name, 0) + 1
                size += fields["len"]
                first, last = first or received, received
                if "acq" in fields:
                    acquisitions.add(fields["acq"])
            progress(min(lo + PAGE, head) - log.base, head - log.base)
            if received >= end:
                break
        return Past(found.within(0, 1 << 62), found.count(), size, counts, acquisitions, first, last)


def worm_of(settings: Settings) -> str:
    """Why the archive store is none that nobody can overwrite; empty if it is set up as one."""
    if not settings.archive_url:
        return "VESTIGE_ARCHIVE_URL names no store of archives"
    if not settings.archive_url.startswith("s3://"):
        return "the store of archives is a directory, which its owner can overwrite"
    if not settings.archive_lock_days:
        return "VESTIGE_ARCHIVE_LOCK_DAYS is 0, so objects of the store are not locked"
    return ""
