"""From a query's text to a filter: parse, look up what its words and keys are, compile for a scope."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from vestige.model.errors import ConflictError, NotFoundError, QueryError
from vestige.query.ast import InCase, walk
from vestige.query.compile import Key, Picked, Scope, Way, candidates, compile_query, has_words
from vestige.query.language import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from vestige.index.engine import Result
    from vestige.index.store import Index
    from vestige.query.ast import Node


_FEW: Final = 40


def scattered(rows: int, where: str | None = None) -> dict[str, Any]:
    """Settings for reading so many rows that lie apart.

    One thread that reads only what it needs is fastest, until there are enough rows to share between two.

    Args:
        rows: how many.
        where: the compiled condition that stands beside their times; ``None`` if other conditions do. What else might
            leave parts of the table out is then not looked at, which was a sixth of the time; but where words are
            asked for: without its index the engine compares them as they are written (ClickHouse issue 117077).
    """
    settings = {"max_threads": 1 if rows <= _FEW else 2, "local_filesystem_read_method": "pread"}
    if where is None or has_words(where):
        return settings
    return settings | {"use_skip_indexes": 0, "use_query_condition_cache": 0}


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
    """Reads one index within scopes. Safe to share between threads.

    Args:
        index: the index.
        case: the set of a case's events (:mod:`vestige.index.picks`), by the case's id or name; it raises
            :class:`~vestige.model.errors.NotFoundError` or :class:`~vestige.model.errors.ConflictError` where there is
            none, or more than one. Without it, no query may ask for a case.
    """

    def __init__(self, index: Index, case: Callable[[str], str] | None = None) -> None:
        self._index = index
        self._case = case
        self.database = index.database

    def filter(self, text: str, scope: Scope, prefix: str = "p") -> Filter:
        """Compile a query for a scope; ``prefix`` is how the names of its placeholders begin.

        Raises:
            QueryError: the text is not a query.
            IndexStoreError: the index failed.
        """
        node = parse(text)
        cases = {part.case: self._picked(part, scope) for part in _cases(node)}
        made = compile_query(node, scope, self._counts(candidates(node), scope), self.database, prefix, cases)
        return Filter(scope, made.where, made.params, made.whole, made.ways)

    def _picked(self, part: InCase, scope: Scope) -> Picked:
        """The set of a case that a query names.

        Raises:
            QueryError: there is no such case, or more than one, or cases may not be asked for.
        """
        if self._case is None:
            raise QueryError("case: cannot be asked for here", column=part.column, hint="name what the events have")
        try:
            if scope.own:
                # Who sees only what is their own learns of no case, nor that there is none of that name.
                raise NotFoundError("there is no such case", got=part.case[:80])  # noqa: TRY301 - answered as the other
            name = self._case(part.case)
        except (NotFoundError, ConflictError) as error:
            raise QueryError(error.message, column=part.column, got=error.got, hint=error.hint) from None
        return Picked(name, self._index.placed.name(scope.log, name, self._index.generation(scope.log)))

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
            {"max_threads": 1},
        ).rows
        found = {Key(kind, value): n for kind, value, n in rows}
        return {key: n for key, n in found.items() if key in wanted}


def _cases(node: Node) -> list[InCase]:
    return [part for part in walk(node) if isinstance(part, InCase)]
