"""A log that a later epoch follows is closed: its head never changes again, and no checkpoint of it is published.

Closed stands in the head row itself, because the head's lock is what every writer waits for: on PostgreSQL a waiter is
shown the row as it is after the wait, but anything it looks up beside it as it was before.
"""

from __future__ import annotations

from alembic import op

from vestige.db.migrate import run

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

SQLITE = """
ALTER TABLE ledger_head ADD COLUMN closed INTEGER NOT NULL DEFAULT 0 CHECK (closed IN (0, 1))
--
CREATE TRIGGER ledger_head_closed BEFORE UPDATE ON ledger_head WHEN OLD.closed = 1
BEGIN SELECT RAISE(ABORT, 'ledger_head: a closed log never changes'); END
--
CREATE TRIGGER ledger_checkpoints_closed BEFORE INSERT ON ledger_checkpoints WHEN EXISTS (
    SELECT 1 FROM ledger_head h WHERE h.log = NEW.log AND h.closed = 1)
BEGIN SELECT RAISE(ABORT, 'ledger_checkpoints: nothing is signed for a closed log'); END
"""

POSTGRESQL = """
ALTER TABLE ledger_head ADD COLUMN closed integer NOT NULL DEFAULT 0 CHECK (closed IN (0, 1))
--
CREATE FUNCTION ledger_head_closed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.closed = 1 THEN RAISE EXCEPTION 'ledger_head: a closed log never changes'; END IF;
  RETURN NEW;
END $$
--
CREATE TRIGGER ledger_head_closed BEFORE UPDATE ON ledger_head FOR EACH ROW EXECUTE FUNCTION ledger_head_closed()
--
CREATE FUNCTION ledger_checkpoints_closed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM ledger_head h WHERE h.log = NEW.log AND h.closed = 1) THEN
    RAISE EXCEPTION 'ledger_checkpoints: nothing is signed for a closed log';
  END IF;
  RETURN NEW;
END $$
--
CREATE TRIGGER ledger_checkpoints_closed BEFORE INSERT ON ledger_checkpoints
FOR EACH ROW EXECUTE FUNCTION ledger_checkpoints_closed()
"""


def upgrade() -> None:
    """Add the column, then the triggers."""
    run(op.get_bind(), sqlite=SQLITE, postgresql=POSTGRESQL)
