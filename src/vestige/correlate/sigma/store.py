"""The SQL of a scan: which events each of many rules matches, found in one pass over the events of a log source.

A statement is of one log by its filter; every value of a rule is bound. The innermost select takes the candidates: the
formats, and of Windows events the channels and numbers. Around it each field that the rules name is read once; the
outermost evaluates the rules, and answers the numbers of those that match.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from vestige.correlate.sigma.fields import Values
from vestige.correlate.sigma.sources import WINDOWS
from vestige.correlate.store import Spot
from vestige.model.instant import UNDATED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vestige.correlate.sigma.fields import Fields
    from vestige.query import Filter, Reader

SETTINGS: Final = {
    "max_query_size": 16 << 20,
    "max_ast_elements": 2_000_000,
    "max_expanded_ast_elements": 4_000_000,
    # Hundreds of conditions each leave a column behind: few events at a time keep that small.
    "max_block_size": 4096,
    # A scan is no page somebody waits for: a large log may take its time.
    "max_execution_time": 3600,
    # Neither pays for conditions that are each evaluated once; the second takes longer than the rest of the analysis.
    "compile_expressions": 0,
    "optimize_and_compare_chain": 0,
}


class Hit(NamedTuple):
    """An event that a rule matches."""

    spot: Spot
    id: str
    rule: int
    """Its place in the statement."""
    values: tuple[Any, ...] = ()
    """Fields asked for beside."""


class Source(NamedTuple):
    """The events that a group of rules is about."""

    formats: tuple[str, ...]
    actions: frozenset[str] | None = None
    """Of Windows events: only these."""
    types: tuple[str, ...] = ()
    """Only events of these types; of any if there are none."""
    channels: frozenset[str] | None = None
    """And only of these channels, where the actions do not tell."""


class Window(NamedTuple):
    """Which events are looked at: a filter, and a span of time (int64 ns; the end is left out)."""

    filter: Filter
    start: int | None = None
    end: int | None = None


class Store:
    """Reads one log through a filter."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def written(self, window: Window) -> dict[str, set[str]]:
        """Which channels (in lower case) the Windows events of a window were written to, and as which actions."""
        values = Values()
        where = _where(window, WINDOWS, values)
        rows = self._ask(
            f"SELECT lower(channel), groupUniqArray(toString(action)) FROM (SELECT action, {_CHANNEL} AS channel "  # noqa: S608 - our own names
            f"FROM {self._reader.database}.events WHERE {where}) GROUP BY 1",
            window,
            values,
        )
        return {channel: set(actions) for channel, actions in rows}

    def matches(
        self,
        window: Window,
        source: Source,
        conditions: Sequence[str],
        fields: Fields,
        values: Values,
        *,
        beside: Sequence[str] = (),
        most: int,
    ) -> list[Hit]:
        """The events that any of the conditions match, once for each condition that does, the oldest first.

        Args:
            window: where to look.
            source: the events the conditions are about.
            conditions: what :class:`~vestige.correlate.sigma.condition.Compiler` made.
            fields: the fields they name.
            values: the values they bind.
            beside: other columns of ``fields``, which are answered with each event.
            most: events of one condition at most.
        """
        reading, columns = fields.select()
        hits = f"arrayFilter((n, hit) -> hit, range({len(conditions)}), [{', '.join(conditions)}])"
        asked = "".join(f", {column} AS b{place}" for place, column in enumerate(beside))
        named = "".join(f", b{place}" for place in range(len(beside)))
        where = _where(window, source.formats, values)
        channels = "1"
        if source.types:
            where += f" AND event_type IN {values.put(sorted(source.types), 'Array(String)')}"
        if source.actions is not None:
            where += f" AND action IN {values.put(sorted(source.actions), 'Array(String)')}"
        if source.channels is not None:
            channels = f"lower(channel) IN {values.put(sorted(source.channels), 'Array(String)')}"
        event = "occurred_at, seq, sub, id, action, host, object_id, actor_name, message, attributes"
        windows = source.formats is WINDOWS
        inner = f"{event}, {_CHANNEL if windows else _NONE} AS channel, {_OWN if windows else _NONE} AS own"
        # An ARRAY JOIN leaves out events that nothing matches, as a WHERE would, which takes the engine far longer to
        # understand when there are hundreds of conditions.
        rows = self._ask(
            f"SELECT occurred_at, seq, sub, toString(id), rule{named} FROM ("  # noqa: S608 - every value is bound
            f"SELECT *, {hits} AS hits{asked} FROM ("
            f"SELECT {event}, channel{columns and ', '}{columns} FROM ("
            f"SELECT *, {reading} FROM ("
            f"SELECT {inner} FROM {self._reader.database}.events WHERE {where}"
            f") WHERE {channels}))) ARRAY JOIN hits AS rule "
            f"ORDER BY occurred_at, seq, sub, rule LIMIT {values.put(most, 'UInt32')} BY rule",
            window,
            values,
        )
        return [Hit(Spot(at, seq, sub), str(name), rule, tuple(rest)) for at, seq, sub, name, rule, *rest in rows]

    def _ask(self, sql: str, window: Window, values: Values) -> Any:  # noqa: ANN401 - rows
        return self._reader.query(sql, dict(window.filter.params) | values.params, SETTINGS).rows


