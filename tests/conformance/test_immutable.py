"""What the database itself refuses, each refusal beside what it accepts. On both drivers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from support.golden import erase
from support.homes import TENANT, Home
from vestige.db import Database
from vestige.ledger import Draft, EvidenceBatch, Kind, Ledger
from vestige.model.errors import StorageError

if TYPE_CHECKING:
    from pathlib import Path

    from support.postgres import Postgres


@pytest.fixture
def ledger(home: Home) -> Ledger:
    made = home.ledger()
    made.create_log(TENANT, "vestige.example")
    batch = made.prepare(EvidenceBatch("S", "A", "text/plain", [b"%d" % i for i in range(300)], [0] * 300, [0] * 300))
    made.transact(TENANT, lambda _: [batch, Draft(Kind.AUDIT, b'{"a":1}'), Draft(Kind.SEAL, b"{}")])
    made.checkpoint(TENANT)
    return made


def attempt(db: Database, sql: str) -> None:
    with db.write() as connection:
        connection.execute(sa.text(sql))


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE ledger_entries SET kind = 'seal'",
        "UPDATE ledger_entries SET leaf_hash = leaf WHERE seq = 3",
        "DELETE FROM ledger_entries",
        "DELETE FROM ledger_entries WHERE seq = 301",
        "UPDATE ledger_tiles SET hashes = hashes",
        "DELETE FROM ledger_tiles",
        "UPDATE ledger_checkpoints SET note = 'x'",
        "DELETE FROM ledger_checkpoints",
        "UPDATE ledger_payloads SET payload = payload WHERE seq = 1",
        "DELETE FROM ledger_payloads WHERE seq = 1",
        "DELETE FROM ledger_payloads",
        "UPDATE ledger_logs SET origin = 'x'",
        "DELETE FROM ledger_logs",
        "DELETE FROM ledger_head",
        "UPDATE ledger_head SET size = size - 1",
        "INSERT INTO ledger_erasures (log, lo, hi, by_seq) VALUES (1, 1, 2, 301)",
        "INSERT INTO ledger_erasures (log, lo, hi, by_seq) VALUES (1, 1, 2, 999)",
    ],
)
def test_history_cannot_be_rewritten(home: Home, ledger: Ledger, sql: str) -> None:
    before = ledger.read(TENANT, 0, 400)
    with pytest.raises(StorageError):
        attempt(home.db(), sql)
    assert ledger.read(TENANT, 0, 400) == before
    ledger.transact(TENANT, lambda _: [Draft(Kind.AUDIT, b"{}")])
    assert ledger.verify(TENANT).ok


def test_replace_does_not_go_round_the_triggers(tmp_path: Path) -> None:
    from support.homes import sqlite_home  # noqa: PLC0415 - this driver only

    home = sqlite_home(tmp_path)
    ledger = home.ledger()
    ledger.create_log(TENANT, "vestige.example")
    with pytest.raises(StorageError, match="not allowed"):
        attempt(
            home.db(), "INSERT OR REPLACE INTO ledger_entries SELECT pos, id, kind, src, leaf, leaf FROM ledger_entries"
        )
    assert ledger.verify(TENANT).ok
    home.close()


def test_truncate_does_not_go_round_the_triggers(postgres: Postgres, migrated: str) -> None:
    with Database.open(postgres.url(migrated)) as db:
        for table in ("ledger_entries", "ledger_payloads", "ledger_tiles", "ledger_checkpoints", "ledger_erasures"):
            with pytest.raises(StorageError, match="not allowed"):
                attempt(db, f"TRUNCATE {table}")


def test_a_payload_goes_when_an_erasure_names_it_and_only_then(home: Home, ledger: Ledger) -> None:
    erase(ledger, Kind.ERASURE, [(5, 8)])
    assert [entry.payload for entry in ledger.read(TENANT, 4, 9)] == [b"3", None, None, None, b"7"]
    assert [entry.salt is None for entry in ledger.read(TENANT, 4, 9)] == [False, True, True, True, False]
    with pytest.raises(StorageError, match="no erasure"):
        attempt(home.db(), "DELETE FROM ledger_payloads WHERE seq = 8")
    for verb in ("UPDATE ledger_erasures SET hi = 300", "DELETE FROM ledger_erasures"):
        with pytest.raises(StorageError, match="not allowed"):
            attempt(home.db(), verb)
    assert ledger.verify(TENANT).ok


def test_only_evidence_and_audit_can_be_erased(ledger: Ledger) -> None:
    erase(ledger, Kind.PURGE, [(301, 302)])
    size = ledger.head(TENANT)
    for seq in (0, 302):  # the key entry, the seal
        with pytest.raises(StorageError, match="no erasure"):
            erase(ledger, Kind.PURGE, [(seq, seq + 1)])
    assert ledger.head(TENANT) == size
    assert ledger.verify(TENANT).ok


def test_an_erasure_cannot_name_what_is_not_below_it(ledger: Ledger) -> None:
    size = ledger.head(TENANT)
    for lo, hi in ((5, 5), (5, size + 1), (size, size + 1)):
        with pytest.raises(StorageError, match="ledger_erasures"):
            erase(ledger, Kind.ERASURE, [(lo, hi)])
    with pytest.raises(StorageError, match="ledger_erasures"):
        erase(ledger, Kind.AUDIT, [(5, 6)])
    assert ledger.head(TENANT) == size


def test_the_serving_role_owns_nothing(postgres: Postgres, tmp_path: Path) -> None:
    name = postgres.create()
    postgres.run("DROP ROLE IF EXISTS vestige_owner")
    postgres.run("DROP ROLE IF EXISTS vestige_app")
    postgres.run("CREATE ROLE vestige_owner LOGIN")
    postgres.run("CREATE ROLE vestige_app LOGIN")
    postgres.run(f"ALTER DATABASE {name} OWNER TO vestige_owner")
    db = Database.open(postgres.url(name, "vestige_app"), owner_url=postgres.url(name, "vestige_owner"))
    home = Home("postgresql", tmp_path, "", postgres, name)
    ledger = home.ledger(db)
    assert db.separation().separate
    ledger.create_log(TENANT, "vestige.example")
    ledger.transact(TENANT, lambda _: [Draft(Kind.EVIDENCE, b"x"), Draft(Kind.EVIDENCE, b"y")])
    ledger.checkpoint(TENANT)
    ledger.rotate(TENANT)
    erase(ledger, Kind.ERASURE, [(1, 2)])
    for sql in (
        "ALTER TABLE ledger_entries DISABLE TRIGGER ALL",
        "DROP TRIGGER ledger_entries_no_delete ON ledger_entries",
        "DELETE FROM ledger_entries",
        "UPDATE ledger_payloads SET payload = 'z'",
        "TRUNCATE ledger_tiles",
        "SET session_replication_role = replica",
        "DROP TABLE ledger_payloads",
    ):
        with pytest.raises(StorageError, match=r"permission denied|must be owner"):
            attempt(db, sql)
    assert ledger.verify(TENANT).ok
    db.close()

    with Database.open(postgres.url(name, "vestige_owner")) as one_role:
        told = one_role.separation()
        assert not told.separate
        assert "owns" in told.detail
    with Database.open(postgres.url(name)) as superuser:
        assert "superuser" in superuser.separation().detail
    postgres.drop(name)
    postgres.run("DROP ROLE vestige_app")
    postgres.run("DROP ROLE vestige_owner")
