"""The ledger's tables, and the triggers that keep them append-only (ledger.md section 3).

``ledger_entries`` and ``ledger_tiles`` take INSERT only. ``ledger_payloads`` takes no UPDATE, and DELETE only for rows
that a range in ``ledger_erasures`` names; such a range must itself point to an ``erasure`` or ``purge`` entry above it.

On SQLite a row's key is its *position*, ``log << 40 | seq``: one integer key keeps every log's rows together and in
order, so appends and range reads touch neighbouring pages and no second B-tree. ``log`` and ``seq`` are there as
computed columns. On neither engine is there an index on ``id``: ids rise with seq, so an entry is found by bisection.
"""

from __future__ import annotations

from alembic import context, op

from vestige.db.migrate import grant, run

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SQLITE = """
CREATE TABLE server_identity (
  one INTEGER PRIMARY KEY CHECK (one = 1), name TEXT NOT NULL, created_at INTEGER NOT NULL)
--
CREATE TABLE ledger_logs (
  number INTEGER PRIMARY KEY CHECK (number BETWEEN 1 AND 4194303), tenant TEXT NOT NULL, epoch INTEGER NOT NULL,
  origin TEXT NOT NULL UNIQUE, created_at INTEGER NOT NULL, UNIQUE (tenant, epoch))
--
CREATE TABLE ledger_head (
  log INTEGER PRIMARY KEY REFERENCES ledger_logs, size INTEGER NOT NULL, root BLOB NOT NULL, frontier BLOB NOT NULL,
  edge BLOB NOT NULL, last_id TEXT NOT NULL)
--
CREATE TABLE ledger_entries (
  pos INTEGER PRIMARY KEY, id TEXT NOT NULL, kind TEXT NOT NULL, src TEXT NOT NULL, leaf BLOB NOT NULL,
  leaf_hash BLOB NOT NULL,
  log INTEGER GENERATED ALWAYS AS (pos >> 40) VIRTUAL, seq INTEGER GENERATED ALWAYS AS (pos & 1099511627775) VIRTUAL)
--
CREATE INDEX ledger_entries_control ON ledger_entries (kind, pos) WHERE kind <> 'evidence'
--
CREATE TABLE ledger_payloads (
  pos INTEGER PRIMARY KEY, salt BLOB NOT NULL, payload BLOB, blob TEXT,
  log INTEGER GENERATED ALWAYS AS (pos >> 40) VIRTUAL, seq INTEGER GENERATED ALWAYS AS (pos & 1099511627775) VIRTUAL)
--
CREATE TABLE ledger_tiles (
  log INTEGER NOT NULL, level INTEGER NOT NULL, idx INTEGER NOT NULL, hashes BLOB NOT NULL,
  PRIMARY KEY (log, level, idx))
--
CREATE TABLE ledger_checkpoints (
  log INTEGER NOT NULL, size INTEGER NOT NULL, root BLOB NOT NULL, at INTEGER NOT NULL, note TEXT NOT NULL,
  PRIMARY KEY (log, size))
--
CREATE TABLE ledger_dedup (
  log INTEGER NOT NULL, key BLOB NOT NULL, mac BLOB NOT NULL, seq INTEGER NOT NULL,
  PRIMARY KEY (log, key)) WITHOUT ROWID
--
CREATE TABLE ledger_keys (
  log INTEGER NOT NULL, purpose TEXT NOT NULL CHECK (purpose IN ('sign', 'dedup')), name TEXT NOT NULL,
  from_size INTEGER NOT NULL, kek TEXT NOT NULL, wrapped BLOB, PRIMARY KEY (log, purpose, name))
--
CREATE TABLE ledger_erasures (
  log INTEGER NOT NULL, lo INTEGER NOT NULL, hi INTEGER NOT NULL, by_seq INTEGER NOT NULL,
  PRIMARY KEY (log, lo, hi, by_seq))
--
CREATE TRIGGER ledger_head_grows BEFORE UPDATE ON ledger_head WHEN NEW.size < OLD.size OR NEW.log <> OLD.log
BEGIN SELECT RAISE(ABORT, 'ledger_head: a log never shrinks'); END
--
CREATE TRIGGER ledger_head_stays BEFORE DELETE ON ledger_head
BEGIN SELECT RAISE(ABORT, 'ledger_head: a log is never removed'); END
--
CREATE TRIGGER ledger_payloads_erase BEFORE DELETE ON ledger_payloads WHEN NOT EXISTS (
    SELECT 1 FROM ledger_erasures e WHERE e.log = OLD.pos >> 40
    AND e.lo <= OLD.pos & 1099511627775 AND OLD.pos & 1099511627775 < e.hi)
  OR NOT EXISTS (SELECT 1 FROM ledger_entries n WHERE n.pos = OLD.pos AND n.kind IN ('evidence', 'audit'))
BEGIN SELECT RAISE(ABORT, 'ledger_payloads: no erasure or purge entry names this row'); END
--
CREATE TRIGGER ledger_erasures_named BEFORE INSERT ON ledger_erasures WHEN NEW.lo < 0 OR NEW.lo >= NEW.hi
  OR NEW.hi > NEW.by_seq OR NOT EXISTS (
    SELECT 1 FROM ledger_entries n WHERE n.pos = (NEW.log << 40 | NEW.by_seq) AND n.kind IN ('erasure', 'purge'))
BEGIN SELECT RAISE(ABORT, 'ledger_erasures: no erasure or purge entry above the range stands behind it'); END
"""

