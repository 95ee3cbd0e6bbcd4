"""How much of a session is covered: what each witness told, held against the others, call by call.

The **figure** is the share of calls that every witness of the session tells, hooks both before and after. A session
with one witness has none: whatever that one left out, nobody would know. It says which, and is never called complete.
Each hole names the call, who is silent on it, and why, as far as that is known:

==================  =====================================================================================
``hook_absent``     the hook never told anything of this tool in this session: taken out, or not installed
``hook_missed``     it told of other calls of the tool, not of this one
``unread``          the transcript has lines that could not be read
``transcript``      the transcript does not have the call, and all of it could be read
``telemetry``       telemetry does not have the call
==================  =====================================================================================

Of the session as a whole: ``one_witness``, ``transcript_missing`` (hooks told, and the transcript was not taken in),
``capture_gap`` (capture says that it could not take something), ``unread`` and ``cut`` (more events than are read).
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from vestige.agents.told import CHANNELS, HOOKS, TELEMETRY, TRANSCRIPT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vestige.agents.session import Session, Step
    from vestige.agents.told import Told

BEFORE, AFTER = "before", "after"
MOST_HOLES: Final = 200
"""Holes that are told one by one; all are counted."""


class Hole(NamedTuple):
    """One thing that a witness did not tell."""

    witness: str
    reason: str
    detail: str
    use: str = ""
    tool: str = ""
    evidence: tuple[str, ...] = ()
    """Ids of events that show it."""


class Coverage(NamedTuple):
    """What the witnesses of one session told of its calls."""

    calls: int
    by: dict[str, int]
    """Calls that each witness told."""
    by_all: int
    """Calls that all of the session's witnesses told, hooks before and after."""
    snapshots: int
    """Calls around which files were looked at, before and after."""
    witnesses: tuple[str, ...]
    holes: list[Hole]
    found: int
    """How many holes there are; they may be more than are told."""

    @property
    def figure(self) -> float | None:
        """The share of calls that all witnesses tell; none with one witness, or without calls."""
        return self.by_all / self.calls if self.calls and len(self.witnesses) > 1 else None

    @property
    def complete(self) -> bool:
        """Whether several witnesses tell the same, and nobody says that anything is missing."""
        return len(self.witnesses) > 1 and not self.found

    def to_json(self) -> dict[str, Any]:
        """As answers have it; shares in ten-thousandths are whole numbers elsewhere, here they are fractions."""
        about: dict[str, Any] = {
            "calls": self.calls, "by": self.by, "by_all": self.by_all, "snapshots": self.snapshots,
            "witnesses": list(self.witnesses), "complete": self.complete, "holes": self.found,
            "share": None if self.figure is None else round(self.figure, 4),
            "snapshot_share": round(self.snapshots / self.calls, 4) if self.calls else None,
        }  # fmt: skip
        if self.figure is None:
            about["reason"] = (
                "nothing was told by a witness" if not self.witnesses
                else f"only {self.witnesses[0]} told of this session" if len(self.witnesses) == 1
                else "no call was told"
            )  # fmt: skip
        return about


def reconcile(session: Session, gaps: Sequence[Told], unread: Mapping[str, int]) -> Coverage:
    """Hold the witnesses of a session against each other.

    Args:
        session: it.
        gaps: what capture says it could not take, of its repository while it ran.
        unread: records that could not be read, by acquisition.
    """
    witnesses = tuple(channel for channel in CHANNELS if session.channels.get(channel))
    by = {channel: sum(channel in call.told for call in session.calls) for channel in witnesses}
    lost = sum(unread.get(name, 0) for name in session.acquisitions.get(TRANSCRIPT, ()))
    phases: Counter[tuple[str, str]] = Counter()
    for call in session.calls:
        phases.update((call.tool, phase) for phase in call.phases)
    holes = [*_whole(session, witnesses, gaps, lost)]
    by_all = 0
    for call in session.calls:
        found = list(_of_call(call, witnesses, phases, lost))
        by_all += not found
        holes += found
    snapshots = sum({BEFORE, AFTER} <= call.snapshots for call in session.calls)
    return Coverage(len(session.calls), by, by_all, snapshots, witnesses, holes[:MOST_HOLES], len(holes))


def _whole(session: Session, witnesses: Sequence[str], gaps: Sequence[Told], lost: int) -> list[Hole]:
    holes = []
    if len(witnesses) == 1:
        holes.append(Hole(witnesses[0], "one_witness", f"only {witnesses[0]} told of this session"))
    if HOOKS in witnesses and TRANSCRIPT not in witnesses:
        holes.append(Hole(TRANSCRIPT, "transcript_missing", "hooks ran, and no transcript was taken in"))
    if lost:
        holes.append(Hole(TRANSCRIPT, "unread", f"{lost} lines of the transcript could not be read"))
    if session.cut:
        holes.append(Hole("", "cut", "more events than are read of one session"))
    if session.uncounted:
        holes.append(Hole("", "unmatched", f"{session.uncounted} calls without an id cannot be held against others"))
    holes += [Hole(HOOKS, "capture_gap", gap.event.message, evidence=(gap.id,)) for gap in gaps]
    return holes


def _of_call(call: Step, witnesses: Sequence[str], phases: Mapping[tuple[str, str], int], lost: int) -> list[Hole]:
    holes = []
    evidence = tuple(next(iter(call.told.values()), ())[:1])
    about = {"use": call.use, "tool": call.tool, "evidence": evidence}
    if HOOKS in witnesses:
        # What was denied was not made, so no hook runs behind it; that it was denied is its end.
        for phase in (BEFORE, AFTER):
            if phase not in call.phases:
                absent = not phases.get((call.tool, phase))
                reason = "hook_absent" if absent else "hook_missed"
                said = f"no hook {phase} {'any call' if absent else 'this call'} of {call.tool or 'a tool'} told of it"
                holes.append(Hole(HOOKS, reason, said, **about))  # type: ignore[arg-type]
    if TRANSCRIPT in witnesses and TRANSCRIPT not in call.told:
        reason = "unread" if lost else "transcript"
        said = "lines of the transcript could not be read" if lost else "the transcript does not have this call"
        holes.append(Hole(TRANSCRIPT, reason, said, **about))  # type: ignore[arg-type]
    if TELEMETRY in witnesses and TELEMETRY not in call.told:
        holes.append(Hole(TELEMETRY, "telemetry", "telemetry does not have this call", **about))  # type: ignore[arg-type]
    return holes
