"""The ledger's tables that are touched once per log, key, checkpoint or erasure: SQL both engines speak."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from vestige.ledger.models import LogInfo, PublishedCheckpoint
from vestige.model.errors import LedgerError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterable


class WrappedKey(NamedTuple):
    """A row of ``ledger_keys``: ``wrapped`` is None once the private key was destroyed."""

    purpose: str
    name: str
    from_size: int
    kek: str
    wrapped: bytes | None


_LOGS_LOCK = 0x6C6F6773  # "logs"
_LOGS = (
    "SELECT l.number, l.tenant, l.epoch, l.origin, coalesce(h.size, 0) AS size FROM ledger_logs l"
    " LEFT JOIN ledger_head h ON h.log = l.number"
)
_CHECKPOINT = "SELECT size, root, at, note FROM ledger_checkpoints WHERE log = :log"


def find_log(connection: sa.Connection, tenant: str) -> LogInfo | None:
    """The tenant's current log: the one of its highest epoch, with the earlier ones."""
    rows = connection.execute(sa.text(f"{_LOGS} WHERE l.tenant = :tenant ORDER BY l.epoch"), {"tenant": tenant})
    return next(reversed(_chain(rows)), None)


def all_logs(connection: sa.Connection) -> list[LogInfo]:
    """Every log there is, in the order they were made."""
    by_tenant: dict[str, list[sa.Row[Any]]] = {}
    for row in connection.execute(sa.text(f"{_LOGS} ORDER BY l.epoch")):
        by_tenant.setdefault(row.tenant, []).append(row)
    return sorted(log for rows in by_tenant.values() for log in _chain(rows))


def _chain(rows: Iterable[sa.Row[Any]]) -> list[LogInfo]:
    """One tenant's logs, each knowing those before it and where its positions begin."""
    logs: list[LogInfo] = []
    base = 0
    for row in rows:
        logs.append(LogInfo(row.number, row.tenant, row.epoch, row.origin, base, tuple(logs)))
        base += row.size
    return logs


def unsigned(connection: sa.Connection) -> list[str]:
    """The tenants whose current log has entries that no checkpoint covers."""
    rows = connection.execute(
        sa.text(
            "SELECT l.tenant FROM ledger_logs l JOIN ledger_head h ON h.log = l.number"
            " WHERE h.closed = 0 AND h.size >"
            " coalesce((SELECT max(c.size) FROM ledger_checkpoints c WHERE c.log = l.number), 0)"
        )
    )
    return [tenant for (tenant,) in rows]


def insert_log(connection: sa.Connection, tenant: str, epoch: int, origin: str, at: int) -> LogInfo:
    """Add a log under the next free number."""
    # PostgreSQL would let two makers read the same maximum; the lock lets one of them wait for the other.
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOGS_LOCK})
    number = int(connection.scalar(sa.text("SELECT coalesce(max(number), 0) + 1 FROM ledger_logs")) or 1)
    connection.execute(
        sa.text(
            "INSERT INTO ledger_logs (number, tenant, epoch, origin, created_at)"
            " VALUES (:number, :tenant, :epoch, :origin, :at)"
        ),
        {"number": number, "tenant": tenant, "epoch": epoch, "origin": origin, "at": at},
    )
    return LogInfo(number, tenant, epoch, origin)


def insert_head(connection: sa.Connection, log: int, root: bytes, frontier: bytes, last_id: str = "") -> None:
    """Add the head of an empty log; the ids of its entries will rise from ``last_id`` on."""
    connection.execute(
        sa.text(
            "INSERT INTO ledger_head (log, size, root, frontier, edge, last_id)"
            " VALUES (:log, 0, :root, :frontier, :edge, :last_id)"
        ),
        {"log": log, "root": root, "frontier": frontier, "edge": b"", "last_id": last_id},
    )


def close_head(connection: sa.Connection, log: int) -> None:
    """Close a log for ever: a later epoch follows. Whoever waits for the head's lock finds it closed."""
    connection.execute(sa.text("UPDATE ledger_head SET closed = 1 WHERE log = :log"), {"log": log})


def keys(connection: sa.Connection, log: int, purpose: str) -> list[WrappedKey]:
    """The log's keys of one purpose, oldest first."""
    rows = connection.execute(
        sa.text(
            "SELECT purpose, name, from_size, kek, wrapped FROM ledger_keys"
            " WHERE log = :log AND purpose = :purpose ORDER BY from_size, name"
        ),
        {"log": log, "purpose": purpose},
    )
    return [WrappedKey(*row) for row in rows]


