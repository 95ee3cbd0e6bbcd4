"""The nouns of the schedule. Times are int64 nanoseconds, 0 for never."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from vestige.model.errors import BusyError
from vestige.model.instant import NANOS, to_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from vestige.jobs.runner import Turn

WAITING: Final = "waiting"
RUNNING: Final = "running"
DONE: Final = "done"
FAILED: Final = "failed"
RETRY_SECONDS: Final = 60
"""After the first failure; twice as long after each further one."""
MOST_RETRY_SECONDS: Final = 3600
INTERRUPTED: Final = "the process that ran it ended before it was over"


class LostTurnError(BusyError):
    """Another process has claimed the job meanwhile: nothing more of this run may be written."""


@dataclass(frozen=True, slots=True)
class Job:
    """Something that is done again and again for each tenant.

    ``work`` is given the tenant's id and the turn, and answers what came of it, as JSON. Whatever it raises is told as
    the job's failure, and it is tried again.
    """

    name: str
    about: str
    seconds: int
    """From one start to the next; 0: only when it is asked for."""
    work: Callable[[str, Turn], dict[str, Any]]


class State(NamedTuple):
    """A job of a tenant as its row says."""

    tenant: str
    name: str
    owner: str
    fence: int
    lease_until: int
    due_at: int
    started_at: int
    ended_at: int
    ok_at: int
    state: str
    failures: int
    done: int
    total: int
    result: dict[str, Any]
    error: str

    def due(self, job: Job) -> int:
        """When it is due: as was said when it last ended, or sooner if its time was made shorter since."""
        sooner = self.started_at + job.seconds * NANOS if self.started_at else self.due_at
        return min(self.due_at, sooner)

    def to_json(self, job: Job, at: int) -> dict[str, Any]:
        """As lists show it, at a time of the database's clock."""
        running = self.state == RUNNING and self.lease_until > at
        state = self.state if self.state != RUNNING or running else FAILED
        times = {"due": self.due(job) if job.seconds else 0, "started": self.started_at, "ended": self.ended_at,
                 "last_good": self.ok_at}  # fmt: skip
        shown: dict[str, Any] = {"name": self.name, "about": job.about, "every_seconds": job.seconds, "state": state}
        shown |= {name: to_text(value) for name, value in times.items() if value}
        if running:
            shown |= {"runner": self.owner, "progress": {"done": self.done, "of": self.total}}
        error = self.error if self.state != RUNNING or running else INTERRUPTED
        if error and not running:
            shown |= {"error": error, "failures": max(self.failures, 1)}
        return shown | ({"result": self.result} if self.result else {})


def retry_after(failures: int, period: int) -> int:
    """Nanoseconds until a job that failed so often in a row is tried again; never later than its next turn anyway."""
    seconds = min(RETRY_SECONDS << min(failures - 1, 10), MOST_RETRY_SECONDS)
    return (min(seconds, period) if period else seconds) * NANOS