_SQLITE_NO = """
CREATE TRIGGER {table}_no_{verb} BEFORE {verb} ON {table}
BEGIN SELECT RAISE(ABORT, '{table}: {verb} is not allowed'); END
"""

POSTGRESQL = """
CREATE TABLE server_identity (
  one integer PRIMARY KEY CHECK (one = 1), name text NOT NULL, created_at bigint NOT NULL)
--
CREATE TABLE ledger_logs (
  number integer PRIMARY KEY CHECK (number BETWEEN 1 AND 4194303), tenant text COLLATE "C" NOT NULL,
  epoch integer NOT NULL, origin text COLLATE "C" NOT NULL UNIQUE, created_at bigint NOT NULL, UNIQUE (tenant, epoch))
--
CREATE TABLE ledger_head (
  log integer PRIMARY KEY REFERENCES ledger_logs, size bigint NOT NULL, root bytea NOT NULL, frontier bytea NOT NULL,
  edge bytea NOT NULL, last_id text COLLATE "C" NOT NULL)
--
CREATE TABLE ledger_entries (
  log integer NOT NULL, seq bigint NOT NULL, id text COLLATE "C" NOT NULL, kind text COLLATE "C" NOT NULL,
  src text COLLATE "C" NOT NULL, leaf bytea NOT NULL, leaf_hash bytea NOT NULL, PRIMARY KEY (log, seq))
--
CREATE INDEX ledger_entries_control ON ledger_entries (log, kind, seq) WHERE kind <> 'evidence'
--
CREATE TABLE ledger_payloads (
  log integer NOT NULL, seq bigint NOT NULL, salt bytea NOT NULL, payload bytea, blob text COLLATE "C",
  PRIMARY KEY (log, seq))
--
CREATE TABLE ledger_tiles (
  log integer NOT NULL, level integer NOT NULL, idx bigint NOT NULL, hashes bytea NOT NULL,
  PRIMARY KEY (log, level, idx))
--
CREATE TABLE ledger_checkpoints (
  log integer NOT NULL, size bigint NOT NULL, root bytea NOT NULL, at bigint NOT NULL, note text NOT NULL,
  PRIMARY KEY (log, size))
--
CREATE TABLE ledger_dedup (
  log integer NOT NULL, key bytea NOT NULL, mac bytea NOT NULL, seq bigint NOT NULL, PRIMARY KEY (log, key))
--
CREATE TABLE ledger_keys (
  log integer NOT NULL, purpose text NOT NULL CHECK (purpose IN ('sign', 'dedup')), name text COLLATE "C" NOT NULL,
  from_size bigint NOT NULL, kek text NOT NULL, wrapped bytea, PRIMARY KEY (log, purpose, name))
--
CREATE TABLE ledger_erasures (
  log integer NOT NULL, lo bigint NOT NULL, hi bigint NOT NULL, by_seq bigint NOT NULL,
  PRIMARY KEY (log, lo, hi, by_seq))
--
CREATE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '%: % is not allowed', TG_TABLE_NAME, lower(TG_OP); END $$
--
CREATE FUNCTION ledger_head_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.size < OLD.size OR NEW.log <> OLD.log THEN RAISE EXCEPTION 'ledger_head: a log never shrinks'; END IF;
  RETURN NEW;
END $$
--
CREATE TRIGGER ledger_head_grows BEFORE UPDATE ON ledger_head FOR EACH ROW EXECUTE FUNCTION ledger_head_grows()
--
CREATE FUNCTION ledger_payloads_erase() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM ledger_erasures e WHERE e.log = OLD.log AND e.lo <= OLD.seq AND OLD.seq < e.hi)
    OR NOT EXISTS (SELECT 1 FROM ledger_entries n
                   WHERE n.log = OLD.log AND n.seq = OLD.seq AND n.kind IN ('evidence', 'audit')) THEN
    RAISE EXCEPTION 'ledger_payloads: no erasure or purge entry names this row';
  END IF;
  RETURN OLD;
END $$
--
CREATE TRIGGER ledger_payloads_erase BEFORE DELETE ON ledger_payloads
FOR EACH ROW EXECUTE FUNCTION ledger_payloads_erase()
--
CREATE FUNCTION ledger_erasures_named() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.lo < 0 OR NEW.lo >= NEW.hi OR NEW.hi > NEW.by_seq OR NOT EXISTS (
      SELECT 1 FROM ledger_entries n
      WHERE n.log = NEW.log AND n.seq = NEW.by_seq AND n.kind IN ('erasure', 'purge')) THEN
    RAISE EXCEPTION 'ledger_erasures: no erasure or purge entry above the range stands behind it';
  END IF;
  RETURN NEW;
END $$
--
CREATE TRIGGER ledger_erasures_named BEFORE INSERT ON ledger_erasures
FOR EACH ROW EXECUTE FUNCTION ledger_erasures_named()
"""

