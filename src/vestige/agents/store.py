"""The SQL of sessions: which there are, what was told of them, and who told the same tokens elsewhere.

Everything goes through a filter of the query compiler, so that it is of one log and of what its reader may see; values
are bound, never written into a statement.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from vestige.agents.told import Told
from vestige.model.event import Event
from vestige.model.instant import UNDATED
from vestige.query import KIND_NUMBER

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from vestige.query import Reader, Scope

OF_AGENTS: Final = "category:agent session:*"
MOST_TOLD: Final = 50_000
"""Events of one session that are read; one with more says so."""
_KIND: Final = {number: str(kind) for kind, number in KIND_NUMBER.items()}
_LAST: Final = (
    f"if(countIf(occurred_at != {UNDATED}) > 0, maxIf(occurred_at, occurred_at != {UNDATED}), max(received_at))"
)
_FIRST: Final = (
    f"if(countIf(occurred_at != {UNDATED}) > 0, minIf(occurred_at, occurred_at != {UNDATED}), min(received_at))"
)
_COLUMNS: Final = """
    seq, sub, toString(id), occurred_at, received_at, toString(source), toString(parser), toString(acquisition),
    toString(event_type), toString(action), toString(outcome), actor_id, actor_name, toString(actor_type), subject_id,
    object_id, toString(object_type), session, message, tags, key_kinds, key_values,
    if(event_type IN ('agent.usage', 'agent.edit', 'agent.capture_gap'), attributes, ''),
    if(event_type IN ('agent.tool_use', 'agent.tool_result'),
       JSONExtractString(attributes, 'vestige_capture', 'snapshot', 'when'), ''),
    if(event_type IN ('agent.prompt', 'agent.message'), JSONExtractString(attributes, 'uuid'), '')"""
_STATED: Final = (
    "if(JSONHas(attributes, 'vestige_capture', '{0}'), JSONExtractInt(attributes, 'vestige_capture', '{0}'), "
    "occurred_at)"
)
_USAGE_TYPES: Final = (
    "event_type IN ('agent.usage', 'agent.configured', 'agent.model_switched', 'agent.session_started')"
)


class Placed(NamedTuple):
    """A session and where it stands in the list.

    Times are int64 nanoseconds: of its events, or where all of them are undated, of their receipt.
    """

    session: str
    first: int
    last: int
    events: int
    newest: int
    """The greatest position of an entry that tells of it."""


class Wanted(NamedTuple):
    """Which sessions: those with an event that matches each of the terms, and one in the span. Empty: all."""

    terms: tuple[str, ...] = ()
    start: int | None = None
    end: int | None = None


class SessionStore:
    """Reads the sessions of one log, as its scope shows them."""

    def __init__(self, reader: Reader, scope: Scope) -> None:
        self._reader = reader
        self._scope = scope

    def listed(self, wanted: Wanted, beyond: tuple[int, str] | None, limit: int | None) -> list[Placed]:
        """The newest sessions, or those beyond one, by when they were last seen; all of them without a limit."""
        having: list[str] = []
        params: dict[str, Any] = {}
        if wanted.start is not None:
            having.append("last >= {start:Int64}")
            params["start"] = wanted.start
        if wanted.end is not None:
            having.append("first < {end:Int64}")
            params["end"] = wanted.end
        if beyond is not None:
            having.append("(last < {at:Int64} OR (last = {at:Int64} AND session > {after:String}))")
            params |= {"at": beyond[0], "after": beyond[1]}
        where, found = self._within(wanted.terms)
        rows = self._ask(
            f"SELECT session, {_FIRST} AS first, {_LAST} AS last, count(), max(seq) FROM {{db}}.events "  # noqa: S608 - our names
            f"WHERE {where} GROUP BY session {'HAVING ' + ' AND '.join(having) if having else ''} "
            f"ORDER BY last DESC, session {'' if limit is None else f'LIMIT {int(limit)}'}",
            found | params,
        )
        return [Placed(session, int(a), int(b), int(n), int(top)) for session, a, b, n, top in rows]

    def _within(self, terms: Sequence[str]) -> tuple[str, dict[str, Any]]:
        """A condition on events of sessions that have an event for each term."""
        whole = self._reader.filter(OF_AGENTS, self._scope)
        where, params = whole.where, dict(whole.params)
        for number, term in enumerate(terms):
            found = self._reader.filter(f"{OF_AGENTS} {term}", self._scope, f"w{number}_")
            where += f" AND session IN (SELECT session FROM {{db}}.events WHERE {found.where})"  # noqa: S608 - our names
            params |= found.params
        return where, params

    def told(self, sessions: Collection[str]) -> dict[str, list[Told]]:
        """What was told of some sessions, in the order it was taken in; at most :data:`MOST_TOLD` of each."""
        found: dict[str, list[Told]] = {session: [] for session in sessions}
        if sessions:
            for one in self._rows("session IN {sessions:Array(String)}", {"sessions": sorted(sessions)}):
                found[one.event.session].append(one)
        return found

    def usages(self, sessions: Collection[str], messages: Collection[str], parents: Collection[str]) -> list[Told]:
        """What other sessions told of the same answers, or of what a fork took over."""
        if not messages and not parents:
            return []
        return self._rows(
            f"session NOT IN {{sessions:Array(String)}} AND {_USAGE_TYPES} AND ("
            "(event_type = 'agent.usage' AND JSONExtractString(attributes, 'message_id') IN {messages:Array(String)}) "
            "OR session IN {parents:Array(String)})",
            {"sessions": sorted(sessions), "messages": sorted(messages), "parents": sorted(parents)},
        )

    def gaps(self, repositories: Collection[str], start: int, end: int) -> list[Told]:
        """What capture said it could not take, of some repositories and a span of time.

        A gap may be told long after what it is about: then it says itself of when that was.
        """
        if not repositories:
            return []
        base = self._reader.filter("type:agent.capture_gap", self._scope)
        return self._read(
            f"{base.where} AND {_STATED.format('last_at')} >= {{gap_start:Int64}} "
            f"AND {_STATED.format('first_at')} <= {{gap_end:Int64}} AND hasAny(key_values, {{gap_keys:Array(String)}})",
            dict(base.params)
            | {
                "gap_start": start,
                "gap_end": end,
                "gap_keys": sorted(f"repository:{name}" for name in repositories) + sorted(repositories),
            },
        )

    def unread(self, acquisitions: Collection[str]) -> dict[str, int]:
        """How many records of some acquisitions could not be read."""
        if not acquisitions:
            return {}
        base = self._reader.filter("status:unparsed", self._scope)
        rows = self._ask(
            f"SELECT toString(acquisition), count() FROM {{db}}.events WHERE {base.where} "  # noqa: S608 - our names
            "AND acquisition IN {acquisitions:Array(String)} GROUP BY acquisition",
            dict(base.params) | {"acquisitions": sorted(acquisitions)},
        )
        return {name: int(n) for name, n in rows}

    def _rows(self, condition: str, params: Mapping[str, Any]) -> list[Told]:
        base = self._reader.filter(OF_AGENTS, self._scope)
        return self._read(f"{base.where} AND {condition}", dict(base.params) | dict(params))

    def _read(self, where: str, params: Mapping[str, Any]) -> list[Told]:
        rows = self._ask(
            f"SELECT {_COLUMNS} FROM {{db}}.events WHERE {where} ORDER BY seq, sub LIMIT {MOST_TOLD + 1} BY session",  # noqa: S608 - our names
            params,
        )
        return [_told(row) for row in rows]

    def _ask(self, sql: str, params: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
        found: Sequence[Sequence[Any]] = self._reader.query(
            sql.replace("{db}", self._reader.database), dict(params) | {"log": self._scope.log}
        ).rows
        return found


def _told(row: Sequence[Any]) -> Told:
    seq, sub, entry, at, received, source, parser, acquisition = row[:8]
    kind, action, outcome, actor, name, actor_type, subject, thing, thing_type, session, message = row[8:19]
    tags, kinds, values, attributes, snapshot, uid = row[19:]
    event = Event(
        kind,
        None if at == UNDATED else int(at),
        action=action,
        outcome=outcome,
        actor_id=actor,
        actor_name=name,
        actor_type=actor_type,
        subject_id=subject,
        object_id=thing,
        object_type=thing_type,
        session=session,
        message=message,
        tags=tuple(tags),
        attributes=attributes or "{}",
        keys=tuple((_KIND[int(number)], value) for number, value in zip(kinds, values, strict=True)),
    )
    return Told(int(seq), int(sub), entry, int(received), source, parser, acquisition, event, snapshot, uid)
