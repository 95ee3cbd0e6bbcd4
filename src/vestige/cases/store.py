"""The tables of cases (migration 0007). Each row belongs to one tenant, which every statement names.

They are written by :mod:`~vestige.cases.fold` alone, which makes them of entries of the ledger.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson
from sqlalchemy import BigInteger, Column, LargeBinary, MetaData, String, Table, delete, func, insert, select, update

from vestige.cases.models import Case, Item, Pin

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from sqlalchemy import Connection, RowMapping

META = MetaData()
CASES = Table(
    "cases",
    META,
    *(Column(name, String(26), primary_key=True) for name in ("tenant", "id")),
    *(Column(name, String) for name in ("name", "description", "status", "owner", "members", "tags", "claimed")),
    Column("created_by", String),
    Column("created_at", BigInteger),
    Column("changed_by", String),
    Column("changed_at", BigInteger),
    Column("revision", BigInteger),
    Column("pins", BigInteger),
    Column("pinned_to", BigInteger),
)
PINS = Table(
    "case_pins",
    META,
    *(Column(name, String(26), primary_key=True) for name in ("tenant", "case_id")),
    *(Column(name, BigInteger, primary_key=True) for name in ("position", "sub")),
    Column("event", String),
    Column("leaf_hash", LargeBinary),
    Column("entry", BigInteger),
    Column("annotation", String),
    Column("pinned", BigInteger),
    Column("added_by", String),
    Column("added_at", BigInteger),
    Column("changed_by", String),
    Column("changed_at", BigInteger),
)
ITEMS = Table(
    "case_items",
    META,
    *(Column(name, String(26), primary_key=True) for name in ("tenant", "case_id", "id")),
    Column("kind", String),
    Column("body", String),
    Column("entry", BigInteger),
    Column("added_by", String),
    Column("added_at", BigInteger),
    Column("changed_by", String),
    Column("changed_at", BigInteger),
    Column("revision", BigInteger),
)
ACTS = Table(
    "case_acts",
    META,
    *(Column(name, String(26), primary_key=True) for name in ("tenant", "case_id")),
    Column("position", BigInteger, primary_key=True),
)
TABLES: Final = (CASES, PINS, ITEMS, ACTS)
_PARAMETERS: Final = 400
"""Values of one list in a statement."""
_PAGE: Final = 5000


def _case(row: RowMapping) -> Case:
    values = {name: row[name] for name in Case.__slots__}
    return Case(**values | {name: tuple(orjson.loads(row[name])) for name in ("members", "tags")})


def _pin(row: RowMapping) -> Pin:
    values = {name: row[name] for name in Pin.__slots__}
    return Pin(**values | {"pinned": bool(row["pinned"]), "leaf_hash": bytes(row["leaf_hash"])})


def _item(row: RowMapping) -> Item:
    return Item(**{name: row[name] for name in Item.__slots__} | {"body": orjson.loads(row["body"])})


# -- reading ------------------------------------------------------------------------------------------------------


def case(connection: Connection, tenant: str, wanted: str) -> list[Case]:
    """The case of an id, or the cases of a name: two at most, since that is one too many."""
    mine = select(CASES).where(CASES.c.tenant == tenant)
    row = connection.execute(mine.where(CASES.c.id == wanted.upper())).mappings().first()
    if row is not None:
        return [_case(row)]
    rows = connection.execute(mine.where(CASES.c.name == wanted).order_by(CASES.c.id).limit(2)).mappings()
    return [_case(one) for one in rows]


def has_case(connection: Connection, tenant: str, case_id: str) -> bool:
    """Whether there is a case of this id."""
    mine = select(CASES.c.id).where(CASES.c.tenant == tenant, CASES.c.id == case_id)
    return connection.execute(mine).first() is not None


def count(connection: Connection, tenant: str) -> int:
    """How many cases there are."""
    return int(connection.execute(select(func.count()).where(CASES.c.tenant == tenant)).scalar_one())


def cases(
    connection: Connection,
    tenant: str,
    limit: int,
    *,
    status: str,
    owner: str,
    contains: str,
    after: tuple[int, str] | None,
) -> list[Case]:
    """Cases in the order they were last changed, the newest first; ``contains`` is looked for in any letter case."""
    mine = select(CASES).where(CASES.c.tenant == tenant)
    if status:
        mine = mine.where(CASES.c.status == status)
    if owner:
        mine = mine.where(CASES.c.owner == owner)
    if contains:
        mine = mine.where(CASES.c.name.icontains(contains, autoescape=True))
    if after is not None:
        at, identity = after
        mine = mine.where(CASES.c.changed_at <= at, (CASES.c.changed_at < at) | (CASES.c.id < identity))
    rows = connection.execute(mine.order_by(CASES.c.changed_at.desc(), CASES.c.id.desc()).limit(limit)).mappings()
    return [_case(row) for row in rows]


def pins(connection: Connection, tenant: str, case_id: str, limit: int, after: tuple[int, int] = (-1, 0)) -> list[Pin]:
    """Pins in the order of the ledger, behind a place."""
    at, sub = after
    mine = (
        select(PINS)
        .where(PINS.c.tenant == tenant, PINS.c.case_id == case_id, PINS.c.position >= at)
        .where((PINS.c.position > at) | (PINS.c.sub > sub))
        .order_by(PINS.c.position, PINS.c.sub)
        .limit(limit)
    )
    return [_pin(row) for row in connection.execute(mine).mappings()]


def pin(connection: Connection, tenant: str, case_id: str, position: int, sub: int) -> Pin | None:
    """One pin."""
    mine = select(PINS).where(
        PINS.c.tenant == tenant, PINS.c.case_id == case_id, PINS.c.position == position, PINS.c.sub == sub
    )
    row = connection.execute(mine).mappings().first()
    return None if row is None else _pin(row)


def pins_of(connection: Connection, tenant: str, case_id: str, positions: Collection[int]) -> Iterator[Pin]:
    """The pins of some entries."""
    wanted = sorted(set(positions))
    for at in range(0, len(wanted), _PARAMETERS):
        mine = select(PINS).where(
            PINS.c.tenant == tenant, PINS.c.case_id == case_id, PINS.c.position.in_(wanted[at : at + _PARAMETERS])
        )
        yield from map(_pin, connection.execute(mine).mappings())


def naming(connection: Connection, tenant: str, position: int, sub: int, limit: int) -> list[tuple[str, str, str]]:
    """The cases an event is pinned in, those changed last first: id, name, and what the pin says.

    Each case is looked at by the pins' primary key, so this costs by the number of cases, not of pins.
    """
    pinned = (
        (PINS.c.tenant == CASES.c.tenant)
        & (PINS.c.case_id == CASES.c.id)
        & (PINS.c.position == position)
        & (PINS.c.sub == sub)
    )
    found = (
        select(CASES.c.id, CASES.c.name, PINS.c.annotation)
        .join_from(CASES, PINS, pinned)
        .where(CASES.c.tenant == tenant)
        .order_by(CASES.c.changed_at.desc(), CASES.c.id.desc())
        .limit(limit)
    )
    return [(str(one), str(name), str(said)) for one, name, said in connection.execute(found)]


def places(connection: Connection, tenant: str, case_id: str) -> Iterator[Sequence[tuple[int, int]]]:
    """The places of all pins in order of the ledger, in portions."""
    mine = (
        select(PINS.c.position, PINS.c.sub)
        .where(PINS.c.tenant == tenant, PINS.c.case_id == case_id)
        .order_by(PINS.c.position, PINS.c.sub)
    )
    for rows in connection.execute(mine).partitions(_PAGE):
        yield [(int(position), int(sub)) for position, sub in rows]


def known(connection: Connection, tenant: str, case_id: str, positions: Collection[int]) -> set[tuple[int, int]]:
    """Of these entries, which events are pinned."""
    wanted = sorted(set(positions))
    found: set[tuple[int, int]] = set()
    for at in range(0, len(wanted), _PARAMETERS):
        mine = select(PINS.c.position, PINS.c.sub).where(
            PINS.c.tenant == tenant, PINS.c.case_id == case_id, PINS.c.position.in_(wanted[at : at + _PARAMETERS])
        )
        found.update((int(position), int(sub)) for position, sub in connection.execute(mine))
    return found


def items(
    connection: Connection, tenant: str, case_id: str, kind: str = "", *, after: str = "", until: str | None = None
) -> list[Item]:
    """What was said in a case, the oldest first; behind one id, and up to another."""
    mine = select(ITEMS).where(ITEMS.c.tenant == tenant, ITEMS.c.case_id == case_id, ITEMS.c.id > after)
    mine = (mine if until is None else mine.where(ITEMS.c.id <= until)).order_by(ITEMS.c.id)
    rows = connection.execute(mine.where(ITEMS.c.kind == kind) if kind else mine).mappings()
    return [_item(row) for row in rows]


def item_lengths(
    connection: Connection, tenant: str, case_id: str, kind: str, after: str, limit: int
) -> list[tuple[str, int]]:
    """Of items behind one of an id, the oldest first: their ids, and characters of what they say."""
    mine = select(ITEMS.c.id, func.length(ITEMS.c.body)).where(
        ITEMS.c.tenant == tenant, ITEMS.c.case_id == case_id, ITEMS.c.id > after
    )
    rows = connection.execute((mine.where(ITEMS.c.kind == kind) if kind else mine).order_by(ITEMS.c.id).limit(limit))
    return [(str(identity), int(length)) for identity, length in rows]


def item(connection: Connection, tenant: str, case_id: str, identity: str) -> Item | None:
    """One item."""
    mine = select(ITEMS).where(ITEMS.c.tenant == tenant, ITEMS.c.case_id == case_id, ITEMS.c.id == identity)
    row = connection.execute(mine).mappings().first()
    return None if row is None else _item(row)


def kinds(connection: Connection, tenant: str, case_id: str) -> dict[str, int]:
    """How many items of each kind there are."""
    mine = select(ITEMS.c.kind, func.count()).where(ITEMS.c.tenant == tenant, ITEMS.c.case_id == case_id)
    return {str(kind): int(number) for kind, number in connection.execute(mine.group_by(ITEMS.c.kind))}


def acts(connection: Connection, tenant: str, case_id: str, limit: int, below: int | None = None) -> list[int]:
    """The positions of a case's entries, the newest first."""
    mine = select(ACTS.c.position).where(ACTS.c.tenant == tenant, ACTS.c.case_id == case_id)
    if below is not None:
        mine = mine.where(ACTS.c.position < below)
    return [int(one) for one in connection.scalars(mine.order_by(ACTS.c.position.desc()).limit(limit))]


