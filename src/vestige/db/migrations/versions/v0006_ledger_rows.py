"""Entries, payloads, tiles and what stands beside them: held to the tenant of the transaction too (PostgreSQL).

They are filled by INSERT since, which a policy checks; COPY is refused under one. The policy is that of 0004, written
so that what it compares with is worked out once a statement and not once a row.
"""

from __future__ import annotations

from alembic import op

from vestige.db.migrate import run

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

ENTRIES_BY_LOG = ("ledger_entries", "ledger_payloads", "ledger_tiles", "ledger_dedup", "ledger_erasures")
_OPEN = "coalesce(current_setting('vestige.tenant', true), '')"
_MINE = f"(SELECT {_OPEN} = '') OR log = ANY (ARRAY(SELECT number FROM ledger_logs WHERE tenant = {_OPEN}))"  # noqa: S608 - our own names
POSTGRESQL = """
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY
--
ALTER TABLE {table} FORCE ROW LEVEL SECURITY
--
CREATE POLICY {table}_of_tenant ON {table} USING ({rows})
"""


def upgrade() -> None:
    """Add the policies."""
    for table in ENTRIES_BY_LOG:
        run(op.get_bind(), sqlite="", postgresql=POSTGRESQL.format(table=table, rows=_MINE))
