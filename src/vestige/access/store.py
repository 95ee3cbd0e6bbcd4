"""The tables of tenants and API keys (migrations 0002 and 0004).

Every statement names the tenant, but the look-up of a secret's digest, which is how a tenant is found.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson
from sqlalchemy import (
    BigInteger,
    Column,
    LargeBinary,
    MetaData,
    String,
    Table,
    and_,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, RowMapping

META = MetaData()

TENANTS = Table(
    "access_tenants",
    META,
    Column("id", String(26), primary_key=True),
    Column("slug", String(64), nullable=False, unique=True),
    Column("created_at", BigInteger, nullable=False),
)
KEYS = Table(
    "access_keys",
    META,
    Column("id", String(26), primary_key=True),
    Column("tenant", String(26), nullable=False),
    Column("name", String(200), nullable=False),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("created_at", BigInteger, nullable=False),
    Column("scopes", String, nullable=False),
    Column("sources", String, nullable=False),
    Column("person", String(26), nullable=False),
    Column("made_by", String, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger, nullable=False),
    Column("used_at", BigInteger, nullable=False),
    Column("replaced_by", String(26), nullable=False),
)


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A key as it is kept: everything but the secret, which is kept nowhere."""

    id: str
    tenant: str
    name: str
    digest: bytes
    created_at: int
    scopes: tuple[str, ...]
    sources: tuple[str, ...] = ()
    """The sources an ingest key may write; none: any."""
    person: str = ""
    """Whose sign-in it is; its permissions are then that person's."""
    made_by: str = ""
    expires_at: int = 0
    revoked_at: int = 0
    used_at: int = 0
    replaced_by: str = ""


def tenant_by_slug(connection: Connection, slug: str) -> str | None:
    """The id of a tenant."""
    return connection.execute(select(TENANTS.c.id).where(TENANTS.c.slug == slug)).scalar_one_or_none()


def add_tenant(connection: Connection, tenant: str, slug: str, at: int) -> None:
    """Record a tenant."""
    connection.execute(insert(TENANTS).values(id=tenant, slug=slug, created_at=at))


def tenants(connection: Connection) -> list[tuple[str, str, int]]:
    """The (id, slug, time made) of every tenant, by slug."""
    rows = connection.execute(select(TENANTS.c.id, TENANTS.c.slug, TENANTS.c.created_at).order_by(TENANTS.c.slug))
    return [(row.id, row.slug, row.created_at) for row in rows]


def tenant_slug(connection: Connection, tenant: str) -> str | None:
    """The name of a tenant given by id."""
    return connection.execute(select(TENANTS.c.slug).where(TENANTS.c.id == tenant)).scalar_one_or_none()


def has_keys(connection: Connection, tenant: str) -> bool:
    """Whether any key opens the tenant."""
    return connection.execute(select(KEYS.c.id).where(KEYS.c.tenant == tenant).limit(1)).first() is not None


def add_key(connection: Connection, key: KeyRow) -> None:
    """Record a key by its digest."""
    values = {name: getattr(key, name) for name in list(KEYS.columns.keys())}
    values |= {"scopes": ",".join(key.scopes), "sources": orjson.dumps(key.sources).decode()}
    connection.execute(insert(KEYS).values(values))


def key_by_digest(connection: Connection, digest: bytes) -> KeyRow | None:
    """The key with this digest: equality of 256-bit digests, so what a look-up's time tells is of no secret."""
    row = connection.execute(select(KEYS).where(KEYS.c.digest == digest)).mappings().first()
    return None if row is None else _key(row)


def key_by_id(connection: Connection, tenant: str, key: str) -> KeyRow | None:
    """A key of a tenant."""
    row = connection.execute(select(KEYS).where(KEYS.c.tenant == tenant, KEYS.c.id == key)).mappings().first()
    return None if row is None else _key(row)


def keys(connection: Connection, tenant: str) -> list[KeyRow]:
    """Every key of a tenant, the oldest first."""
    rows = connection.execute(select(KEYS).where(KEYS.c.tenant == tenant).order_by(KEYS.c.id)).mappings()
    return [_key(row) for row in rows]


def count_keys(connection: Connection, tenant: str) -> int:
    """How many keys a tenant has or had; sign-ins of people are not among them."""
    mine = (KEYS.c.tenant == tenant, KEYS.c.person == "")
    return int(connection.execute(select(func.count()).select_from(KEYS).where(*mine)).scalar_one())


def purge_sign_ins(connection: Connection, tenant: str, before: int) -> None:
    """Forget sign-ins of people that ended before a time; what they were is in the ledger."""
    ended = or_(
        and_(KEYS.c.expires_at > 0, KEYS.c.expires_at < before), and_(KEYS.c.revoked_at > 0, KEYS.c.revoked_at < before)
    )
    connection.execute(delete(KEYS).where(KEYS.c.tenant == tenant, KEYS.c.person != "", ended))


def end_oldest_sign_ins(connection: Connection, tenant: str, person: str, most: int, at: int) -> None:
    """End a person's oldest sign-ins beyond the newest ``most`` that are in force."""
    theirs = (KEYS.c.tenant == tenant, KEYS.c.person == person, KEYS.c.revoked_at == 0, KEYS.c.expires_at > at)
    oldest = select(KEYS.c.id).where(*theirs).order_by(KEYS.c.id.desc()).offset(most)
    for key in connection.execute(oldest).scalars().all():
        change_key(connection, tenant, key, revoked_at=at)


def change_key(connection: Connection, tenant: str, key: str, **values: int | str) -> None:
    """Set columns of a key."""
    connection.execute(update(KEYS).where(KEYS.c.tenant == tenant, KEYS.c.id == key).values(values))


def revoke_of_person(connection: Connection, tenant: str, person: str, at: int) -> None:
    """End every sign-in of a person that is not over yet."""
    theirs = (KEYS.c.tenant == tenant, KEYS.c.person == person, KEYS.c.revoked_at == 0)
    connection.execute(update(KEYS).where(*theirs).values(revoked_at=at))


def used(connection: Connection, at: Sequence[tuple[str, str, int]]) -> None:
    """Record when keys, given by tenant and id, were last used; never an earlier time than is there."""
    for tenant, key, when in at:
        mine = (KEYS.c.tenant == tenant, KEYS.c.id == key, KEYS.c.used_at < when)
        connection.execute(update(KEYS).where(*mine).values(used_at=when))


def _key(row: RowMapping) -> KeyRow:
    values = dict(row)
    values["scopes"] = tuple(name for name in row["scopes"].split(",") if name)
    values["sources"] = tuple(orjson.loads(row["sources"]))
    values["digest"] = bytes(row["digest"])
    return KeyRow(**values)
