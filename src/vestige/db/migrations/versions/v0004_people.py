"""What keys may do and until when; people, how they are invited, and how they sign in.

Times are int64 nanoseconds; 0 is "never". Secrets are kept as digests, passwords as Argon2id texts. Every table has
its row's tenant: each statement names it, and on PostgreSQL row-level security holds it besides.
"""

from __future__ import annotations

from alembic import context, op

from vestige.db.migrate import grant, run

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

SQLITE = """
ALTER TABLE access_keys ADD COLUMN scopes TEXT NOT NULL DEFAULT 'owner'
--
ALTER TABLE access_keys ADD COLUMN sources TEXT NOT NULL DEFAULT '[]'
--
ALTER TABLE access_keys ADD COLUMN person TEXT NOT NULL DEFAULT ''
--
ALTER TABLE access_keys ADD COLUMN made_by TEXT NOT NULL DEFAULT ''
--
ALTER TABLE access_keys ADD COLUMN expires_at INTEGER NOT NULL DEFAULT 0
--
ALTER TABLE access_keys ADD COLUMN revoked_at INTEGER NOT NULL DEFAULT 0
--
ALTER TABLE access_keys ADD COLUMN used_at INTEGER NOT NULL DEFAULT 0
--
ALTER TABLE access_keys ADD COLUMN replaced_by TEXT NOT NULL DEFAULT ''
--
CREATE TABLE access_people (
  id TEXT PRIMARY KEY, tenant TEXT NOT NULL REFERENCES access_tenants, email TEXT NOT NULL, name TEXT NOT NULL,
  role TEXT NOT NULL, may_erase INTEGER NOT NULL DEFAULT 0, password TEXT NOT NULL, failures INTEGER NOT NULL DEFAULT 0,
  locked_until INTEGER NOT NULL DEFAULT 0, created_at INTEGER NOT NULL, removed_at INTEGER NOT NULL DEFAULT 0,
  UNIQUE (tenant, email))
--
CREATE TABLE access_invites (
  id TEXT PRIMARY KEY, tenant TEXT NOT NULL REFERENCES access_tenants, digest BLOB NOT NULL UNIQUE,
  purpose TEXT NOT NULL CHECK (purpose IN ('invite', 'reset')), email TEXT NOT NULL, role TEXT NOT NULL,
  may_erase INTEGER NOT NULL DEFAULT 0, made_by TEXT NOT NULL, created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL, used_at INTEGER NOT NULL DEFAULT 0)
--
CREATE TABLE access_requests (
  id TEXT PRIMARY KEY, tenant TEXT NOT NULL REFERENCES access_tenants, email TEXT NOT NULL, name TEXT NOT NULL,
  note TEXT NOT NULL, created_at INTEGER NOT NULL, decided_at INTEGER NOT NULL DEFAULT 0,
  decision TEXT NOT NULL DEFAULT '')
--
CREATE TABLE access_sessions (
  digest BLOB PRIMARY KEY, tenant TEXT NOT NULL REFERENCES access_tenants, person TEXT NOT NULL, csrf BLOB NOT NULL,
  created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, ended_at INTEGER NOT NULL DEFAULT 0)
--
CREATE TABLE access_devices (
  digest BLOB PRIMARY KEY, code BLOB NOT NULL UNIQUE, tenant TEXT NOT NULL REFERENCES access_tenants,
  person TEXT NOT NULL DEFAULT '', client TEXT NOT NULL, state TEXT NOT NULL DEFAULT 'waiting',
  created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL)
"""

POSTGRESQL = SQLITE.replace("BLOB", "BYTEA").replace("INTEGER", "BIGINT")

TABLES = ("access_people", "access_invites", "access_requests", "access_sessions", "access_devices")
_OPEN = "coalesce(current_setting('vestige.tenant', true), '')"
_POLICY = """
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY
--
ALTER TABLE {table} FORCE ROW LEVEL SECURITY
--
CREATE POLICY {table}_of_tenant ON {table} USING ({rows})
"""
BY_TENANT = ("access_keys", *TABLES, "ledger_logs")
BY_LOG = ("ledger_head", "ledger_checkpoints", "ledger_keys", "ingest_sources", "ingest_members")
"""Tables that row-level security confines to the tenant a transaction names. Where it names none (a secret's digest is
looked up to find the tenant, a process starts) all rows are there. The tables of entries follow in 0006."""
GRANTS = dict.fromkeys(TABLES, "SELECT, INSERT, UPDATE, DELETE")


def upgrade() -> None:
    """Add the columns, then the tables, then the policies."""
    run(op.get_bind(), sqlite=SQLITE, postgresql=POSTGRESQL)
    mine = f"SELECT number FROM ledger_logs WHERE tenant = {_OPEN}"  # noqa: S608 - our own names
    for table in BY_TENANT:
        rows = f"{_OPEN} IN ('', tenant)"
        run(op.get_bind(), sqlite="", postgresql=_POLICY.format(table=table, rows=rows))
    for table in BY_LOG:
        rows = f"{_OPEN} = '' OR log IN ({mine})"
        run(op.get_bind(), sqlite="", postgresql=_POLICY.format(table=table, rows=rows))
    grant(op.get_bind(), context.config.attributes["app_role"], GRANTS)
