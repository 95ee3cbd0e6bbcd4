"""What the ledger's tables hold altogether, of all tenants: for whoever copies a whole database, or puts one back."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa


class LogHead(NamedTuple):
    """A log as it stood: its size, and its root in hex."""

    tenant: str
    epoch: int
    origin: str
    size: int
    root: str


class Whole(NamedTuple):
    """All logs by tenant and epoch; which keys wrap private keys, as fingerprints; how often something was erased."""

    logs: list[LogHead]
    wrapped_under: list[str]
    erasures: int


def heads(connection: sa.Connection) -> list[LogHead]:
    """Every log there is, by tenant and epoch."""
    rows = connection.execute(
        sa.text(
            "SELECT l.tenant, l.epoch, l.origin, h.size, h.root FROM ledger_logs l JOIN ledger_head h"
            " ON h.log = l.number ORDER BY l.tenant, l.epoch"
        )
    )
    return [LogHead(tenant, epoch, origin, size, bytes(root).hex()) for tenant, epoch, origin, size, root in rows]


def whole(connection: sa.Connection) -> Whole:
    """What a transaction sees of it."""
    keys = sa.text("SELECT DISTINCT kek FROM ledger_keys WHERE wrapped IS NOT NULL ORDER BY kek")
    return Whole(heads(connection), [str(one) for one in connection.scalars(keys)], erasures(connection))


def erasures(connection: sa.Connection) -> int:
    """How many ranges were erased: it grows with every erasure, and never shrinks."""
    return int(connection.scalar(sa.text("SELECT count(*) FROM ledger_erasures")) or 0)


def payload_blobs(connection: sa.Connection) -> list[str]:
    """The names of the blobs that hold payloads."""
    named = sa.text("SELECT blob FROM ledger_payloads WHERE blob IS NOT NULL")
    return [str(name) for name in connection.scalars(named)]
