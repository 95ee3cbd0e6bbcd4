"""The table ``jobs`` (migration 0011). Each statement names the tenant; the clock is the database's.

Nodes' clocks differ, and a lease is a promise between nodes: so on PostgreSQL its server says what time it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import BigInteger, Column, MetaData, String, Table, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from vestige.jobs.models import FAILED, INTERRUPTED, RUNNING, WAITING, State
from vestige.model.instant import now

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, Connection, RowMapping

META = MetaData()
_NUMBERS = ("fence", "lease_until", "due_at", "started_at", "ended_at", "ok_at", "failures", "done", "total")
JOBS = Table(
    "jobs",
    META,
    *(Column(name, String, primary_key=True) for name in ("tenant", "name")),
    *(Column(name, String) for name in ("owner", "state", "result", "error")),
    *(Column(name, BigInteger) for name in _NUMBERS),
)
_FRESH = dict.fromkeys(_NUMBERS, 0) | {"owner": "", "state": WAITING, "result": "", "error": ""}


def clock(connection: Connection) -> int:
    """Nanoseconds since 1970 by the database's clock."""
    if connection.dialect.name == "sqlite":
        return now()
    sql = "SELECT (extract(epoch FROM clock_timestamp())::numeric * 1000000)::bigint * 1000"
    return int(connection.execute(text(sql)).scalar_one())


def ensure(connection: Connection, tenant: str, due: Sequence[tuple[str, int]]) -> None:
    """Make the rows of jobs that have none, each due at a time."""
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    rows = [_FRESH | {"tenant": tenant, "name": name, "due_at": at} for name, at in due]
    if rows:
        connection.execute(insert(JOBS).on_conflict_do_nothing(), rows)


def states(connection: Connection, tenant: str) -> list[State]:
    """Every job of a tenant, by name."""
    rows = connection.execute(select(JOBS).where(JOBS.c.tenant == tenant).order_by(JOBS.c.name)).mappings()
    return [_state(row) for row in rows]


def claim(
    connection: Connection, tenant: str, name: str, owner: str, lease: int, seen: int | None = None
) -> int | None:
    """Take a job that nobody holds; its fence, or ``None`` where somebody does.

    Args:
        connection: of a write transaction.
        tenant: whose.
        name: which job.
        owner: who takes it, in words.
        lease: nanoseconds it is held for.
        seen: only if nobody has claimed it since its fence was seen to be this.
    """
    at = clock(connection)
    free: ColumnElement[bool] = JOBS.c.lease_until <= at
    where = [JOBS.c.tenant == tenant, JOBS.c.name == name, free, *([] if seen is None else [JOBS.c.fence == seen])]
    row = connection.execute(select(JOBS).where(*where).with_for_update()).mappings().one_or_none()
    if row is None:
        return None
    values: dict[str, Any] = {"owner": owner, "fence": row["fence"] + 1, "lease_until": at + lease, "started_at": at,
                              "state": RUNNING, "done": 0, "total": 0}  # fmt: skip
    if row["state"] == RUNNING:  # its runner ended without a word
        values |= {"failures": row["failures"] + 1, "error": INTERRUPTED}
    connection.execute(update(JOBS).where(JOBS.c.tenant == tenant, JOBS.c.name == name).values(values))
    return int(row["fence"]) + 1


def renew(connection: Connection, tenant: str, name: str, fence: int, lease: int, done: int, total: int) -> bool:
    """Hold the job for longer, its row locked until the transaction ends; whether it is still held under this fence."""
    values = {"lease_until": clock(connection) + lease, "done": done, "total": total}
    return _write(connection, tenant, name, fence, values)


def finish(connection: Connection, tenant: str, name: str, fence: int, values: dict[str, Any]) -> bool:
    """Give the job back; whether it was still held under this fence."""
    return _write(connection, tenant, name, fence, values | {"lease_until": 0})


def succeeded(at: int, due: int, result: dict[str, Any]) -> dict[str, Any]:
    """What a good run leaves in the row."""
    told = orjson.dumps(result).decode()
    return {"state": "done", "ended_at": at, "ok_at": at, "due_at": due, "failures": 0, "error": "", "result": told}


def failed(at: int, due: int, failures: int, error: str) -> dict[str, Any]:
    """What a failed run leaves in the row; the last good result stays."""
    return {"state": FAILED, "ended_at": at, "due_at": due, "failures": failures, "error": error}


def _write(connection: Connection, tenant: str, name: str, fence: int, values: dict[str, Any]) -> bool:
    mine = (JOBS.c.tenant == tenant, JOBS.c.name == name, JOBS.c.fence == fence, JOBS.c.state == RUNNING)
    return connection.execute(update(JOBS).where(*mine).values(values)).rowcount == 1


def _state(row: RowMapping) -> State:
    values = {name: row[name] for name in State._fields}
    return State(**values | {"result": orjson.loads(row["result"]) if row["result"] else {}})
