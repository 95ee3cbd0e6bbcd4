"""Tenants and API keys; the names of sources; which files and archive members were taken in, and how far."""

from __future__ import annotations

from alembic import context, op

from vestige.db.migrate import grant, run

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SQLITE = """
CREATE TABLE access_tenants (id TEXT PRIMARY KEY, slug TEXT NOT NULL UNIQUE, created_at INTEGER NOT NULL)
--
CREATE TABLE access_keys (
  id TEXT PRIMARY KEY, tenant TEXT NOT NULL REFERENCES access_tenants, name TEXT NOT NULL,
  digest BLOB NOT NULL UNIQUE, created_at INTEGER NOT NULL)
--
CREATE TABLE ingest_sources (
  id TEXT PRIMARY KEY, log INTEGER NOT NULL REFERENCES ledger_logs, name TEXT NOT NULL, UNIQUE (log, name))
--
CREATE TABLE ingest_members (
  log INTEGER NOT NULL REFERENCES ledger_logs, key BLOB NOT NULL, source TEXT NOT NULL, head BLOB NOT NULL,
  size INTEGER NOT NULL, "end" INTEGER NOT NULL, last INTEGER NOT NULL, records INTEGER NOT NULL,
  acquisition TEXT NOT NULL, PRIMARY KEY (log, key, source)) WITHOUT ROWID
--
CREATE INDEX ingest_members_head ON ingest_members (log, head)
"""

POSTGRESQL = SQLITE.replace(") WITHOUT ROWID", ")").replace("BLOB", "BYTEA").replace("INTEGER", "BIGINT")

GRANTS = {
    "access_tenants": "SELECT, INSERT, UPDATE",
    "access_keys": "SELECT, INSERT, UPDATE, DELETE",
    "ingest_sources": "SELECT, INSERT, UPDATE",
    "ingest_members": "SELECT, INSERT, UPDATE, DELETE",
}


def upgrade() -> None:
    """Make the tables."""
    connection = op.get_bind()
    run(connection, sqlite=SQLITE, postgresql=POSTGRESQL)
    grant(connection, context.config.attributes["app_role"], GRANTS)