def insert_key(connection: sa.Connection, log: int, key: WrappedKey) -> None:
    """Add a key."""
    connection.execute(
        sa.text(
            "INSERT INTO ledger_keys (log, purpose, name, from_size, kek, wrapped)"
            " VALUES (:log, :purpose, :name, :from_size, :kek, :wrapped)"
        ),
        {"log": log, **key._asdict()},
    )


def rewrap_key(connection: sa.Connection, log: int, key: WrappedKey) -> None:
    """Replace a key's wrapped bytes; None destroys the private key."""
    connection.execute(
        sa.text(
            "UPDATE ledger_keys SET kek = :kek, wrapped = :wrapped"
            " WHERE log = :log AND purpose = :purpose AND name = :name"
        ),
        {"log": log, "purpose": key.purpose, "name": key.name, "kek": key.kek, "wrapped": key.wrapped},
    )


def latest_checkpoint(connection: sa.Connection, log: int) -> PublishedCheckpoint | None:
    """The checkpoint of the greatest size."""
    row = connection.execute(sa.text(f"{_CHECKPOINT} ORDER BY size DESC LIMIT 1"), {"log": log}).one_or_none()
    return None if row is None else PublishedCheckpoint(*row)


def checkpoint_after(connection: sa.Connection, log: int, size: int) -> PublishedCheckpoint | None:
    """The first checkpoint of at least this size."""
    row = connection.execute(
        sa.text(f"{_CHECKPOINT} AND size >= :size ORDER BY size LIMIT 1"), {"log": log, "size": size}
    ).one_or_none()
    return None if row is None else PublishedCheckpoint(*row)


def checkpoints_above(connection: sa.Connection, log: int, size: int, limit: int) -> list[PublishedCheckpoint]:
    """The first ``limit`` checkpoints above a size, by size."""
    rows = connection.execute(
        sa.text(f"{_CHECKPOINT} AND size > :size ORDER BY size LIMIT :limit"),
        {"log": log, "size": size, "limit": limit},
    )
    return [PublishedCheckpoint(*row) for row in rows]


def count_tiles(connection: sa.Connection, log: int) -> int:
    """How many full tiles are stored."""
    return int(connection.scalar(sa.text("SELECT count(*) FROM ledger_tiles WHERE log = :log"), {"log": log}) or 0)


def count_checkpoints(connection: sa.Connection, log: int, size: int) -> int:
    """How many checkpoints have at least this size."""
    return int(
        connection.scalar(
            sa.text("SELECT count(*) FROM ledger_checkpoints WHERE log = :log AND size >= :size"),
            {"log": log, "size": size},
        )
        or 0
    )


def insert_checkpoint(connection: sa.Connection, log: int, checkpoint: PublishedCheckpoint) -> None:
    """Add a checkpoint; one of the same size that is there already stays."""
    connection.execute(
        sa.text(
            "INSERT INTO ledger_checkpoints (log, size, root, at, note) VALUES (:log, :size, :root, :at, :note)"
            " ON CONFLICT (log, size) DO NOTHING"
        ),
        {"log": log, **checkpoint._asdict()},
    )


def erasures(connection: sa.Connection, log: int) -> list[tuple[int, int, int]]:
    """The ranges whose payloads may be deleted: ``lo``, ``hi`` and the seq of the entry that says so."""
    rows = connection.execute(
        sa.text("SELECT lo, hi, by_seq FROM ledger_erasures WHERE log = :log ORDER BY by_seq, lo"), {"log": log}
    )
    return [(lo, hi, by_seq) for lo, hi, by_seq in rows]


def insert_erasures(connection: sa.Connection, log: int, ranges: Iterable[tuple[int, int]], by_seq: int) -> None:
    """Name the ranges whose payloads may be deleted; the entry at ``by_seq`` says so."""
    connection.execute(
        sa.text("INSERT INTO ledger_erasures (log, lo, hi, by_seq) VALUES (:log, :lo, :hi, :by_seq)"),
        [{"log": log, "lo": lo, "hi": hi, "by_seq": by_seq} for lo, hi in ranges],
    )


def closed(log: LogInfo) -> LedgerError:
    """The error for a log that a later epoch follows."""
    return LedgerError(
        f"the log {log.origin} is closed: the tenant's log goes on as a later epoch",
        expected="the tenant's current log",
        got=f"epoch {log.epoch}",
        hint="nothing was appended; start this process again",
    )


def no_such_log(tenant: str) -> NotFoundError:
    """The error for a tenant without a log."""
    return NotFoundError("the tenant has no log", expected="a tenant whose log was made", got=tenant[:60])
