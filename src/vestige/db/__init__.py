"""The relational engine that keeps ledger and workspace: SQLite by default, PostgreSQL when outgrown.

Public names: :class:`Database` (open, migrate, ``read()``, ``write()``, copied whole and back), :class:`Copied`, which
is what a copy holds, and :class:`RoleSeparation`, which is what ``doctor`` tells.

Contract:

* What ``write()`` returned from is durable: SQLite runs WAL with ``synchronous=FULL``; a PostgreSQL server with
  ``fsync=off`` or ``synchronous_commit=off`` is refused, when opening and at every new connection.
* ``read()`` sees one snapshot for its whole length, and never waits for a writer.
* All DDL, triggers included, lives in :mod:`vestige.db.migrations.versions`, one file per step, plain SQL per dialect.
* This room knows no table but its own (``server_identity``); every other room's SQL lives with that room.
"""

from vestige.db.copies import FILE
from vestige.db.engine import Copied, Database
from vestige.db.migrate import head
from vestige.db.roles import RoleSeparation

__all__ = ["FILE", "Copied", "Database", "RoleSeparation", "head"]
