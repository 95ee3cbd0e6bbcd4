"""Sign-ins by way of an OpenID provider, and what the other ways in were missing.

Times are int64 nanoseconds; 0 is "never". ``access_oidc_logins`` are sign-ins that were begun and have not come back:
by the digest of their ``state``, bound to the digest of a browser's cookie. ``access_identities`` says which person a
provider's subject is. Each row has its tenant, and row-level security holds it as in migration 0004.
"""

from __future__ import annotations

from alembic import context, op

from vestige.db.migrate import grant, run

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

SQLITE = """
ALTER TABLE access_devices ADD COLUMN address TEXT NOT NULL DEFAULT ''
--
ALTER TABLE access_people ADD COLUMN locked_tries INTEGER NOT NULL DEFAULT 0
--
ALTER TABLE access_invites ADD COLUMN made_key TEXT NOT NULL DEFAULT ''
--
CREATE TABLE access_oidc_logins (
  digest BLOB PRIMARY KEY, tenant TEXT NOT NULL REFERENCES access_tenants, browser BLOB NOT NULL,
  onward TEXT NOT NULL, created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL)
--
CREATE TABLE access_identities (
  tenant TEXT NOT NULL REFERENCES access_tenants, issuer TEXT NOT NULL, subject TEXT NOT NULL, person TEXT NOT NULL,
  created_at INTEGER NOT NULL, PRIMARY KEY (tenant, issuer, subject))
--
CREATE INDEX access_identities_by_person ON access_identities (tenant, person)
"""

POSTGRESQL = SQLITE.replace("BLOB", "BYTEA").replace("INTEGER", "BIGINT")

BY_TENANT = ("access_oidc_logins", "access_identities")
_OPEN = "coalesce(current_setting('vestige.tenant', true), '')"
_POLICY = """
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY
--
ALTER TABLE {table} FORCE ROW LEVEL SECURITY
--
CREATE POLICY {table}_of_tenant ON {table} USING ({rows})
"""
GRANTS = dict.fromkeys(BY_TENANT, "SELECT, INSERT, UPDATE, DELETE")


def upgrade() -> None:
    """Add the columns, then the tables with their policies."""
    run(op.get_bind(), sqlite=SQLITE, postgresql=POSTGRESQL)
    for table in BY_TENANT:
        rows = f"{_OPEN} IN ('', tenant)"
        run(op.get_bind(), sqlite="", postgresql=_POLICY.format(table=table, rows=rows))
    grant(op.get_bind(), context.config.attributes["app_role"], GRANTS)
