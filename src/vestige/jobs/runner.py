"""Runs what is due, one job at a time in this process, and each job by one process at a time.

The lease is renewed from a thread of its own while the work goes on, so that a long step without progress loses
nothing. Work that must not be done twice holds the turn in its own transaction: :meth:`Turn.hold`.
"""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from vestige.jobs import store
from vestige.jobs.models import LostTurnError, retry_after
from vestige.model.errors import BusyError, NotFoundError, VestigeError
from vestige.model.instant import NANOS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Connection

    from vestige.db import Database
    from vestige.jobs.models import Job, State

_LOG: Final = logging.getLogger("vestige.jobs")
LEASE_SECONDS: Final = 30.0
LOOK_SECONDS: Final = 5.0
FIRST_SECONDS: Final = 60
"""A job that never ran is due so long after it is first known: a start is busy enough."""
MOST_ERROR: Final = 500


class Turn:
    """One run of one job for one tenant. Made by :class:`Runner`."""

    def __init__(self, db: Database, tenant: str, name: str, fence: int, lease: float, stop: threading.Event) -> None:
        self.tenant = tenant
        self.stop = stop
        """Set when the work should end at its next safe point."""
        self._db = db
        self._name = name
        self.fence = fence
        self._lease = int(lease * NANOS)
        self._at = 0, 0
        self._lost = False
        self._renewed = time.monotonic()
        self._over = threading.Event()
        self._beat = threading.Thread(target=self._renew, args=(lease / 3,), name=f"lease-{name}", daemon=True)
        self._beat.start()

    def progress(self, done: int, total: int) -> None:
        """Say how far it is; seen by everybody at the next renewal.

        Raises:
            LostTurnError: another process has the job.
        """
        self._at = done, total
        self.check()

    def check(self) -> None:
        """Raise if the work should not go on.

        Raises:
            LostTurnError: another process has the job.
            BusyError: this process is about to end.
        """
        if self._lost:
            raise lost(self._name)
        if self.stop.is_set():
            raise BusyError("the job was asked to stop", hint="it runs again when it is due")

    def sure(self) -> None:
        """Raise unless nobody else can have the job: what was not renewed in time may be another's, told or not.

        For work that no transaction fences: whoever does it was perhaps stopped, or cut off from the database.

        Raises:
            LostTurnError: another may have it.
        """
        if self._lost or time.monotonic() - self._renewed > self._lease / NANOS:
            raise lost(self._name)

    def hold(self, connection: Connection) -> None:
        """Within a write transaction, make sure that the job is still this process's, until the transaction ends.

        Raises:
            LostTurnError: another process has claimed it; the transaction must not be committed.
        """
        asked = time.monotonic()
        if not store.renew(connection, self.tenant, self._name, self.fence, self._lease, *self._at):
            self._lost = True
            raise lost(self._name)
        self._renewed = asked

    def close(self) -> None:
        """Renew the lease no more."""
        self._over.set()
        self._beat.join()

    def _renew(self, seconds: float) -> None:
        while not self._over.wait(seconds):
            try:
                with self._db.write(self.tenant) as connection:
                    self.hold(connection)
            except LostTurnError:
                return
            except VestigeError:
                continue  # tried again before the lease is over; if it cannot be renewed, the job is somebody else's


def lost(name: str) -> LostTurnError:
    """The error of a run whose job another process has claimed."""
    return LostTurnError(
        f"another process has taken over the job {name}",
        expected="a lease that was renewed in time",
        got="a later fence",
        hint="`vestige job list` shows who runs it",
    )


