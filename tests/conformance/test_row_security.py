"""PostgreSQL holds tenants apart by itself: what a transaction names no tenant for, it neither sees nor writes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from support.homes import Home
from vestige.access import Access, PasswordLogins, People, Sessions, WantedKey, oidc_store
from vestige.access.oidc_store import Begun, Identity
from vestige.access.password_logins import FAILURES
from vestige.access.sessions import MOST_SIGN_INS, begin_session
from vestige.cases import Cases, Found, Saying
from vestige.custody.rule_store import Rule
from vestige.custody.two_persons import RULE, TwoPersons
from vestige.db import Database
from vestige.db.migrations.versions import v0005_login, v0007_cases, v0010_two_persons
from vestige.db.migrations.versions.v0004_people import BY_LOG, BY_TENANT
from vestige.db.migrations.versions.v0006_ledger_rows import ENTRIES_BY_LOG
from vestige.ledger import Draft, EvidenceBatch, Kind, Ledger, Transaction
from vestige.model.errors import NotFoundError, StorageError, UnauthenticatedError, UsageError
from vestige.model.instant import Instant
from vestige.model.permission import Permission
from vestige.model.principal import Principal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from support.postgres import Postgres

BY = Principal("a test")


def _fill_case(cases: Cases, db: Database, ledger: Ledger) -> None:
    """A row in every table of cases."""
    case = cases.create(BY, {"name": "a case"}).id
    entry = ledger.read(cases.tenant, 0, 1)[0]
    cases.pin(case, BY, [Found(entry.id, 0, 0)])
    Saying(db, ledger, cases).add(case, BY, "note", {"text": "a note"})


@pytest.fixture(params=["two roles", "one role"])
def served(
    request: pytest.FixtureRequest, postgres: Postgres, tmp_path: Path
) -> Iterator[tuple[Database, Access, Ledger]]:
    """An installation whose serving role is no superuser, and owns the tables or does not; with two tenants."""
    name = postgres.create()
    roles = ("vestige_rows_owner", "vestige_rows_app")
    for role in roles:
        postgres.run(f"DROP ROLE IF EXISTS {role}")
        postgres.run(f"CREATE ROLE {role} LOGIN")
    postgres.run(f"ALTER DATABASE {name} OWNER TO {roles[0]}")
    owner = postgres.url(name, roles[0])
    two = request.param == "two roles"
    db = Database.open(postgres.url(name, roles[1]) if two else owner, owner_url=owner if two else "")
    ledger = Home("postgresql", tmp_path, "", postgres, name).ledger(db)
    access = Access(db, ledger)
    for slug in ("one", "two"):
        tenant = access.ensure_tenant(slug).id
        access.keys.make(tenant, WantedKey.of("k", ["read"]), BY, frozenset(Permission))
        ledger.transact(tenant, lambda _: [Draft(Kind.EVIDENCE, b"x")])
        many = EvidenceBatch(tenant, tenant, "text/plain", [b"y"] * 300, [0] * 300, list(range(300)))
        many.dedup = [ledger.dedup_key(tenant, str(n).encode()) for n in range(300)]
        prepared = ledger.prepare(many)
        ledger.transact(tenant, lambda _, prepared=prepared: [prepared])  # type: ignore[misc]
        ledger.checkpoint(tenant)
        _fill_case(Cases(db, ledger, tenant), db, ledger)
        two_persons = TwoPersons(db, ledger, tenant)
        two_persons.propose(RULE, {}, BY, "")
        two_persons.change(Rule(hours=5), BY)
        with db.write() as connection:
            connection.execute(
                sa.text("INSERT INTO ingest_sources (id, log, name) VALUES (:id, :log, 's')"),
                {"id": tenant, "log": ledger.log(tenant).number},
            )
    yield db, access, ledger
    db.close()
    postgres.drop(name)
    for role in roles:
        postgres.run(f"DROP ROLE {role}")


def count(connection: sa.Connection, table: str) -> int:
    return int(connection.scalar(sa.text(f"SELECT count(*) FROM {table}")) or 0)


def test_a_statement_without_a_condition_sees_one_tenants_rows(served: tuple[Database, Access, Ledger]) -> None:
    db, access, _ledger = served
    one = access.tenant("one").id
    for table in (
        *BY_TENANT,
        *v0005_login.BY_TENANT,
        *v0007_cases.BY_TENANT,
        *v0010_two_persons.BY_TENANT,
        *BY_LOG,
        *ENTRIES_BY_LOG,
    ):
        with db.read() as connection:
            everything = count(connection, table)
        with db.read(one) as connection:
            mine = count(connection, table)
        assert mine * 2 == everything, table
        assert mine or table not in {*ENTRIES_BY_LOG} - {"ledger_erasures"}
    with db.read(one) as connection:
        assert connection.scalars(sa.text("SELECT DISTINCT tenant FROM access_keys")).all() == [one]
    with db.read("01ARZ3NDEKTSV4RRFFQ69G5FAV") as connection:
        assert count(connection, "access_keys") == count(connection, "ledger_head") == 0


def test_every_table_of_a_tenants_is_held_by_a_policy(served: tuple[Database, Access, Ledger]) -> None:
    db, _access, _ledger = served
    with db.read() as connection:
        having = connection.scalars(
            sa.text(
                "SELECT DISTINCT table_name FROM information_schema.columns WHERE table_schema = 'public'"
                " AND column_name IN ('log', 'tenant')"
            )
        ).all()
        held = connection.scalars(
            sa.text("SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity")
        ).all()
    by_tenant = {*BY_TENANT, *v0005_login.BY_TENANT, *v0007_cases.BY_TENANT, *v0010_two_persons.BY_TENANT}
    assert set(having) == set(held) >= {*by_tenant, *BY_LOG, *ENTRIES_BY_LOG}


def test_entries_are_neither_read_nor_written_for_another(served: tuple[Database, Access, Ledger]) -> None:
    db, access, ledger = served
    one, two = (access.tenant(slug).id for slug in ("one", "two"))
    theirs = ledger.log(two).number
    with db.read(one) as connection:
        for table in ("ledger_entries", "ledger_payloads", "ledger_tiles", "ledger_dedup"):
            assert connection.scalar(sa.text(f"SELECT count(*) FROM {table} WHERE log = :log"), {"log": theirs}) == 0
    row = "(log, seq, id, kind, src, leaf, leaf_hash) VALUES (:log, 9999, '', 'evidence', '', '', '')"
    for statement in (
        f"INSERT INTO ledger_entries {row}",
        "INSERT INTO ledger_payloads (log, seq, salt) VALUES (:log, 9999, '')",
        "INSERT INTO ledger_tiles (log, level, idx, hashes) VALUES (:log, 9, 9999, '')",
        "INSERT INTO ledger_dedup (log, key, mac, seq) VALUES (:log, '', '', 9999)",
    ):
        with pytest.raises(StorageError, match="row-level security"), db.write(one) as connection:
            connection.execute(sa.text(statement), {"log": theirs})
    assert ledger.verify(one).ok
    assert ledger.verify(two).ok
    assert len(ledger.read(two, 0, 1000)) == ledger.head(two) > 300


def test_another_tenants_rows_are_neither_changed_nor_made(served: tuple[Database, Access, Ledger]) -> None:
    db, access, _ledger = served
    one, two = (access.tenant(slug).id for slug in ("one", "two"))
    with db.write(one) as connection:
        connection.execute(sa.text("UPDATE access_keys SET revoked_at = 1"))
        assert connection.execute(sa.text("DELETE FROM access_keys WHERE tenant = :t"), {"t": two}).rowcount == 0
    assert [key["state"] for key in access.keys.all(one)] == ["revoked"]
    assert [key["state"] for key in access.keys.all(two)] == ["active"]
    with pytest.raises(StorageError, match="row-level security"), db.write(one) as connection:
        connection.execute(sa.text("UPDATE access_keys SET tenant = :t"), {"t": two})


def test_the_name_does_not_outlast_its_transaction(served: tuple[Database, Access, Ledger]) -> None:
    db, access, _ledger = served
    for slug in ("one", "two"):
        with db.read(access.tenant(slug).id) as connection:
            assert count(connection, "access_keys") == 1
    with db.read() as connection:
        assert count(connection, "access_keys") == 2


def test_people_sign_in_and_let_programs_in(served: tuple[Database, Access, Ledger]) -> None:
    db, access, ledger = served
    one, two = (access.tenant(slug).id for slug in ("one", "two"))
    people, logins, sessions = People(db, ledger, None), PasswordLogins(db, ledger), Sessions(db, ledger)
    made = people.invite(one, "ann@example.org", "admin", BY, frozenset(Permission))
    people.accept(made["token"], "Ann", GOOD, BY)
    ann, token, _csrf = logins.sign_in(one, "ann@example.org", GOOD, BY)
    assert sessions.find(token)[0] == ann
    begun: list[str] = []

    def act(transaction: Transaction) -> list[Draft]:
        begun[:] = [begin_session(transaction, ann).token for _ in range(MOST_SIGN_INS)]
        return []

    ledger.transact(one, act)
    assert sessions.find(begun[-1])[0] == ann
    with pytest.raises(UnauthenticatedError):
        sessions.find(token)
    with db.read(one) as connection:
        assert count(connection, "access_sessions") == MOST_SIGN_INS
    asked = sessions.ask("one", one, "a program", BY)
    assert sessions.waiting(ann, asked["user_code"]).client == "a program"
    sessions.approve(ann, asked["user_code"], BY, yes=True)
    assert access.authenticate(sessions.collect(asked["device_code"], BY)["token"]).person == ann.id
    with pytest.raises(UnauthenticatedError):
        sessions.collect(asked["device_code"], BY)
    for _ in range(FAILURES + 2):
        with pytest.raises(UnauthenticatedError):
            logins.sign_in(one, "ann@example.org", "wrong guess", BY)
    with db.write(one) as connection:
        assert connection.scalar(sa.text("SELECT locked_tries FROM access_people")) == 2
        connection.execute(sa.text("UPDATE access_people SET locked_until = 1"))
    logins._written = Instant(0)
    logins.write_locked()
    people.invite(one, "bob@example.org", "auditor", replace(BY, name="ann@example.org"), ann.permissions)
    people.invite(two, "ann@example.org", "owner", BY, frozenset(Permission))
    people.remove(one, "ann@example.org", BY, frozenset(Permission))
    assert (people.invited(one), len(people.invited(two))) == ([], 1)


def test_sign_ins_at_a_provider_are_their_tenants(served: tuple[Database, Access, Ledger]) -> None:
    db, access, _ledger = served
    one, two = (access.tenant(slug).id for slug in ("one", "two"))
    begun = Begun(b"state", one, b"browser", "", 1, 10)
    identity = Identity(one, "https://login.example.org", "s-1", "p-1", 1)
    with db.write(one) as connection:
        oidc_store.add(connection, begun)
        oidc_store.link(connection, identity)
    with db.write(two) as connection:
        assert oidc_store.by_state(connection, b"state") is None
        assert not oidc_store.take(connection, one, b"state")
        assert oidc_store.person_of(connection, one, identity.issuer, "s-1") is None
        assert oidc_store.unlink(connection, one, "p-1") == 0
    with db.read() as connection:
        assert oidc_store.by_state(connection, b"state") == begun
    with db.write(one) as connection:
        assert oidc_store.clear(connection, one, 9) == 1
        assert oidc_store.person_of(connection, one, identity.issuer, "s-1") == "p-1"
        assert oidc_store.subject_of(connection, one, identity.issuer, "p-1") == "s-1"
        assert [oidc_store.take(connection, one, b"state") for _ in range(2)] == [True, False]
        assert oidc_store.unlink(connection, one, "p-1") == 1


GOOD = "correct horse battery staple"
ODD = ("", "\x00", "a\x00b", "\ud800", "x" * 5000, "'; DROP TABLE access_keys; --", "01ARZ3NDEKTSV4RRFFQ69G5FAV")


def test_an_odd_text_is_refused_and_never_a_failure(served: tuple[Database, Access, Ledger]) -> None:
    db, access, ledger = served
    one, everything = access.tenant("one").id, frozenset(Permission)
    people = People(db, ledger, None)
    sessions = Sessions(db, ledger)
    acts: tuple[Callable[[str], object], ...] = (
        access.tenant,
        access.tenant_by_id,
        access.authenticate,
        lambda odd: access.keys.revoke(one, odd, BY, everything),
        lambda odd: access.keys.rotate(one, odd, 0, BY, everything),
        lambda odd: PasswordLogins(db, ledger).sign_in(one, odd, odd, BY),
        lambda odd: people.remove(one, odd, BY, everything),
        lambda odd: people.change_role(one, odd, "auditor", BY, everything),
        lambda odd: people.reset(one, odd, BY, everything),
        lambda odd: people.invite(one, odd, "auditor", BY, everything),
        lambda odd: people.accept(odd, "", "correct horse battery staple", BY),
        lambda odd: people.decide(one, odd, "auditor", BY, everything),
        lambda odd: sessions.collect(odd, BY),
        sessions.find,
    )
    for odd in ODD:
        for act in acts:
            with pytest.raises((NotFoundError, UnauthenticatedError, UsageError)):
                act(odd)
    assert [key["state"] for key in access.keys.all(one)] == ["active"]
