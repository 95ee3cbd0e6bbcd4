"""From a query's text to a filter: parse, look up what its words and keys are, compile for a scope."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from vestige.query.compile import Key, Scope, Way, candidates, compile_query
from vestige.query.language import parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from vestige.index.engine import Result
    from vestige.index.store import Index


_FEW: Final = 150


def scattered(rows: int) -> dict[str, Any]:
    """Settings for reading so many rows that lie apart.

    One thread that reads only what it needs is fastest, until there are enough rows to share between two.
    """
    return {"max_threads": 1 if rows <= _FEW else 2, "local_filesystem_read_method": "pread"}


@dataclass(frozen=True, slots=True)
class Filter:
    """A compiled query, ready to stand after WHERE in a select from ``events``."""

    scope: Scope
    where: str
    params: Mapping[str, Any]
    whole: bool
    """Everything the plain scope shows: rollups answer for it."""
    ways: tuple[Way, ...]
    """The same condition taken apart, each part quick to find the first events of; some may match several."""

    @property
    def empty(self) -> bool:
        """Whether nothing can match."""
        return not self.ways


class Reader:
    """Reads one index within scopes. Safe to share between threads."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self.database = index.database

    def filter(self, text: str, scope: Scope, prefix: str = "p") -> Filter:
        """Compile a query for a scope; ``prefix`` is how the names of its placeholders begin.

        Raises:
            QueryError: the text is not a query.
            IndexStoreError: the index failed.
        """
        node = parse(text)
        made = compile_query(node, scope, self._counts(candidates(node), scope), self.database, prefix)
        return Filter(scope, made.where, made.params, made.whole, made.ways)

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
