"""The tables of this room: tenants and API keys (migration 0002)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, Column, LargeBinary, MetaData, String, Table, insert, select

if TYPE_CHECKING:
    from sqlalchemy import Connection

_META = MetaData()

TENANTS = Table(
    "access_tenants",
    _META,
    Column("id", String(26), primary_key=True),
    Column("slug", String(64), nullable=False, unique=True),
    Column("created_at", BigInteger, nullable=False),
)
KEYS = Table(
    "access_keys",
    _META,
    Column("id", String(26), primary_key=True),
    Column("tenant", String(26), nullable=False),
    Column("name", String(200), nullable=False),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("created_at", BigInteger, nullable=False),
)


def tenant_by_slug(connection: Connection, slug: str) -> str | None:
    """The id of a tenant."""
    return connection.execute(select(TENANTS.c.id).where(TENANTS.c.slug == slug)).scalar_one_or_none()


def add_tenant(connection: Connection, tenant: str, slug: str, at: int) -> None:
    """Record a tenant."""
    connection.execute(insert(TENANTS).values(id=tenant, slug=slug, created_at=at))


def has_keys(connection: Connection, tenant: str) -> bool:
    """Whether any key opens the tenant."""
    return connection.execute(select(KEYS.c.id).where(KEYS.c.tenant == tenant).limit(1)).first() is not None


def add_key(connection: Connection, key: str, tenant: str, name: str, digest: bytes, at: int) -> None:
    """Record a key by its digest."""
    connection.execute(insert(KEYS).values(id=key, tenant=tenant, name=name, digest=digest, created_at=at))


def key_by_digest(connection: Connection, digest: bytes) -> tuple[str, str, str] | None:
    """The (id, tenant, name) of the key with this digest. A digest is looked up, never compared piece by piece."""
    row = connection.execute(select(KEYS.c.id, KEYS.c.tenant, KEYS.c.name).where(KEYS.c.digest == digest)).first()
    return None if row is None else (row.id, row.tenant, row.name)


def tenant_slug(connection: Connection, tenant: str) -> str | None:
    """The name of a tenant given by id."""
    return connection.execute(select(TENANTS.c.slug).where(TENANTS.c.id == tenant)).scalar_one_or_none()