def dump(connection: Connection, tenant: str) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of a tenant, by table: to compare what stands with what the ledger makes."""
    return {
        table.name: sorted(tuple(row) for row in connection.execute(select(table).where(table.c.tenant == tenant)))
        for table in TABLES
    }


# -- writing ------------------------------------------------------------------------------------------------------


def add_case(connection: Connection, tenant: str, values: dict[str, Any]) -> None:
    """Add a case."""
    connection.execute(insert(CASES).values(tenant=tenant, pins=0, pinned_to=-1, **values))


def set_case(connection: Connection, tenant: str, case_id: str, values: dict[str, Any]) -> None:
    """Set fields of a case, which counts as a revision."""
    mine = update(CASES).where(CASES.c.tenant == tenant, CASES.c.id == case_id)
    connection.execute(mine.values(revision=CASES.c.revision + 1, **values))


def add_pins(connection: Connection, tenant: str, case_id: str, rows: Sequence[dict[str, Any]], entry: int) -> None:
    """Add pins. One that is there already, because the entry that took it away was erased, is added anew."""
    again = sorted(
        known(connection, tenant, case_id, [row["position"] for row in rows])
        & {(row["position"], row["sub"]) for row in rows}
    )
    if again:
        remove_pins(connection, tenant, case_id, again, entry)
    if rows:
        connection.execute(insert(PINS), [{"tenant": tenant, "case_id": case_id, **row} for row in rows])
    mine = update(CASES).where(CASES.c.tenant == tenant, CASES.c.id == case_id)
    connection.execute(mine.values(pins=CASES.c.pins + len(rows), pinned_to=entry))


def remove_pins(
    connection: Connection, tenant: str, case_id: str, where: Sequence[tuple[int, int]], entry: int
) -> None:
    """Take pins away."""
    gone = 0
    for position, sub in where:
        mine = delete(PINS).where(PINS.c.tenant == tenant, PINS.c.case_id == case_id, PINS.c.position == position)
        gone += connection.execute(mine.where(PINS.c.sub == sub)).rowcount
    mine_too = update(CASES).where(CASES.c.tenant == tenant, CASES.c.id == case_id)
    connection.execute(mine_too.values(pins=CASES.c.pins - gone, pinned_to=entry))


def set_pin(connection: Connection, tenant: str, case_id: str, place: tuple[int, int], values: dict[str, Any]) -> None:
    """Set what is said of a pin."""
    mine = update(PINS).where(PINS.c.tenant == tenant, PINS.c.case_id == case_id)
    connection.execute(mine.where(PINS.c.position == place[0], PINS.c.sub == place[1]).values(values))


def add_item(connection: Connection, tenant: str, case_id: str, values: dict[str, Any]) -> None:
    """Add an item."""
    connection.execute(insert(ITEMS).values(tenant=tenant, case_id=case_id, revision=1, **values))


def set_item(connection: Connection, tenant: str, case_id: str, identity: str, values: dict[str, Any]) -> None:
    """Say an item anew, which counts as a revision."""
    mine = update(ITEMS).where(ITEMS.c.tenant == tenant, ITEMS.c.case_id == case_id, ITEMS.c.id == identity)
    connection.execute(mine.values(revision=ITEMS.c.revision + 1, **values))


def remove_item(connection: Connection, tenant: str, case_id: str, identity: str) -> None:
    """Take an item away."""
    connection.execute(
        delete(ITEMS).where(ITEMS.c.tenant == tenant, ITEMS.c.case_id == case_id, ITEMS.c.id == identity)
    )


def add_act(connection: Connection, tenant: str, case_id: str, position: int) -> None:
    """Note an entry as one of a case's."""
    connection.execute(insert(ACTS).values(tenant=tenant, case_id=case_id, position=position))


def clear(connection: Connection, tenant: str) -> None:
    """Take away every row of a tenant, before they are made again."""
    for table in TABLES:
        connection.execute(delete(table).where(table.c.tenant == tenant))
