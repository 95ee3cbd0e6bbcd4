"""Group commit: several callers' functions in one transaction, one writer per log.

Whoever finds nobody leading a log's lane leads it: takes what is waiting, opens one write transaction, locks the head,
runs each caller's function, commits, and only then answers them. Meanwhile others queue up and become the next group,
so that the cost of a commit is shared by as many callers as came during the last one.
Across processes the head's lock decides whose group is next.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

from vestige.db.errors import ENGINE_ERRORS, storage_error
from vestige.ledger.append import Group, Means, Transaction
from vestige.ledger.models import Appended, Committed, Draft, PreparedBatch
from vestige.ledger.tables import closed
from vestige.ledger.tree import load_state
from vestige.model.errors import LedgerError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vestige.db import Database
    from vestige.ledger.models import LogInfo
    from vestige.proof.tiles import TileState

MAX_CALLERS = 256
"""How many callers one transaction serves at most."""

MAX_ENTRIES = 100_000
"""After how many entries a transaction takes no further caller in, so that memory stays bounded."""


class _Ticket:
    """One caller's place in the lane."""

    __slots__ = ("done", "error", "fn", "items", "size", "wake")

    def __init__(self, fn: Callable[[Transaction], Sequence[Draft | PreparedBatch]]) -> None:
        self.fn = fn
        self.wake = threading.Event()
        self.done = False
        self.items: list[Appended] = []
        self.size = 0
        self.error: BaseException | None = None

    def answer(self) -> Committed:
        if self.error is not None:
            raise self.error
        return Committed(self.items, self.size)


class Lane:
    """The queue of one log in this process."""

    def __init__(self, db: Database, means: Means, log: LogInfo) -> None:
        self._db = db
        self._means = means
        self._log = log
        self._mutex = threading.Lock()
        self._queue: deque[_Ticket] = deque()
        self._leading = False
        self._leader = 0
        self._state: TileState | None = None
        self.commits = 0
        """Transactions of this process that were committed."""
        self.entries = 0
        """Entries they appended."""

    def transact(self, fn: Callable[[Transaction], Sequence[Draft | PreparedBatch]]) -> Committed:
        """Run a function in the next group and answer when its entries are durable.

        Raises:
            LedgerError: called from within a function that this lane is running, or a later epoch follows this log.
            StorageError: the commit failed; nothing was acknowledged.
            Exception: what the function itself raised.
        """
        if self._leader == threading.get_ident():
            raise LedgerError(
                "a transaction was started inside a transaction of the same log",
                expected="drafts returned by the function, or Transaction.after",
                got="a nested transact",
            )
        ticket = _Ticket(fn)
        with self._mutex:
            self._queue.append(ticket)
            lead = not self._leading
            self._leading = True
        if not lead:
            ticket.wake.wait()
        if not ticket.done:
            self._lead()
        return ticket.answer()

    def _lead(self) -> None:
        """Serve one group, which this thread's own ticket is part of, and hand the lane on."""
        with self._mutex:
            group = [self._queue.popleft() for _ in range(min(len(self._queue), MAX_CALLERS))]
        self._leader = threading.get_ident()
        try:
            served = self._serve(group)
            with self._mutex:
                self._queue.extendleft(reversed(group[served:]))
            group = group[:served]
        except Exception as error:  # noqa: BLE001 - every caller of the group is told
            failure = storage_error(error) if isinstance(error, ENGINE_ERRORS) else error
            for ticket in group:
                ticket.error = ticket.error or failure
        except BaseException:
            for ticket in group:
                ticket.error = ticket.error or LedgerError(
                    "the writer was interrupted", expected="a commit", got="an interrupt; nothing was acknowledged"
                )
            raise
        finally:
            self._leader = 0
            with self._mutex:
                following = self._queue[0] if self._queue else None
                self._leading = following is not None
            for ticket in group:
                ticket.done = True
                ticket.wake.set()
            if following is not None:
                following.wake.set()

    def _serve(self, tickets: Sequence[_Ticket]) -> int:
        """Run and commit one group; how many of the tickets were taken into it."""
        means, log = self._means, self._log
        cached, self._state = self._state, None
        with self._db.write(log.tenant) as connection:
            head = means.store.lock_head(connection, log.number)
            if head.closed:
                # Asked under the lock: a process that still knows this log as the current one must learn it here.
                raise closed(log)
            if cached is not None and cached.size == head.size and cached.root() == head.root:
                state = cached
            else:
                state = load_state(means.store, connection, log.number, head)
            group = Group(means, connection, log, head)
            served = 0
            for ticket in tickets:
                if group.size - head.size >= MAX_ENTRIES:
                    break
                served += 1
                try:
                    ticket.items = Transaction(group).run(ticket.fn)
                except ENGINE_ERRORS as error:
                    ticket.error = storage_error(error)
                except Exception as error:  # noqa: BLE001 - this caller is told; the others go on
                    ticket.error = error
                if ticket.error is not None:
                    group.check_whole()
                ticket.size = group.size
            group.check_whole()  # a caller's function may have kept the engine's error to itself
            state = group.finish(state)
        self._state = state
        self.commits += 1
        self.entries += group.size - head.size
        return served
