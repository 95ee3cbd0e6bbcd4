"""How long evidence is kept: a policy of the tenant, the floors it must not go below, and what is past it.

Time counts from the receipt (the leaf's ``at``, by the server's clock): when something happened is content, may be
missing, and may be wrong; when it was taken in is known of every record. So a record without a time of its own is kept
as long as any other.

The floors are data (:mod:`vestige.custody.profiles`).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from vestige.custody.profiles import PROFILES
from vestige.model.errors import InputError
from vestige.model.instant import NANOS, to_micro_text
from vestige.proof.canonical import canonical

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_DAYS: Final = 400
MOST_DAYS: Final = 36_500
MOST_SOURCES: Final = 10_000
MOST_BYTES: Final = 1 << 20
"""Bytes of a policy as its act states it: ten thousand names of ordinary length fit."""
DAY: Final = 86_400 * NANOS


@dataclass(frozen=True, slots=True)
class Policy:
    """A tenant's retention. Nothing is purged before somebody turned that on."""

    days: int = DEFAULT_DAYS
    mode: str = "none"
    purge: bool = False
    sources: Mapping[str, int] = field(default_factory=dict)
    """Days of the sources, by name, that are kept for another time."""

    def to_json(self) -> dict[str, Any]:
        """As it is shown and stated. Sources are a list, since names need not be ASCII."""
        sources = [{"days": days, "name": name} for name, days in sorted(self.sources.items())]
        return {"days": self.days, "mode": self.mode, "purge": "on" if self.purge else "off", "sources": sources}

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Policy:
        """The inverse."""
        sources = {str(one["name"]): int(one["days"]) for one in said["sources"]}
        return cls(int(said["days"]), str(said["mode"]), said["purge"] == "on", sources)

    def changed(
        self, *, days: int | None, mode: str | None, purge: bool | None, sources: Mapping[str, int | None]
    ) -> Policy:
        """The policy with what is said of it; a source's ``None`` gives it the tenant's days again.

        A mode that asks for more days than are kept raises them; days said beside it must reach its floor.

        Raises:
            InputError: no such mode, or days below its floor or beyond all bounds.
        """
        mode = self.mode if mode is None else mode
        if mode not in PROFILES:
            raise InputError("there is no such mode", expected=", ".join(PROFILES), got=mode[:40], field="mode")
        floor = PROFILES[mode].retention_days
        _check(days, floor, mode, "days")
        kept = {name: max(one, floor) for name, one in self.sources.items()}
        for name, one in sources.items():
            _check(one, floor, mode, f"source {name[:60]}")
            if one is None:
                kept.pop(name, None)
            else:
                kept[name] = one
        if len(kept) > MOST_SOURCES:
            raise InputError(
                "too many sources", expected=f"at most {MOST_SOURCES}", got=str(len(kept)), field="sources"
            )
        changed = replace(
            self,
            days=max(self.days, floor) if days is None else days,
            mode=mode,
            purge=self.purge if purge is None else purge,
            sources=kept,
        )
        size = len(canonical(changed.to_json()))
        if size > MOST_BYTES:
            raise InputError(
                "the policy is too large", expected=f"at most {MOST_BYTES} bytes", got=str(size), field="sources",
                hint="keep fewer sources for a time of their own",
            )  # fmt: skip
        return changed

    def lets_go_sooner(self, before: Policy) -> bool:
        """Whether by this policy anything may go that by the one before it would have stayed."""
        names = self.sources.keys() | before.sources.keys()
        days = [(self.days, before.days), (PROFILES[self.mode].retention_days, PROFILES[before.mode].retention_days)]
        days += [(self.sources.get(name, self.days), before.sources.get(name, before.days)) for name in names]
        return (self.purge and not before.purge) or any(now < then for now, then in days)

    def asks_for_less(self, before: Policy) -> bool:
        """Whether its mode asks for less of anything than the mode of the one before it."""
        now, then = PROFILES[self.mode], PROFILES[before.mode]
        seldom = 0 < then.verify_days < (now.verify_days or MOST_DAYS)
        return now.retention_days < then.retention_days or seldom or (then.write_once and not now.write_once)

    def cutoffs(self, at: int) -> tuple[str, dict[str, str]]:
        """Receipt times, as leaves state them, below which records are past retention: by default, and by source."""
        return _before(at, self.days), {name: _before(at, days) for name, days in self.sources.items()}


def _before(at: int, days: int) -> str:
    return to_micro_text(max(at - days * DAY, 0))


def _check(days: int | None, floor: int, mode: str, what: str) -> None:
    least = max(floor, 1)
    if days is not None and not least <= days <= MOST_DAYS:
        raise InputError(
            f"{what}: so many days cannot be kept",
            expected=f"{least} to {MOST_DAYS}" + (f", which the mode {mode} asks for" if floor else ""),
            got=str(days),
            field="days",
        )
