"""When whoever sits at a browser proved who they are: with a provider that may be long before the session began.

int64 nanoseconds; 0 is "never", so that sessions of before let no program in without another sign-in.
"""

from __future__ import annotations

from alembic import op

from vestige.db.migrate import run

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

SQLITE = "ALTER TABLE access_sessions ADD COLUMN proved_at INTEGER NOT NULL DEFAULT 0"
POSTGRESQL = SQLITE.replace("INTEGER", "BIGINT")


def upgrade() -> None:
    """Add the column."""
    run(op.get_bind(), sqlite=SQLITE, postgresql=POSTGRESQL)
