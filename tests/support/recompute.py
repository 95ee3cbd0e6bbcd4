"""The derived tables computed again from rows of ``events``, one row at a time, and read as they are: for comparing.

Nothing here is shared with the columnar computation but the meaning of a key (:mod:`vestige.index.keys`). All contents
are held in memory; :mod:`vestige.index.checks`
compares without reading rows out.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from vestige.index.keys import DAILY, keys_of, related_of
from vestige.index.rows import EVENT_COLUMNS, EventRow, event_row
from vestige.index.schema import DAY, EVENTS, HOUR, NEVER_FIRST, NO_BUCKET, OWN_CATEGORY
from vestige.model.instant import UNDATED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from vestige.index.store import Index

_PAGE: Final = 5000
_DAILY: Final = frozenset(map(str, DAILY))

Key = tuple[str, str]


class Span(NamedTuple):
    """First, last and count; undated events count but do not bound."""

    first_at: int = NEVER_FIRST
    last_at: int = UNDATED
    n: int = 0

    def seen(self, at: int) -> Span:
        """The span with one more event."""
        first = self.first_at if at == UNDATED else min(self.first_at, at)
        return Span(first, max(self.last_at, at), self.n + 1)


@dataclass(slots=True)
class Contents:
    """What the derived tables of one log say, in comparable form."""

    places: Counter[tuple[int, int, int]] = field(default_factory=Counter)
    event_keys: Counter[tuple[str, str, int, int, int, str]] = field(default_factory=Counter)
    entities: dict[Key, Span] = field(default_factory=dict)
    entity_day: Counter[tuple[str, int, str]] = field(default_factory=Counter)
    relations: dict[tuple[Key, Key], Span] = field(default_factory=dict)
    hour_source: Counter[tuple[int, str, int]] = field(default_factory=Counter)
    hour_type: Counter[tuple[int, str, str, str]] = field(default_factory=Counter)
    field_values: Counter[tuple[str, str]] = field(default_factory=Counter)
    minute_source: Counter[tuple[int, str]] = field(default_factory=Counter)


def recompute(rows: Iterable[EventRow]) -> Contents:
    """What the derived tables should say, given the events."""
    out = Contents()
    for row in rows:
        event = row.event
        at = UNDATED if event.occurred_at is None else event.occurred_at
        out.places[row.seq, row.sub, at] += 1
        if row.status == "skipped" or row.category == OWN_CATEGORY:
            continue
        day, hour = (NO_BUCKET, NO_BUCKET) if at == UNDATED else (at // DAY, at // HOUR)
        for kind, value in keys_of(event):
            out.event_keys[kind, value, at, row.seq, row.sub, event.event_type] += 1
            out.entities[kind, value] = out.entities.get((kind, value), Span()).seen(at)
            if kind in _DAILY:
                out.entity_day[kind, day, value] += 1
        for one, other in related_of(event):
            for pair in ((one, other), (other, one)):
                out.relations[pair] = out.relations.get(pair, Span()).seen(at)
        out.hour_source[hour, row.source, event.severity] += 1
        out.hour_type[hour, event.event_type, row.category, event.outcome] += 1
        out.minute_source[NO_BUCKET if at == UNDATED else at // 60_000_000_000, row.source] += 1
        for name, columns in (("actor", ("actor_id", "actor_name")), ("host", ("host",)), ("ip", ("src_ip", "dst_ip"))):
            spellings = {value.lower(): value for column in reversed(columns) if (value := getattr(event, column))}
            out.field_values.update((name, value) for value in spellings.values())
    return out


def contents(index: Index, log: int) -> Contents:
    """What the derived tables of a log do say."""

    def ask(columns: str, table: str, group: str = "") -> list[Any]:
        tail = f" GROUP BY {group}" if group else ""
        sql = f"SELECT {columns} FROM {index.database}.{table} WHERE log = {{log:UInt32}}{tail}"
        return list(index.query(sql, {"log": log}).rows)

    spans = "min(first_at), max(last_at), sum(n)"
    return Contents(
        Counter((row[0], row[1], row[2]) for row in ask("seq, sub, occurred_at", "places")),
        Counter(tuple(row) for row in ask("kind, value, occurred_at, seq, sub, event_type", "event_keys")),
        {(k, v): Span(*span) for k, v, *span in ask(f"kind, value, {spans}", "entities", "kind, value")},
        Counter({(k, day, v): n for k, day, v, n in ask("kind, day, value, sum(n)", "entity_day", "kind, day, value")}),
        {
            ((k, v), (pk, p)): Span(*span)
            for k, v, pk, p, *span in ask(
                f"kind, value, peer_kind, peer, {spans}", "relations", "kind, value, peer_kind, peer"
            )
        },
        Counter(
            {
                (h, s, v): n
                for h, s, v, n in ask("hour, source, severity, sum(n)", "hour_source", "hour, source, severity")
            }
        ),
        Counter(
            {
                (h, t, c, o): n
                for h, t, c, o, n in ask(
                    "hour, event_type, category, outcome, sum(n)", "hour_type", "hour, event_type, category, outcome"
                )
            }
        ),
        Counter({(name, value): n for name, value, n in ask("field, value, sum(n)", "field_values", "field, value")}),
        Counter({(at, name): n for at, name, n in ask("minute, source, sum(n)", "minute_source", "minute, source")}),
    )


def read_events(index: Index, log: int) -> Iterator[EventRow]:
    """Every row of a log's ``events``, in order of (seq, sub), a page at a time."""
    sql = (
        f"SELECT {', '.join(EVENT_COLUMNS)} FROM {EVENTS.place(index.database)} "
        "WHERE log = {log:UInt32} AND seq >= {seq:UInt64} AND (seq > {seq:UInt64} OR sub >= {sub:Int32}) "
        f"ORDER BY seq, sub LIMIT {_PAGE}"
    )
    seq, sub = 0, 0
    while True:
        rows = index.query(sql, {"log": log, "seq": seq, "sub": sub}).rows
        for row in rows:
            yield event_row(row)
        if len(rows) < _PAGE:
            return
        seq, sub = rows[-1][0], rows[-1][1] + 1
