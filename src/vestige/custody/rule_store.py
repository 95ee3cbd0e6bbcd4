"""The tables of the two-person rule (migration 0010). Each row belongs to one tenant, which every statement names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson
from sqlalchemy import BigInteger, Column, MetaData, String, Table, delete, func, insert, select, update

from vestige.model.instant import to_text

if TYPE_CHECKING:
    from sqlalchemy import Connection, RowMapping

META = MetaData()
RULES = Table(
    "custody_rules",
    META,
    Column("tenant", String(26), primary_key=True),
    *(Column(name, BigInteger) for name in ("two_persons", "hours", "sealed")),
)
PROPOSALS = Table(
    "custody_proposals",
    META,
    *(Column(name, String(26), primary_key=True) for name in ("tenant", "id")),
    *(Column(name, String) for name in ("act", "body", "proposed_by", "proposed_key", "proposed_line")),
    *(Column(name, String) for name in ("state", "decided_by")),
    *(Column(name, BigInteger) for name in ("proposed_at", "expires_at", "decided_at")),
)
OPEN: Final = "open"
KEPT: Final = 1000
"""Proposals that are listed, the newest; all of them are entries of the ledger."""


class Rule(NamedTuple):
    """What a tenant's custody asks for."""

    two_persons: bool = False
    hours: int = 72
    """How long a proposal waits for a second person."""
    sealed: bool = False
    """Whether payloads lie under keys of their own, kept apart from them."""


class Proposal(NamedTuple):
    """An act that waits for a second person, or did. Times are int64 nanoseconds, 0 for never."""

    id: str
    act: str
    body: dict[str, Any]
    proposed_by: str
    proposed_key: str
    proposed_line: tuple[str, ...]
    """Whose hands that key came through."""
    proposed_at: int
    expires_at: int
    state: str
    decided_by: str = ""
    decided_at: int = 0

    def to_json(self, now: int) -> dict[str, Any]:
        """As it is shown: one that waited too long says so by itself."""
        expired = self.state == OPEN and self.expires_at <= now
        shown = {
            "id": self.id,
            "act": self.act,
            "state": "expired" if expired else self.state,
            "proposed_by": self.proposed_by,
            "proposed_at": to_text(self.proposed_at),
            "expires": to_text(self.expires_at),
            "body": self.body,
        }
        decided = {"decided_by": self.decided_by, "decided_at": to_text(self.decided_at)} if self.decided_at else {}
        return shown | decided


def _proposal(row: RowMapping) -> Proposal:
    values = {name: row[name] for name in Proposal._fields}
    read = {"body": orjson.loads(row["body"]), "proposed_line": tuple(orjson.loads(row["proposed_line"]))}
    return Proposal(**values | read)


def rule(connection: Connection, tenant: str) -> Rule:
    """What the tenant asks for; nothing, where nobody said anything."""
    row = connection.execute(select(RULES).where(RULES.c.tenant == tenant)).mappings().first()
    return Rule() if row is None else Rule(bool(row["two_persons"]), row["hours"], bool(row["sealed"]))


def asks_for_sealing(connection: Connection, tenant: str) -> bool:
    """Whether it asks to have its payloads sealed, as the ledger wants to know before each batch."""
    return rule(connection, tenant).sealed


def put_rule(connection: Connection, tenant: str, said: Rule) -> None:
    """Replace what the tenant asks for."""
    connection.execute(delete(RULES).where(RULES.c.tenant == tenant))
    values = {"two_persons": int(said.two_persons), "hours": said.hours, "sealed": int(said.sealed)}
    connection.execute(insert(RULES).values(tenant=tenant, **values))


def add(connection: Connection, tenant: str, made: Proposal) -> None:
    """Add a proposal."""
    texts = {"body": orjson.dumps(made.body).decode(), "proposed_line": orjson.dumps(made.proposed_line).decode()}
    values = made._asdict() | texts
    connection.execute(insert(PROPOSALS).values(tenant=tenant, **values))


def waiting(connection: Connection, tenant: str, now: int) -> int:
    """How many proposals wait."""
    mine = (PROPOSALS.c.tenant == tenant, PROPOSALS.c.state == OPEN, PROPOSALS.c.expires_at > now)
    return int(connection.execute(select(func.count()).where(*mine)).scalar_one())


def every(connection: Connection, tenant: str) -> list[Proposal]:
    """The newest proposals, the newest first."""
    mine = select(PROPOSALS).where(PROPOSALS.c.tenant == tenant).order_by(PROPOSALS.c.id.desc()).limit(KEPT)
    return [_proposal(row) for row in connection.execute(mine).mappings()]


def in_state(connection: Connection, tenant: str, state: str) -> list[Proposal]:
    """The proposals in a state, the oldest first."""
    mine = select(PROPOSALS).where(PROPOSALS.c.tenant == tenant, PROPOSALS.c.state == state).order_by(PROPOSALS.c.id)
    return [_proposal(row) for row in connection.execute(mine).mappings()]


def one(connection: Connection, tenant: str, identity: str) -> Proposal | None:
    """A proposal by its id."""
    mine = select(PROPOSALS).where(PROPOSALS.c.tenant == tenant, PROPOSALS.c.id == identity)
    row = connection.execute(mine).mappings().first()
    return None if row is None else _proposal(row)


def decide(connection: Connection, tenant: str, identity: str, state: str, by: str, at: int) -> bool:
    """Decide a proposal that is open and has not waited too long; whether it was."""
    changed = connection.execute(
        update(PROPOSALS)
        .where(
            PROPOSALS.c.tenant == tenant,
            PROPOSALS.c.id == identity,
            PROPOSALS.c.state == OPEN,
            PROPOSALS.c.expires_at > at,
        )
        .values(state=state, decided_by=by, decided_at=at)
    )
    return changed.rowcount == 1


def close(connection: Connection, tenant: str, identity: str, state: str) -> None:
    """Say how an approved proposal went."""
    connection.execute(
        update(PROPOSALS).where(PROPOSALS.c.tenant == tenant, PROPOSALS.c.id == identity).values(state=state)
    )
