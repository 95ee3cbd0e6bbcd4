"""From a query's text to rows: parse, look up what its words name, compile for a scope, and choose the way in.

The way in: where every match must carry some correlation key, and the rarest such key is rare, only the granules at
its moments are read; where it has never been seen, nothing is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from vestige.query.compile import Key, Scope, compile_query, words_of
from vestige.query.language import parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from vestige.index.engine import Result
    from vestige.index.store import Index

_RARE: Final = 50_000
"""Below this many events, the moments of a key are cheaper to list than the column is to scan."""


@dataclass(frozen=True, slots=True)
class Filter:
    """A compiled query, ready to stand after WHERE in a select from ``events``."""

    scope: Scope
    where: str
    params: Mapping[str, Any]
    whole: bool
    """Everything the plain scope shows: rollups answer for it."""
    empty: bool
    """Nothing can match: no need to ask."""


class Reader:
    """Reads one index within scopes. Safe to share between threads."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self.database = index.database

    def filter(self, text: str, scope: Scope) -> Filter:
        """Compile a query for a scope.

        Raises:
            QueryError: the text is not a query.
            IndexStoreError: the index failed.
        """
        node = parse(text)
        counts = self._counts(words_of(node), scope)
        condition = compile_query(node, scope, counts.keys())
        frequency = self._counts(condition.required, scope)
        if any(key not in frequency for key in condition.required):
            return Filter(scope, condition.where, condition.params, whole=False, empty=True)
        where, params = condition.where, dict(condition.params)
        rarest = min(condition.required, key=lambda key: frequency[key], default=None)
        if rarest is not None and frequency[rarest] <= _RARE:
            where += (
                f" AND occurred_at IN (SELECT occurred_at FROM {self.database}.event_keys "  # noqa: S608 - our own name
                "WHERE log = {log:UInt32} AND kind = {seed_kind:String} AND value = {seed_value:String})"
            )
            params |= {"seed_kind": rarest.kind, "seed_value": rarest.value}
        return Filter(scope, where, params, condition.whole, empty=False)

    def query(self, sql: str, params: Mapping[str, Any], settings: Mapping[str, Any] | None = None) -> Result:
        """Ask the index; the statement must hold a filter's ``where`` or name the log itself."""
        return self._index.query(sql, params, settings)

    def _counts(self, keys: Iterable[Key], scope: Scope) -> dict[Key, int]:
        wanted = set(keys)
        if not wanted:
            return {}
        rows = self._index.query(
            f"SELECT kind, value, sum(n) FROM {self.database}.entities "  # noqa: S608 - our own name
            "WHERE log = {log:UInt32} AND kind IN {kinds:Array(String)} AND value IN {values:Array(String)} "
            "GROUP BY kind, value",
            {
                "log": scope.log,
                "kinds": sorted({key.kind for key in wanted}),
                "values": sorted({key.value for key in wanted}),
            },
        ).rows
        found = {Key(kind, value): n for kind, value, n in rows}
        return {key: n for key, n in found.items() if key in wanted}