_POSTGRESQL_NO = """
CREATE TRIGGER {table}_no_{verb} BEFORE {verb} ON {table} FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse()
"""

APPEND_ONLY = ("ledger_logs", "ledger_entries", "ledger_tiles", "ledger_checkpoints", "ledger_erasures")
GRANTS = {
    "alembic_version": "SELECT",
    "server_identity": "SELECT, INSERT",
    "ledger_logs": "SELECT, INSERT",
    "ledger_head": "SELECT, INSERT, UPDATE",
    "ledger_entries": "SELECT, INSERT",
    "ledger_payloads": "SELECT, INSERT, DELETE",
    "ledger_tiles": "SELECT, INSERT",
    "ledger_checkpoints": "SELECT, INSERT",
    "ledger_dedup": "SELECT, INSERT, DELETE",
    "ledger_keys": "SELECT, INSERT, UPDATE",
    "ledger_erasures": "SELECT, INSERT",
}


def upgrade() -> None:
    """Make the tables, then the triggers, then the grants."""
    run(op.get_bind(), sqlite=SQLITE, postgresql=POSTGRESQL)
    refused = [(table, verb) for table in APPEND_ONLY for verb in ("update", "delete")]
    refused.append(("ledger_payloads", "update"))
    truncated = [(table, "truncate") for table in (*APPEND_ONLY, "ledger_payloads", "ledger_head")]
    truncated.append(("ledger_head", "delete"))
    for table, verb in refused:
        run(
            op.get_bind(),
            sqlite=_SQLITE_NO.format(table=table, verb=verb),
            postgresql=_POSTGRESQL_NO.format(table=table, verb=verb),
        )
    for table, verb in truncated:
        run(op.get_bind(), sqlite="", postgresql=_POSTGRESQL_NO.format(table=table, verb=verb))
    grant(op.get_bind(), context.config.attributes["app_role"], GRANTS)
