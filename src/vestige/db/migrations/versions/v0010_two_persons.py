"""What a tenant's custody asks for: that two persons agree, and that payloads lie sealed; and what waits for a second.

``hours`` is how long a proposal may wait. Times are int64 nanoseconds. Both tables are views of ``audit`` entries that
say the same; each row has its tenant, which every statement names and row-level security holds besides.
"""

from __future__ import annotations

from alembic import context, op

from vestige.db.migrate import grant, run

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

SQLITE = """
CREATE TABLE custody_rules (
  tenant TEXT NOT NULL PRIMARY KEY, two_persons INTEGER NOT NULL, hours INTEGER NOT NULL, sealed INTEGER NOT NULL)
--
CREATE TABLE custody_proposals (
  tenant TEXT NOT NULL, id TEXT NOT NULL, act TEXT NOT NULL, body TEXT NOT NULL, proposed_by TEXT NOT NULL,
  proposed_key TEXT NOT NULL, proposed_line TEXT NOT NULL, proposed_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL, state TEXT NOT NULL,
  decided_by TEXT NOT NULL, decided_at INTEGER NOT NULL, PRIMARY KEY (tenant, id))
"""
POSTGRESQL = SQLITE.replace("INTEGER", "BIGINT").replace("TEXT", 'text COLLATE "C"')
BY_TENANT = ("custody_rules", "custody_proposals")
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
