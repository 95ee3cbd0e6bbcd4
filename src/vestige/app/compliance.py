"""What a tenant's mode asks for, how that stands, and the evidence for a period: facts with entries, never a verdict.

Nothing here says that anybody complies with anything. It says what was asked for by which text, what is there, and
which entries of the ledger show it.
"""

from __future__ import annotations

from array import array
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import orjson

from vestige.app.upkeep import DAY_SECONDS, FULL
from vestige.custody.profiles import PROFILES
from vestige.ledger import Kind, act_entry
from vestige.model.errors import InputError
from vestige.model.instant import NANOS, now, parse_bound, to_micro_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vestige.app.installation import Installation
    from vestige.app.rooms import Rooms
    from vestige.bundles import Packer
    from vestige.ledger import StoredEntry
    from vestige.model.principal import Principal

REPORTED: Final = "compliance.reported"
LISTED: Final = 100
"""Entries that are named of one act by one report; how many there are is told besides, and the pack holds all."""
GRACE: Final = 3600 * NANOS
"""How much later than asked for something may be and still be in time: a verification starts when it is due."""
GROUPS: Final = (
    ("verification", ("integrity.verified", "anchor.made", "archive.")),
    ("exception", ("integrity.failed", "anchor.contradicted", "policy.waived", "evidence.erased", "evidence.purged",
                   "evidence.redacted", "evidence.redaction_lifted", "access.refused", "login.failed", "hold.",
                   "custody.", "ledger.new_epoch")),
    ("policy", ("retention.set", "policy.", "price.", "kind.", "source.set", "sequence")),
    ("people", ("person.", "key.", "login.", "tenant.")),
    ("disclosure", ("evidence.exported", "evidence.revealed", "bundle.", "case.exported", REPORTED)),
)  # fmt: skip
"""What acts are told as, by how their names begin; the first that fits."""

_HELD: Final = {True: "yes", False: "no", None: "unknown"}
"""As an entry states it, whose JSON has no null."""


@dataclass(slots=True)
class _Acts:
    """The acts of one name."""

    count: int = 0
    first: str = ""
    last: str = ""
    entries: list[dict[str, str]] = field(default_factory=list)

    def add(self, entry: StoredEntry, at: str, actor: str) -> None:
        self.count += 1
        self.first, self.last = self.first or at, at
        if len(self.entries) < LISTED:
            self.entries.append({"id": entry.id, "at": at, "actor": actor})


