"""The tables of browser sessions and of sign-ins that wait for approval (migrations 0004, 0005 and 0008)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import BigInteger, Column, LargeBinary, String, Table, delete, insert, select, update

from vestige.access.store import META

if TYPE_CHECKING:
    from sqlalchemy import Connection

SESSIONS = Table(
    "access_sessions",
    META,
    Column("digest", LargeBinary, primary_key=True),
    Column("tenant", String(26), nullable=False),
    Column("person", String(26), nullable=False),
    Column("csrf", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger, nullable=False),
    Column("proved_at", BigInteger, nullable=False),
)
DEVICES = Table(
    "access_devices",
    META,
    Column("digest", LargeBinary, primary_key=True),
    Column("code", LargeBinary, nullable=False, unique=True),
    Column("tenant", String(26), nullable=False),
    Column("person", String(26), nullable=False),
    Column("client", String, nullable=False),
    Column("address", String, nullable=False),
    Column("state", String, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
)


class Session(NamedTuple):
    """A browser's session; its secret and its CSRF token as digests."""

    digest: bytes
    tenant: str
    person: str
    csrf: bytes
    created_at: int
    expires_at: int
    ended_at: int = 0
    proved_at: int = 0
    """When the person last proved who they are, here or to a provider: before the session began, if one knew them."""


class Device(NamedTuple):
    """A program's sign-in that waits, by the digests of what the program holds and of what a person types."""

    digest: bytes
    code: bytes
    tenant: str
    person: str
    client: str
    state: str
    """``waiting``, ``approved``, ``denied``, ``used``, or ``replayed``: asked for again after that."""
    created_at: int
    expires_at: int
    address: str = ""
    """Where it was begun from."""


def add_session(connection: Connection, session: Session, most: int) -> None:
    """Record a session; those of the tenant that are long over go, and the person's oldest beyond ``most``."""
    over = (SESSIONS.c.tenant == session.tenant, SESSIONS.c.expires_at < session.created_at)
    connection.execute(delete(SESSIONS).where(*over))
    theirs = (SESSIONS.c.tenant == session.tenant, SESSIONS.c.person == session.person)
    oldest = select(SESSIONS.c.digest).where(*theirs).order_by(SESSIONS.c.created_at.desc()).offset(most - 1)
    for digest in connection.execute(oldest).scalars().all():
        connection.execute(delete(SESSIONS).where(*theirs, SESSIONS.c.digest == digest))
    connection.execute(insert(SESSIONS).values(session._asdict()))


def session_by_digest(connection: Connection, digest: bytes) -> Session | None:
    """The session of a secret: how its tenant is found."""
    row = connection.execute(select(SESSIONS).where(SESSIONS.c.digest == digest)).mappings().first()
    if row is None:
        return None
    return Session(**(dict(row) | {"digest": bytes(row["digest"]), "csrf": bytes(row["csrf"])}))


def end_session(connection: Connection, tenant: str, digest: bytes, at: int) -> None:
    """End a session."""
    mine = (SESSIONS.c.tenant == tenant, SESSIONS.c.digest == digest)
    connection.execute(update(SESSIONS).where(*mine).values(ended_at=at))


def end_of_person(connection: Connection, tenant: str, person: str, at: int) -> None:
    """End every session of a person, and every sign-in of theirs that waits."""
    mine = (SESSIONS.c.tenant == tenant, SESSIONS.c.person == person, SESSIONS.c.ended_at == 0)
    connection.execute(update(SESSIONS).where(*mine).values(ended_at=at))
    connection.execute(delete(DEVICES).where(DEVICES.c.tenant == tenant, DEVICES.c.person == person))


def add_device(connection: Connection, device: Device) -> None:
    """Record a sign-in that waits."""
    connection.execute(insert(DEVICES).values(device._asdict()))


def clear_devices(connection: Connection, tenant: str, at: int) -> int:
    """Forget sign-ins of a tenant that are over; how many are left."""
    connection.execute(delete(DEVICES).where(DEVICES.c.tenant == tenant, DEVICES.c.expires_at < at))
    return len(connection.execute(select(DEVICES.c.digest).where(DEVICES.c.tenant == tenant)).all())


def device_by_digest(connection: Connection, digest: bytes) -> Device | None:
    """The sign-in of what a program holds."""
    row = connection.execute(select(DEVICES).where(DEVICES.c.digest == digest)).mappings().first()
    return None if row is None else Device(**(dict(row) | {"digest": bytes(row["digest"]), "code": bytes(row["code"])}))


def device_by_code(connection: Connection, tenant: str, code: bytes) -> Device | None:
    """The sign-in of what a person types, in the person's own tenant."""
    mine = (DEVICES.c.tenant == tenant, DEVICES.c.code == code)
    row = connection.execute(select(DEVICES).where(*mine)).mappings().first()
    return None if row is None else Device(**(dict(row) | {"digest": bytes(row["digest"]), "code": bytes(row["code"])}))


def change_device(connection: Connection, device: Device, state: str, person: str) -> None:
    """Record what became of a sign-in."""
    mine = (DEVICES.c.tenant == device.tenant, DEVICES.c.digest == device.digest)
    connection.execute(update(DEVICES).where(*mine).values(state=state, person=person))
