"""A log may have a second, post-quantum key: ``ledger_keys`` takes the purpose ``second``.

SQLite changes no constraint of a table that is there, so the table is made anew; nothing refers to it, and it has no
trigger.
"""

from __future__ import annotations

from alembic import op

from vestige.db.migrate import run

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

SQLITE = """
CREATE TABLE ledger_keys_new (
  log INTEGER NOT NULL, purpose TEXT NOT NULL CHECK (purpose IN ('sign', 'dedup', 'second')), name TEXT NOT NULL,
  from_size INTEGER NOT NULL, kek TEXT NOT NULL, wrapped BLOB, PRIMARY KEY (log, purpose, name))
--
INSERT INTO ledger_keys_new SELECT log, purpose, name, from_size, kek, wrapped FROM ledger_keys
--
DROP TABLE ledger_keys
--
ALTER TABLE ledger_keys_new RENAME TO ledger_keys
"""
POSTGRESQL = """
ALTER TABLE ledger_keys DROP CONSTRAINT ledger_keys_purpose_check
--
ALTER TABLE ledger_keys ADD CONSTRAINT ledger_keys_purpose_check CHECK (purpose IN ('sign', 'dedup', 'second'))
"""


def upgrade() -> None:
    """Allow the purpose."""
    run(op.get_bind(), sqlite=SQLITE, postgresql=POSTGRESQL)
