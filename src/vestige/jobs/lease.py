"""A lease over what no two processes may do at once, though no schedule runs it: a row of ``jobs``, as a job has one.

It is never due, and no list of jobs shows it.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from vestige.jobs import store
from vestige.jobs.models import WAITING
from vestige.jobs.runner import Turn
from vestige.model.errors import BusyError
from vestige.model.instant import NANOS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vestige.db import Database

POLL_SECONDS: Final = 0.2


@contextmanager
def alone(db: Database, tenant: str, name: str, lease: float, *, patience: float = 0.0) -> Iterator[Turn]:
    """Be the only process of all nodes that does something, as long as the turn is held.

    Args:
        db: where the row lies.
        tenant: for whom.
        name: of what is done, which is no job's.
        lease: seconds after which another may have it, if this process says nothing meanwhile.
        patience: seconds to wait for whoever has it.

    Raises:
        BusyError: somebody else has it.
    """
    owner = f"{socket.gethostname()[:60]}:{os.getpid()}"
    deadline = time.monotonic() + patience
    while (fence := _claimed(db, tenant, name, owner, lease)) is None:
        if time.monotonic() >= deadline:
            raise BusyError(f"another has the lease {name}", hint="wait for it to end, then try again")
        time.sleep(POLL_SECONDS)
    turn = Turn(db, tenant, name, fence, lease, threading.Event())
    try:
        yield turn
    finally:
        turn.close()
        with db.write(tenant) as connection:
            store.finish(connection, tenant, name, fence, {"state": WAITING})


def _claimed(db: Database, tenant: str, name: str, owner: str, lease: float) -> int | None:
    with db.write(tenant) as connection:
        store.ensure(connection, tenant, [(name, 0)])
        return store.claim(connection, tenant, name, owner, int(lease * NANOS))
