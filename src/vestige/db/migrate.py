"""Running the migrations that travel inside the package.

Every step lies in ``migrations/versions`` as ``vNNNN_name.py``: a revision with plain DDL for both dialects. All
outstanding steps run in the caller's one transaction, so a failed upgrade leaves the schema as it was. Upgrades of
several processes wait for each other: on SQLite through the write transaction, on PostgreSQL through an advisory lock.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

import sqlalchemy as sa

from vestige.model.errors import StorageError

if TYPE_CHECKING:
    from alembic.config import Config


class _Executes(Protocol):
    def execute(self, sql: str, /) -> object: ...


_LOCK = 0x76657374696765  # "vestige"


def _config() -> Config:
    from alembic.config import Config  # noqa: PLC0415 - half a second that only an upgrade should cost

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return config


def head() -> str:
    """The revision this version of the program needs."""
    steps = sorted((Path(__file__).parent / "migrations" / "versions").glob("v[0-9]*_*.py"))
    if not steps:
        raise StorageError("the package holds no migrations", hint="install it again")
    return steps[-1].name[1:5]


def upgrade(connection: sa.Connection, *, app_role: str, to: str = "head") -> None:
    """Run every outstanding step in the transaction of this connection.

    Args:
        connection: of the role that is to own the tables.
        app_role: PostgreSQL only: the role that serves, if it is another; it is given grants.
        to: the revision to stop at: that of a backup, whose tables are filled before they are brought further.

    Raises:
        StorageError: the schema was made by a newer version.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    if current(connection) == (head() if to == "head" else to):
        return
    from alembic import command  # noqa: PLC0415 - as above
    from alembic.util import CommandError  # noqa: PLC0415 - as above

    config = _config()
    config.attributes["connection"] = connection
    config.attributes["app_role"] = app_role
    try:
        command.upgrade(config, to)
    except CommandError as error:
        raise StorageError(
            "the database's schema is not one this version knows",
            expected=f"revision {head()} or an earlier one",
            got=str(error)[:200],
            hint="run the version of vestige that last used this database, or a newer one",
        ) from error


def current(connection: sa.Connection) -> str | None:
    """The revision the schema is at; none before the first upgrade."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    return None if found is None else str(found)


def run(connection: sa.Connection, *, sqlite: str, postgresql: str) -> None:
    """Execute one step's DDL: the dialect's own statements, parted by lines of two hyphens."""
    ddl = sqlite if connection.dialect.name == "sqlite" else postgresql
    # Through the driver itself: whatever stands between would read signs inside function bodies as parameters.
    driver = cast("_Executes", connection.connection.driver_connection)
    for statement in ddl.split("\n--\n"):
        if statement.strip():
            driver.execute(statement.strip())


def grant(connection: sa.Connection, app_role: str, grants: dict[str, str]) -> None:
    """Give the serving role its rights on the tables of one step; nothing where owner and server are one role."""
    if not app_role:
        return
    quoted = connection.dialect.identifier_preparer.quote(app_role)
    for table, rights in grants.items():
        connection.exec_driver_sql(f"GRANT {rights} ON {table} TO {quoted}")