class Runner:
    """The schedule of one process.

    Args:
        db: where the rows lie.
        jobs: what there is to do.
        tenants: the ids of all tenants, asked at each look.
        lease: seconds.
        look: seconds between looks.
        first: seconds until a job that never ran is due.
        often: from one start of a job to the next for a tenant, where that is not the same for all; seconds.
    """

    def __init__(
        self,
        db: Database,
        jobs: Sequence[Job],
        tenants: Callable[[], Sequence[str]],
        *,
        lease: float = LEASE_SECONDS,
        look: float = LOOK_SECONDS,
        first: float = FIRST_SECONDS,
        often: Callable[[str, Job], int] = lambda _, job: job.seconds,
    ) -> None:
        self._db = db
        self._often = often
        self._jobs = {job.name: job for job in jobs}
        self._tenants = tenants
        self._lease = lease
        self._look = look
        self._first = first
        self._owner = f"{socket.gethostname()[:60]}:{os.getpid()}:{secrets.token_hex(4)}"
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="jobs", daemon=True)
        self.error = ""
        """Why the last look failed; empty if it did not."""

    def start(self) -> None:
        """Begin to look for what is due."""
        self._thread.start()

    def close(self) -> None:
        """Ask the work under way to end, and wait for it."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def states(self, tenant: str) -> list[dict[str, Any]]:
        """Every job of a tenant: when it ran, what came of it, when it is due."""
        with self._db.write(tenant) as connection:
            self._ensure(connection, tenant)
        with self._db.read(tenant) as connection:
            at = store.clock(connection)
            known = {state.name: state for state in store.states(connection, tenant)}
        return [known[name].to_json(self._of(tenant, job), at) for name, job in self._jobs.items()]

    def job(self, name: str) -> Job:
        """The job of a name.

        Raises:
            NotFoundError: there is none.
        """
        if name not in self._jobs:
            raise NotFoundError("there is no such job", expected=", ".join(self._jobs), got=name[:40])
        return self._jobs[name]

    def run(
        self, tenant: str, name: str, stop: threading.Event, tell: Callable[[int, int], None] = lambda *_: None
    ) -> dict[str, Any]:
        """Run a job now, whether or not it is due; what came of it.

        Args:
            tenant: for whom.
            name: which.
            stop: set when it should end early.
            tell: told how far it is.

        Raises:
            NotFoundError: there is no such job.
            BusyError: somebody runs it.
            Exception: what the work raised; it is kept with the job, too.
        """
        job = self._of(tenant, self.job(name))
        with self._db.write(tenant) as connection:
            self._ensure(connection, tenant)
            fence = store.claim(connection, tenant, name, self._owner, int(self._lease * NANOS))
        if fence is None:
            raise BusyError(
                f"the job {name} is running", hint="`vestige job list` shows who runs it, and how far it is"
            )
        return self._work(job, tenant, fence, stop, tell)

    def look(self) -> int:
        """Run whatever is due now, for every tenant; how many jobs ran."""
        ran = 0
        for tenant in self._tenants():
            with self._db.read(tenant) as connection:
                at = store.clock(connection)
                known = store.states(connection, tenant)
            if set(self._jobs) - {state.name for state in known}:
                with self._db.write(tenant) as connection:
                    self._ensure(connection, tenant)
            ran += sum(self._due(tenant, state, at) for state in known)
        return ran

    def _due(self, tenant: str, state: State, at: int) -> bool:
        """Run one job if it is due and nobody else is quicker; whether it ran. Failures are kept with the job."""
        if state.name not in self._jobs or state.lease_until > at or self._stop.is_set():
            return False
        job = self._of(tenant, self._jobs[state.name])
        if not job.seconds or state.due(job) > at:
            return False
        with self._db.write(tenant) as connection:
            fence = store.claim(connection, tenant, job.name, self._owner, int(self._lease * NANOS), state.fence)
        if fence is None:
            return False
        try:
            self._work(job, tenant, fence, self._stop, lambda *_: None)
        except VestigeError:
            pass  # kept with the job, and told by its list
        except Exception:  # noqa: BLE001 - a fault of ours must not end the schedule; its trace goes where logs go
            _LOG.exception("the job %s failed", job.name)
        return True

    def _of(self, tenant: str, job: Job) -> Job:
        """The job as it is for one tenant."""
        return replace(job, seconds=self._often(tenant, job))

    def _work(
        self, job: Job, tenant: str, fence: int, stop: threading.Event, tell: Callable[[int, int], None]
    ) -> dict[str, Any]:
        turn = _Told(self._db, tenant, job.name, fence, self._lease, stop, tell)
        try:
            result = job.work(tenant, turn)
        except BaseException as error:
            turn.close()
            self._failed(job, tenant, fence, error, asked=stop.is_set())
            raise
        turn.close()
        with self._db.write(tenant) as connection:
            at = store.clock(connection)
            due = at + job.seconds * NANOS
            if not store.finish(connection, tenant, job.name, fence, store.succeeded(at, due, result)):
                raise lost(job.name)
        return result

    def _failed(self, job: Job, tenant: str, fence: int, error: BaseException, *, asked: bool) -> None:
        """Keep why it failed. One that was asked to stop is due again at once: that is no failure of its own."""
        with self._db.write(tenant) as connection:
            at = store.clock(connection)
            failures = next(one.failures for one in store.states(connection, tenant) if one.name == job.name)
            failures += 0 if asked else 1
            due = at if asked else at + retry_after(failures, job.seconds)
            # What a fault of ours says may hold anything; what ours say is meant to be read.
            said = str(error) if isinstance(error, VestigeError) else f"it failed: {type(error).__name__}"
            store.finish(connection, tenant, job.name, fence, store.failed(at, due, failures, said[:MOST_ERROR]))

    def _ensure(self, connection: Connection, tenant: str) -> None:
        at = store.clock(connection)
        first = [(job.name, at + int(min(self._first, job.seconds) * NANOS)) for job in self._jobs.values()]
        store.ensure(connection, tenant, first)

    def _run(self) -> None:
        while not self._stop.wait(self._look):
            try:
                self.look()
                self.error = ""
            except Exception as error:  # noqa: BLE001 - kept and told; a schedule that ends would be missed by nobody
                self.error = str(error)


class _Told(Turn):
    """A turn whose progress somebody watches besides."""

    def __init__(
        self, db: Database, tenant: str, name: str, fence: int, lease: float, stop: threading.Event,
        tell: Callable[[int, int], None],
    ) -> None:  # fmt: skip
        super().__init__(db, tenant, name, fence, lease, stop)
        self._tell = tell

    def progress(self, done: int, total: int) -> None:
        """Say how far it is, to everybody."""
        super().progress(done, total)
        self._tell(done, total)