class Compliance:
    """The standing and the evidence of one tenant."""

    def __init__(self, installation: Installation, rooms: Rooms, clock: Callable[[], int] = now) -> None:
        self._installation = installation
        self._rooms = rooms
        self._clock = clock

    def standing(self) -> dict[str, Any]:
        """What the mode in force asks for, and of each point what is there and since when."""
        retention = self._rooms.retention
        policy, profile = retention.policy(), retention.profile()
        kept = min((policy.days, *policy.sources.values()))
        return {
            "mode": profile.name,
            "title": profile.title,
            "about": profile.about,
            "source": profile.source,
            "dated": profile.dated,
            "points": [
                _point(
                    "retention", f"at least {profile.retention_days} days" if profile.retention_days else "",
                    f"{kept} days from receipt", held=kept >= profile.retention_days,
                ),
                self._verified(profile.verify_days),
                self._signed(),
                self._copied(asked=profile.write_once),
            ],
        }  # fmt: skip

    def modes(self) -> list[dict[str, Any]]:
        """Every mode there is, with what it asks for, by which text."""
        return [one._asdict() for one in PROFILES.values()]

    def report(self, start: int, end: int) -> dict[str, Any]:
        """Who did what in a period, by act, with the entries that say so; ``end`` is not included.

        A period ends now at the latest: of what is still to come nothing can be counted.

        Raises:
            InputError: the period is none.
        """
        end = min(end, self._clock())
        _check(start, end)
        acts: dict[str, _Acts] = {}
        people: dict[str, Counter[str]] = {}
        groups: Counter[str] = Counter()
        gone = 0
        for entry, at in self._within(start, end):
            if entry.salt is None:
                gone += 1
                continue
            said = orjson.loads(self._installation.ledger.opened(entry))
            act, actor = str(said.get("act", "")), str(said.get("by", ""))
            acts.setdefault(act, _Acts()).add(entry, at, actor)
            people.setdefault(actor, Counter())[act] += 1
            groups[_group(act)] += 1
        return self.standing() | {
            "from": to_micro_text(start),
            "to": to_micro_text(end),
            "groups": dict(sorted(groups.items())),
            "acts": [
                {"action": act, "group": _group(act), "count": one.count, "first": one.first, "last": one.last,
                 "entries": one.entries}
                for act, one in sorted(acts.items())
            ],
            "people": [
                {"actor": actor, "acts": did.total(), "actions": dict(sorted(did.items()))}
                for actor, did in sorted(people.items())
            ],
            "erased": gone,
        }  # fmt: skip

    def pack(self, start: int, end: int, by: Principal) -> tuple[Packer, dict[str, Any]]:
        """A bundle of every act of a period, and of the act that states the report over them.

        Returns:
            The bundle, and what was asked for.
        """
        end = min(end, self._clock())
        report = self.report(start, end)
        ledger, tenant = self._installation.ledger, self._rooms.tenant.id
        counts = {one["action"]: one["count"] for one in report["acts"]}
        points = [
            {name: one[name] for name in ("point", "asked", "found")} | {"held": _HELD[one["held"]]}
            for one in report["points"]
        ]
        said: dict[str, Any] = {"from": report["from"], "to": report["to"], "mode": report["mode"]}
        entry = act_entry(REPORTED, by, said | {"acts": counts, "points": points, "erased": report["erased"]})
        stated = ledger.transact(tenant, lambda _: [entry]).items[0].ids[0]
        self._rooms.projector.nudge()
        positions = array("Q", [one.position for one, _ in self._within(start, end) if one.salt is not None])
        last = ledger.entry(tenant, stated).position
        if last not in positions:
            positions.append(last)
        return self._rooms.bundles.pack_acts(positions, {"compliance": report["mode"]} | said), said

    # -- points ---------------------------------------------------------------------------------------------------

    def _verified(self, days: int) -> dict[str, Any]:
        states = self._installation.upkeep.runner.states(self._rooms.tenant.id)
        full = next(one for one in states if one["name"] == FULL)
        asked = f"the whole ledger every {days} days at least" if days > 1 else "the whole ledger daily" if days else ""
        result = full.get("result", {})
        if "last_good" not in full:
            return _point("verification", asked, "never yet", held=None)
        late = (
            parse_bound(full["last_good"], field="last_good") + (days * DAY_SECONDS) * NANOS + GRACE < self._clock()
            if days
            else False
        )
        failed = result.get("ok") is False
        entry = {"entry": result["entry"]} if "entry" in result else {}
        said = f"last at {full['last_good']}, every {full['every_seconds']} seconds"
        return _point("verification", asked, f"{said}; the last one failed" if failed else said,
                      held=not (late or failed)) | entry  # fmt: skip

    def _signed(self) -> dict[str, Any]:
        """Every entry is under a signed checkpoint: that is not asked for by some modes, but of every log."""
        ledger, tenant = self._installation.ledger, self._rooms.tenant.id
        checkpoint, head = ledger.latest_checkpoint(tenant, None), ledger.head(tenant) - ledger.log(tenant).base
        size = 0 if checkpoint is None else checkpoint.size
        # What came in since waits for its turn; for an hour it never does.
        soon = checkpoint is not None and checkpoint.at > self._clock() - GRACE
        error = self._installation.signing_error
        said = f"{size} of {head} entries are under a signed checkpoint"
        return _point("signing", "every entry under a signed checkpoint", f"{said}; {error}" if error else said,
                      held=not error and (size == head or soon))  # fmt: skip

    def _copied(self, *, asked: bool) -> dict[str, Any]:
        missing = self._rooms.retention.no_write_once()
        wanted = "a copy that nobody can overwrite or delete" if asked else ""
        return _point("write-once copy", wanted, missing or "archives lie in a store that is locked", held=not missing)

    def _within(self, start: int, end: int) -> Iterator[tuple[StoredEntry, str]]:
        """The acts of a period by when they were appended, with that time."""
        lo, hi = to_micro_text(start), to_micro_text(end)
        for entry in self._installation.ledger.entries_of(self._rooms.tenant.id, [Kind.AUDIT]):
            at = orjson.loads(entry.leaf)["at"]
            if lo <= at < hi:
                yield entry, at


def _point(name: str, asked: str, found: str, *, held: bool | None) -> dict[str, Any]:
    """A point: what is asked for, empty where nothing is; what is there; whether that is held, ``None``: not known."""
    return {"point": name, "asked": asked, "found": found, "held": held if asked else None}


def _group(act: str) -> str:
    return next((name for name, starts in GROUPS if act.startswith(starts)), "rest")


def _check(start: int, end: int) -> None:
    if start >= end:
        raise InputError("the period is none", expected="from before to", got=to_micro_text(start), field="from")
