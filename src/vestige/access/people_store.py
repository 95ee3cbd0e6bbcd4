"""The tables of people, of invitations, and of requests to be invited (migration 0004).

Each row belongs to one tenant, which every statement names, but the look-up of a secret's digest, which finds it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import BigInteger, Column, LargeBinary, String, Table, func, insert, select, update

from vestige.access.roles import ROLES, Role
from vestige.access.store import META
from vestige.model.permission import Permission

if TYPE_CHECKING:
    from sqlalchemy import Connection, RowMapping

MOST_LOCKED = 1000
"""People read at once whose lock is over; the others are read the next time."""
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
    Column("locked_tries", BigInteger, nullable=False),
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
    locked_tries: int = 0
    """Sign-ins tried while the account was locked, and in no entry yet."""

    @property
    def permissions(self) -> frozenset[Permission]:
        """All the person may do."""
        return ROLES[self.role] | ({Permission.EVIDENCE_ERASE} if self.may_erase else frozenset())


def add(connection: Connection, person: Person) -> None:
    """Record a person."""
    values = {name: getattr(person, name) for name in _names(PEOPLE)}
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


def count(connection: Connection, tenant: str) -> int:
    """How many people are or were there."""
    return int(
        connection.execute(select(func.count()).select_from(PEOPLE).where(PEOPLE.c.tenant == tenant)).scalar_one()
    )


def is_empty(connection: Connection, tenant: str) -> bool:
    """Whether nobody is there."""
    there = select(PEOPLE.c.id).where(PEOPLE.c.tenant == tenant, PEOPLE.c.removed_at == 0).limit(1)
    return connection.execute(there).first() is None


def owners(connection: Connection, tenant: str) -> int:
    """How many owners there are."""
    mine = (PEOPLE.c.tenant == tenant, PEOPLE.c.role == Role.OWNER.value, PEOPLE.c.removed_at == 0)
    return int(connection.execute(select(func.count()).select_from(PEOPLE).where(*mine)).scalar_one())


INVITES = Table(
    "access_invites",
    META,
    Column("id", String(26), primary_key=True),
    Column("tenant", String(26), nullable=False),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("purpose", String, nullable=False),
    Column("email", String, nullable=False),
    Column("role", String, nullable=False),
    Column("may_erase", BigInteger, nullable=False),
    Column("made_by", String, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("used_at", BigInteger, nullable=False),
    Column("made_key", String, nullable=False),
)
REQUESTS = Table(
    "access_requests",
    META,
    Column("id", String(26), primary_key=True),
    Column("tenant", String(26), nullable=False),
    Column("email", String, nullable=False),
    Column("name", String, nullable=False),
    Column("note", String, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("decided_at", BigInteger, nullable=False),
    Column("decision", String, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Invite:
    """What lets somebody set a password once: an invitation, or a reset by an admin."""

    id: str
    tenant: str
    digest: bytes
    purpose: str
    """``invite`` or ``reset``."""
    email: str
    role: Role
    may_erase: bool
    made_by: str
    created_at: int
    expires_at: int
    used_at: int = 0
    made_key: str = ""
    """The id of the credential it was made with, if it was one."""


class Asked(NamedTuple):
    """A request to be invited."""

    id: str
    tenant: str
    email: str
    name: str
    note: str
    created_at: int
    decided_at: int = 0
    decision: str = ""


def add_invite(connection: Connection, invite: Invite) -> None:
    """Record an invitation; earlier ones of the same address end."""
    mine = (INVITES.c.tenant == invite.tenant, INVITES.c.email == invite.email, INVITES.c.used_at == 0)
    connection.execute(update(INVITES).where(*mine).values(used_at=invite.created_at))
    values = {name: getattr(invite, name) for name in _names(INVITES)}
    connection.execute(insert(INVITES).values(values | {"may_erase": int(invite.may_erase)}))


def invites(connection: Connection, tenant: str, at: int) -> list[Invite]:
    """Invitations and resets that are still to be answered, the oldest first."""
    mine = (INVITES.c.tenant == tenant, INVITES.c.used_at == 0, INVITES.c.expires_at > at)
    return [_invite(row) for row in connection.execute(select(INVITES).where(*mine).order_by(INVITES.c.id)).mappings()]


def end_invites(connection: Connection, tenant: str, email: str, at: int) -> int:
    """End what an address was invited with and has not answered; how many there were."""
    mine = (INVITES.c.tenant == tenant, INVITES.c.email == email, INVITES.c.used_at == 0, INVITES.c.expires_at > at)
    return connection.execute(update(INVITES).where(*mine).values(used_at=at)).rowcount


def count_invites(connection: Connection, tenant: str, at: int) -> int:
    """How many invitations and resets are still to be answered."""
    mine = (INVITES.c.tenant == tenant, INVITES.c.used_at == 0, INVITES.c.expires_at > at)
    return int(connection.execute(select(func.count()).select_from(INVITES).where(*mine)).scalar_one())


def end_invite(connection: Connection, invite: Invite, at: int) -> None:
    """End one that nobody has answered."""
    mine = (INVITES.c.tenant == invite.tenant, INVITES.c.id == invite.id, INVITES.c.used_at == 0)
    connection.execute(update(INVITES).where(*mine).values(used_at=at))


def end_invites_of_key(connection: Connection, tenant: str, key: str, at: int) -> int:
    """End what was made with a key and nobody has answered; how many there were."""
    mine = (INVITES.c.tenant == tenant, INVITES.c.made_key == key, INVITES.c.used_at == 0, INVITES.c.expires_at > at)
    return connection.execute(update(INVITES).where(*mine).values(used_at=at)).rowcount


def invites_since(connection: Connection, tenant: str, since: int) -> list[Invite]:
    """Invitations and resets made since a time that wait for no answer any more: answered, or ended."""
    mine = (INVITES.c.tenant == tenant, INVITES.c.created_at >= since, INVITES.c.used_at != 0)
    return [_invite(row) for row in connection.execute(select(INVITES).where(*mine).order_by(INVITES.c.id)).mappings()]


def locked(connection: Connection, at: int) -> list[tuple[str, str]]:
    """The (tenant, id) of whoever was tried while locked, and is so no more: of all tenants."""
    over = (PEOPLE.c.locked_tries > 0, PEOPLE.c.locked_until <= at)
    rows = connection.execute(select(PEOPLE.c.tenant, PEOPLE.c.id).where(*over).limit(MOST_LOCKED))
    return [(row.tenant, row.id) for row in rows]


def invite_by_digest(connection: Connection, digest: bytes) -> Invite | None:
    """The invitation a secret opens: how its tenant is found."""
    row = connection.execute(select(INVITES).where(INVITES.c.digest == digest)).mappings().first()
    return None if row is None else _invite(row)


def _invite(row: RowMapping) -> Invite:
    values = dict(row) | {
        "role": Role(row["role"]),
        "may_erase": bool(row["may_erase"]),
        "digest": bytes(row["digest"]),
    }
    return Invite(**values)


def use_invite(connection: Connection, tenant: str, invite: str, at: int) -> None:
    """An invitation opens once."""
    connection.execute(update(INVITES).where(INVITES.c.tenant == tenant, INVITES.c.id == invite).values(used_at=at))


def ask(connection: Connection, asked: Asked) -> None:
    """Record a request to be invited."""
    connection.execute(insert(REQUESTS).values(asked._asdict()))


def asked_for(connection: Connection, tenant: str) -> list[Asked]:
    """Requests nobody has decided yet, the oldest first."""
    mine = (REQUESTS.c.tenant == tenant, REQUESTS.c.decided_at == 0)
    rows = connection.execute(select(REQUESTS).where(*mine).order_by(REQUESTS.c.id)).mappings()
    return [Asked(**dict(row)) for row in rows]


def decide(connection: Connection, tenant: str, request: str, decision: str, at: int) -> bool:
    """Record what became of a request; whether it was open until now."""
    mine = (REQUESTS.c.tenant == tenant, REQUESTS.c.id == request, REQUESTS.c.decided_at == 0)
    return connection.execute(update(REQUESTS).where(*mine).values(decided_at=at, decision=decision)).rowcount == 1


def _names(table: Table) -> list[str]:
    return list(table.columns.keys())
