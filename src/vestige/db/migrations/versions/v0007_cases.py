"""Cases, what is pinned in them, what people say in them, and which entries made them.

All four are views of ``audit`` entries of the tenant's ledger, and can be made again from these alone. Times are int64
nanoseconds; ``position`` counts through all epochs of the tenant. Every table has its row's tenant: each statement
names it, and on PostgreSQL row-level security holds it besides.
"""

from __future__ import annotations

from alembic import context, op

from vestige.db.migrate import grant, run

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

SQLITE = """
CREATE TABLE cases (
  tenant TEXT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL, description TEXT NOT NULL,
  status TEXT NOT NULL, owner TEXT NOT NULL, members TEXT NOT NULL, tags TEXT NOT NULL, claimed TEXT NOT NULL,
  created_by TEXT NOT NULL, created_at INTEGER NOT NULL, changed_by TEXT NOT NULL, changed_at INTEGER NOT NULL,
  revision INTEGER NOT NULL, pins INTEGER NOT NULL DEFAULT 0, pinned_to INTEGER NOT NULL DEFAULT -1,
  PRIMARY KEY (tenant, id))
--
CREATE INDEX cases_by_name ON cases (tenant, name)
--
CREATE INDEX cases_by_change ON cases (tenant, changed_at, id)
--
CREATE TABLE case_pins (
  tenant TEXT NOT NULL, case_id TEXT NOT NULL, position INTEGER NOT NULL, sub INTEGER NOT NULL, event TEXT NOT NULL,
  leaf_hash BLOB NOT NULL, entry INTEGER NOT NULL, annotation TEXT NOT NULL, pinned INTEGER NOT NULL,
  added_by TEXT NOT NULL, added_at INTEGER NOT NULL, changed_by TEXT NOT NULL, changed_at INTEGER NOT NULL,
  PRIMARY KEY (tenant, case_id, position, sub))
--
CREATE TABLE case_items (
  tenant TEXT NOT NULL, case_id TEXT NOT NULL, id TEXT NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL,
  entry INTEGER NOT NULL, added_by TEXT NOT NULL, added_at INTEGER NOT NULL, changed_by TEXT NOT NULL,
  changed_at INTEGER NOT NULL, revision INTEGER NOT NULL, PRIMARY KEY (tenant, case_id, id))
--
CREATE TABLE case_acts (
  tenant TEXT NOT NULL, case_id TEXT NOT NULL, position INTEGER NOT NULL, PRIMARY KEY (tenant, case_id, position))
"""

POSTGRESQL = SQLITE.replace("BLOB", "BYTEA").replace("INTEGER", "BIGINT")
BY_TENANT = ("cases", "case_pins", "case_items", "case_acts")
_POLICY = """
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY
--
ALTER TABLE {table} FORCE ROW LEVEL SECURITY
--
CREATE POLICY {table}_of_tenant ON {table} USING (coalesce(current_setting('vestige.tenant', true), '') IN ('', tenant))
"""
GRANTS = dict.fromkeys(BY_TENANT, "SELECT, INSERT, UPDATE, DELETE")


def upgrade() -> None:
    """Add the tables, then the policies."""
    run(op.get_bind(), sqlite=SQLITE, postgresql=POSTGRESQL)
    for table in BY_TENANT:
        run(op.get_bind(), sqlite="", postgresql=_POLICY.format(table=table))
    grant(op.get_bind(), context.config.attributes["app_role"], GRANTS)
