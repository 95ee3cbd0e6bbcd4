"""The schedule: which job of which tenant is due, who runs it, and what came of the last run.

Times are int64 nanoseconds, 0 for never. ``fence`` rises with every claim: whoever holds an older number has lost the
job, and what it writes is refused. None of this is evidence: a lost table costs the memory of when something last ran.
"""

from __future__ import annotations

from alembic import context, op

from vestige.db.migrate import grant, run

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

SQLITE = """
CREATE TABLE jobs (
  tenant TEXT NOT NULL, name TEXT NOT NULL, owner TEXT NOT NULL, fence INTEGER NOT NULL, lease_until INTEGER NOT NULL,
  due_at INTEGER NOT NULL, started_at INTEGER NOT NULL, ended_at INTEGER NOT NULL, ok_at INTEGER NOT NULL,
  state TEXT NOT NULL, failures INTEGER NOT NULL, done INTEGER NOT NULL, total INTEGER NOT NULL,
  result TEXT NOT NULL, error TEXT NOT NULL, PRIMARY KEY (tenant, name))
"""
POSTGRESQL = SQLITE.replace("INTEGER", "BIGINT")
_POLICY = """
ALTER TABLE jobs ENABLE ROW LEVEL SECURITY
--
ALTER TABLE jobs FORCE ROW LEVEL SECURITY
--
CREATE POLICY jobs_of_tenant ON jobs USING (coalesce(current_setting('vestige.tenant', true), '') IN ('', tenant))
"""


def upgrade() -> None:
    """Add the table, then its policy."""
    run(op.get_bind(), sqlite=SQLITE, postgresql=POSTGRESQL)
    run(op.get_bind(), sqlite="", postgresql=_POLICY)
    grant(op.get_bind(), context.config.attributes["app_role"], {"jobs": "SELECT, INSERT, UPDATE, DELETE"})
