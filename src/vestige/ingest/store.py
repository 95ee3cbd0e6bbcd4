"""The tables of this room: the names of sources, and the members that were taken in (migration 0002)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, MetaData, String, Table, delete, insert, select, update

if TYPE_CHECKING:
    from sqlalchemy import Connection

_META = MetaData()

SOURCES = Table(
    "ingest_sources",
    _META,
    Column("id", String(26), primary_key=True),
    Column("log", Integer, nullable=False),
    Column("name", String(400), nullable=False),
)


def source_id(connection: Connection, log: int, name: str) -> str | None:
    """The id of a source of that name."""
    return connection.execute(
        select(SOURCES.c.id).where(SOURCES.c.log == log, SOURCES.c.name == name)
    ).scalar_one_or_none()


def add_source(connection: Connection, log: int, source: str, name: str) -> None:
    """Record a source."""
    connection.execute(insert(SOURCES).values(id=source, log=log, name=name))


def source_names(connection: Connection, log: int) -> dict[str, str]:
    """Every source of a log, id to name."""
    return {row.id: row.name for row in connection.execute(select(SOURCES).where(SOURCES.c.log == log))}


class MemberRow(NamedTuple):
    """A file or archive member that was taken in, and how far.

    ``key`` and ``head`` are keyed digests (of the whole content, of its beginning), so that nothing of an erased
    file can be guessed from this table. A content that a rendered and an unrendered format have taken in has two rows,
    the second one's key telling its kind (:func:`vestige.ingest.survey.keys_of`). ``end`` is where its last record
    taken ends, ``last`` where that one begins.
    """

    key: bytes
    head: bytes
    source: str
    size: int
    end: int
    last: int
    records: int
    acquisition: str


MEMBERS = Table(
    "ingest_members",
    _META,
    Column("log", Integer, primary_key=True),
    Column("key", LargeBinary, primary_key=True),
    Column("source", String(26), primary_key=True),
    Column("head", LargeBinary, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("end", BigInteger, nullable=False),
    Column("last", BigInteger, nullable=False),
    Column("records", BigInteger, nullable=False),
    Column("acquisition", String(26), nullable=False),
)
_MEMBER_COLUMNS = [MEMBERS.c[name] for name in MemberRow._fields]


def members_with_key(connection: Connection, log: int, keys: list[bytes]) -> list[MemberRow]:
    """Members with one of these keys (of one content, that is), of any source."""
    rows = connection.execute(select(*_MEMBER_COLUMNS).where(MEMBERS.c.log == log, MEMBERS.c.key.in_(keys)))
    return [MemberRow(*row) for row in rows]


def members_with_head(connection: Connection, log: int, heads: list[bytes]) -> list[MemberRow]:
    """Members that begin alike: what a new file might be a longer version of."""
    rows = connection.execute(select(*_MEMBER_COLUMNS).where(MEMBERS.c.log == log, MEMBERS.c.head.in_(heads)))
    return [MemberRow(*row) for row in rows]


def member(connection: Connection, log: int, key: bytes, source: str) -> MemberRow | None:
    """One member's row."""
    row = connection.execute(
        select(*_MEMBER_COLUMNS).where(MEMBERS.c.log == log, MEMBERS.c.key == key, MEMBERS.c.source == source)
    ).first()
    return None if row is None else MemberRow(*row)


def drop_member(connection: Connection, log: int, key: bytes, source: str, acquisition: str) -> None:
    """Forget how far a member was taken in, if that acquisition was the last to say so."""
    connection.execute(
        delete(MEMBERS).where(
            MEMBERS.c.log == log,
            MEMBERS.c.key == key,
            MEMBERS.c.source == source,
            MEMBERS.c.acquisition == acquisition,
        )
    )


def put_member(connection: Connection, log: int, row: MemberRow) -> None:
    """Record how far a member has been taken in, and by which acquisition last: its reading goes on from there."""
    changed = connection.execute(
        update(MEMBERS)
        .where(MEMBERS.c.log == log, MEMBERS.c.key == row.key, MEMBERS.c.source == row.source)
        .values(end=row.end, last=row.last, records=row.records, acquisition=row.acquisition)
    )
    if changed.rowcount == 0:
        connection.execute(insert(MEMBERS).values(log=log, **row._asdict()))
