"""The table of people (migration 0004). A person belongs to one tenant; every statement names it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, Column, String, Table, insert, select, update

from vestige.access.roles import ROLES, Role
from vestige.access.store import META
from vestige.model.permission import Permission

if TYPE_CHECKING:
    from sqlalchemy import Connection, RowMapping

PEOPLE = Table(
    "access_people",
    META,
    Column("id", String(26), primary_key=True),
    Column("tenant", String(26), nullable=False),
    Column("email", String, nullable=False),
    Column("name", String, nullable=False),
    Column("role", String, nullable=False),
    Column("may_erase", BigInteger, nullable=False),
    Column("password", String, nullable=False),
    Column("failures", BigInteger, nullable=False),
    Column("locked_until", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("removed_at", BigInteger, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Person:
    """A person of a tenant."""

    id: str
    tenant: str
    email: str
    name: str
    role: Role
    may_erase: bool
    """Whether the person has ``evidence.erase`` beside the role."""
    password: str
    """Argon2id in PHC form; empty: none was set, and none opens."""
    created_at: int
    failures: int = 0
    locked_until: int = 0
    removed_at: int = 0

    @property
    def permissions(self) -> frozenset[Permission]:
        """All the person may do."""
        return ROLES[self.role] | ({Permission.EVIDENCE_ERASE} if self.may_erase else frozenset())


def add(connection: Connection, person: Person) -> None:
    """Record a person."""
    values = {name: getattr(person, name) for name in PEOPLE.columns.keys()}  # noqa: SIM118 - a collection of columns, which is no dict
    connection.execute(insert(PEOPLE).values(values | {"may_erase": int(person.may_erase)}))


def by_id(connection: Connection, tenant: str, person: str) -> Person | None:
    """A person by id."""
    row = connection.execute(select(PEOPLE).where(PEOPLE.c.tenant == tenant, PEOPLE.c.id == person)).mappings().first()
    return None if row is None else _person(row)


def by_email(connection: Connection, tenant: str, email: str) -> Person | None:
    """A person by e-mail address, in the form it is kept in."""
    row = connection.execute(select(PEOPLE).where(PEOPLE.c.tenant == tenant, PEOPLE.c.email == email)).mappings()
    found = row.first()
    return None if found is None else _person(found)


def everybody(connection: Connection, tenant: str) -> list[Person]:
    """Everybody who is or was there, by address."""
    rows = connection.execute(select(PEOPLE).where(PEOPLE.c.tenant == tenant).order_by(PEOPLE.c.email)).mappings()
    return [_person(row) for row in rows]


def change(connection: Connection, tenant: str, person: str, **values: int | str) -> None:
    """Set columns of a person."""
    connection.execute(update(PEOPLE).where(PEOPLE.c.tenant == tenant, PEOPLE.c.id == person).values(values))


def _person(row: RowMapping) -> Person:
    values = dict(row)
    return Person(**(values | {"role": Role(row["role"]), "may_erase": bool(row["may_erase"])}))
