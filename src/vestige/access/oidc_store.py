"""The tables of sign-ins that are at a provider, and of who a provider's subjects are (migration 0005).

Every statement names the tenant, but the look-up of a state's digest, which is how a tenant is found.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import BigInteger, Column, LargeBinary, String, Table, delete, func, insert, select

from vestige.access.store import META

if TYPE_CHECKING:
    from sqlalchemy import Connection

BEGUN_SECONDS: Final = 10 * 60
"""How long somebody may take at the provider."""
LOGINS = Table(
    "access_oidc_logins",
    META,
    Column("digest", LargeBinary, primary_key=True),
    Column("tenant", String(26), nullable=False),
    Column("browser", LargeBinary, nullable=False),
    Column("onward", String, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
)
IDENTITIES = Table(
    "access_identities",
    META,
    Column("tenant", String(26), primary_key=True),
    Column("issuer", String, primary_key=True),
    Column("subject", String, primary_key=True),
    Column("person", String(26), nullable=False),
    Column("created_at", BigInteger, nullable=False),
)


class Begun(NamedTuple):
    """A sign-in that was begun here and is now at the provider, by digests of its state and of the browser's secret."""

    digest: bytes
    tenant: str
    browser: bytes
    onward: str
    """The page of ours it goes on to."""
    created_at: int
    expires_at: int


class Identity(NamedTuple):
    """Who a provider's subject is."""

    tenant: str
    issuer: str
    subject: str
    person: str
    created_at: int


def add(connection: Connection, begun: Begun) -> None:
    """Record a sign-in that begins."""
    connection.execute(insert(LOGINS).values(begun._asdict()))


def clear(connection: Connection, tenant: str, at: int) -> int:
    """Forget sign-ins of a tenant that are over; how many are left."""
    connection.execute(delete(LOGINS).where(LOGINS.c.tenant == tenant, LOGINS.c.expires_at <= at))
    return int(
        connection.execute(select(func.count()).select_from(LOGINS).where(LOGINS.c.tenant == tenant)).scalar_one()
    )


def by_state(connection: Connection, digest: bytes) -> Begun | None:
    """The sign-in of a state: how its tenant is found."""
    row = connection.execute(select(LOGINS).where(LOGINS.c.digest == digest)).mappings().first()
    if row is None:
        return None
    return Begun(**(dict(row) | {"digest": bytes(row["digest"]), "browser": bytes(row["browser"])}))


def take(connection: Connection, tenant: str, digest: bytes) -> bool:
    """Use a state up; whether it was still there: of two who bring the same one, one goes on."""
    mine = (LOGINS.c.tenant == tenant, LOGINS.c.digest == digest)
    return connection.execute(delete(LOGINS).where(*mine)).rowcount == 1


def person_of(connection: Connection, tenant: str, issuer: str, subject: str) -> str | None:
    """The id of the person a subject is."""
    mine = (IDENTITIES.c.tenant == tenant, IDENTITIES.c.issuer == issuer, IDENTITIES.c.subject == subject)
    return connection.execute(select(IDENTITIES.c.person).where(*mine)).scalar_one_or_none()


def subject_of(connection: Connection, tenant: str, issuer: str, person: str) -> str | None:
    """The provider's subject that is known to be a person."""
    mine = (IDENTITIES.c.tenant == tenant, IDENTITIES.c.issuer == issuer, IDENTITIES.c.person == person)
    return connection.execute(select(IDENTITIES.c.subject).where(*mine)).scalars().first()


def link(connection: Connection, identity: Identity) -> None:
    """Record who a subject is."""
    connection.execute(insert(IDENTITIES).values(identity._asdict()))


def unlink(connection: Connection, tenant: str, person: str) -> int:
    """Forget which subjects a person is; how many there were."""
    mine = (IDENTITIES.c.tenant == tenant, IDENTITIES.c.person == person)
    return connection.execute(delete(IDENTITIES).where(*mine)).rowcount
