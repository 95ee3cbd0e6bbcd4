"""The installation's name: chosen at first start, stored, never taken from the host's name (ledger.md section 1)."""

from __future__ import annotations

import re

import sqlalchemy as sa

from vestige.model import instant
from vestige.model.errors import NotFoundError, SettingsError

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?")
"""What may begin a C2SP origin here: it must hold neither space, plus sign nor slash."""


def server_name(connection: sa.Connection, proposed: str) -> str:
    """The stored name; if there is none yet, the proposed one, which is stored.

    Raises:
        SettingsError: the proposed name cannot begin an origin.
    """
    stored = connection.scalar(sa.text("SELECT name FROM server_identity"))
    if stored is not None:
        return str(stored)
    if not _NAME.fullmatch(proposed):
        raise SettingsError(
            "not a server name",
            expected="lower-case letters, digits, points and hyphens, such as vestige.example",
            got=proposed[:80],
        )
    connection.execute(
        sa.text("INSERT INTO server_identity (one, name, created_at) VALUES (1, :name, :at)"),
        {"name": proposed, "at": instant.now()},
    )
    return proposed


def installation(connection: sa.Connection) -> str:
    """What tells this installation from every other: its name, and the nanosecond in which it was given.

    Raises:
        NotFoundError: it has no name yet.
    """
    row = connection.execute(sa.text("SELECT name, created_at FROM server_identity")).one_or_none()
    if row is None:
        raise NotFoundError("the installation has no name yet", hint="`vestige up` gives it one at first start")
    return f"{row.name}, made {instant.to_text(row.created_at)}"
