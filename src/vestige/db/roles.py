"""Whether the role that serves could lift the ledger's rules by itself."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

_OWNED = ("ledger_entries", "ledger_payloads", "ledger_tiles")


@dataclass(frozen=True, slots=True)
class RoleSeparation:
    """The answer for ``doctor``: ``separate`` is whether the serving role lacks the right to drop the triggers."""

    separate: bool
    detail: str


def separation(connection: sa.Connection) -> RoleSeparation:
    """Look at who owns the ledger's tables, and what the serving role may do to them."""
    if connection.dialect.name == "sqlite":
        return RoleSeparation(
            False,
            "SQLite has no roles: whoever can write the file can drop its triggers; "
            "signed checkpoints kept elsewhere show it",
        )
    role, superuser = connection.execute(
        sa.text("SELECT current_user, rolsuper FROM pg_roles WHERE rolname = current_user")
    ).one()
    if superuser:
        return RoleSeparation(False, f"role {role} is a superuser; let it serve under an ordinary one")
    owned = connection.scalars(
        sa.text(
            "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND tablename = ANY(:names)"
            " AND pg_has_role(current_user, tableowner, 'MEMBER') ORDER BY tablename"
        ),
        {"names": list(_OWNED)},
    ).all()
    if owned:
        return RoleSeparation(
            False,
            f"role {role} owns {', '.join(owned)} and could drop their triggers; "
            "set VESTIGE_DATABASE_OWNER_URL to another role that owns the tables",
        )
    return RoleSeparation(True, f"role {role} owns none of the ledger's tables")