def _where(window: Window, formats: Sequence[str], values: Values) -> str:
    parts = [window.filter.where, f"splitByChar('/', parser)[1] IN {values.put(sorted(formats), 'Array(String)')}"]
    if window.start is not None:
        parts.append(f"occurred_at >= {values.put(window.start, 'Int64')}")
    if window.end is not None:
        # What has no time sorts before every time, and is in no span.
        parts.append(f"occurred_at > {UNDATED}")
        parts.append(f"occurred_at < {values.put(window.end, 'Int64')}")
    return " AND ".join(parts)


_NONE: Final = "''"
_PLACES: Final = (
    "JSONExtract(attributes, 'Tuple(Channel String, Event Tuple(System Tuple(Channel String)), "
    "winlog Tuple(channel String), log_name String, System Tuple(Channel String))')"
)
_CHANNEL: Final = f"arrayFirst(x -> x != '', arrayMap(c -> [c.1, c.2.1.1, c.3.1, c.4, c.5.1], [{_PLACES}])[1])"


def _named(items: str) -> str:
    """Values that carry their names, as an object."""
    pair = (
        "concat(if(JSONHas(x, '@Name'), JSONExtractRaw(x, '@Name'), JSONExtractRaw(x, 'Name')), ':', "
        "if(JSONHas(x, '#text'), JSONExtractRaw(x, '#text'), 'null'))"
    )
    named = f"arrayFilter(x -> JSONHas(x, '@Name') OR JSONHas(x, 'Name'), {items})"
    return f"concat('{{', arrayStringConcat(arrayMap(x -> {pair}, {named}), ','), '}}')"


def _rendered(path: str, source: str = "attributes") -> str:
    """The own fields of an event rendered from its XML, below ``path`` of a JSON text."""
    data, user = f"{path}'EventData'", f"{path}'UserData'"
    listed = f"JSONExtractArrayRaw({source}, {data})"
    inner = f"JSONExtractArrayRaw({source}, {data}, 'Data')"
    members = f"JSONExtractKeysAndValuesRaw({source}, {user})"
    wrapped = f"arrayFirst(x -> startsWith(x.2, '{{') AND NOT match(x.1, '^[#@]'), {members}).2"
    return (
        f"multiIf(JSONHas({source}, {data}, 'Data', 1, '@Name'), {_named(inner)}, "
        f"JSONType({source}, {data}) = 'Object', JSONExtractRaw({source}, {data}), "
        f"JSONType({source}, {data}) = 'Array', {_named(listed)}, "
        f"notEmpty({wrapped}), {wrapped}, JSONExtractRaw({source}, {user}))"
    )


_EVENT: Final = "'Event', "
_CELL: Final = "JSONExtractString(attributes, 'Payload')"
"""Where EvtxECmd puts an event's own fields: into one cell of a row."""
_OWN: Final = (
    f"multiIf(startsWith(parser, 'windows_tables/'), {_rendered('', _CELL)}, "
    f"JSONHas(attributes, 'Event'), {_rendered(_EVENT)}, "
    "JSONHas(attributes, 'winlog', 'event_data'), JSONExtractRaw(attributes, 'winlog', 'event_data'), "
    "JSONHas(attributes, 'winlog', 'user_data'), JSONExtractRaw(attributes, 'winlog', 'user_data'), "
    "JSONHas(attributes, 'event_data'), JSONExtractRaw(attributes, 'event_data'), "
    f"JSONHas(attributes, 'System'), {_rendered('')}, attributes)"
)
"""The event's own fields, as one JSON object, wherever a tool puts them."""
