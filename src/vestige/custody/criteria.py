"""What a hold is about: everything, a query, an entity, or a stretch of time.

A hold's entry may hold ids, codes and digests only, since it is never erased, and what is looked for can be a name. So
the criteria stand in the ``audit`` entry right behind it, and the hold has their digest. A hold whose criteria are
lost, or no longer compile, protects everything: nothing is given up because its reason was lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from vestige.model.errors import InputError
from vestige.model.event import KeyKind
from vestige.model.instant import parse_bound, to_text
from vestige.proof.canonical import canonical
from vestige.query import normal, parse

if TYPE_CHECKING:
    from collections.abc import Mapping

QUERY, ENTITY, TIME, ALL = "query", "entity", "time", "all"
_KINDS: Final = frozenset(map(str, KeyKind))


@dataclass(frozen=True, slots=True)
class Criteria:
    """Which entries a hold protects.

    ``kind``: one of ``query``, ``entity``, ``time``, ``all``. ``start`` and ``end`` (int64 nanoseconds) bound a hold of
    ``time``: what occurred *or* was received from ``start`` up to, not including, ``end``.
    """

    kind: str
    query: str = ""
    entity: str = ""
    """Kind and value of a correlation key: ``identity:ann@example.com``."""
    start: int | None = None
    end: int | None = None

    @classmethod
    def of(cls, said: Mapping[str, object]) -> Criteria:
        """Read what somebody said: exactly one of ``q``, ``entity``, ``start`` with ``end``, or ``everything``.

        Raises:
            InputError: none of them, several, or one that cannot be.
            QueryError: the query is none.
        """
        q, entity = str(said.get("q") or ""), str(said.get("entity") or "")
        start, end = str(said.get("start") or ""), str(said.get("end") or "")
        given = [name for name, value in (("q", q), ("entity", entity), ("start", start or end)) if value]
        if bool(said.get("everything")):
            given.append("everything")
        if len(given) != 1:
            raise InputError(
                "a hold is about one thing",
                expected="one of a query, an entity, a stretch of time, or everything",
                got=", ".join(given) or "none of them",
                field="q",
            )
        if q:
            parse(q)
            return cls(QUERY, query=q)
        if entity:
            return cls(ENTITY, entity=":".join(_key(entity)))
        if start or end:
            if not (start and end):
                raise InputError("a stretch of time has two ends", expected="start and end", field="start")
            span = parse_bound(start, field="start"), parse_bound(end, field="end")
            if span[0] >= span[1]:
                raise InputError(
                    "a stretch of time ends after it starts", expected=f"after {start}", got=end, field="end"
                )
            return cls(TIME, start=span[0], end=span[1])
        return cls(ALL)

    def to_json(self) -> dict[str, str]:
        """As it is kept and shown; :meth:`of` reads it."""
        if self.kind == QUERY:
            return {"q": self.query}
        if self.kind == ENTITY:
            return {"entity": self.entity}
        if self.start is not None and self.end is not None:
            return {"end": to_text(self.end), "start": to_text(self.start)}
        return {"everything": "yes"}

    @property
    def digest(self) -> str:
        """SHA-256, in hex, of what is kept: what the hold's entry says of it."""
        return sha256(canonical(self.to_json())).hexdigest()

    @property
    def key(self) -> tuple[str, str]:
        """Kind and value of an entity, as the index lists it."""
        return _key(self.entity)


def _key(entity: str) -> tuple[str, str]:
    # Both signs stand between kind and value elsewhere: in queries "=", over HTTP ":".
    kind, _, value = entity.partition("=" if entity.partition("=")[0] in _KINDS else ":")
    found = normal(kind, value) if kind in _KINDS else ""
    if not found:
        raise InputError(
            "that is no entity",
            expected="KIND:VALUE, such as identity:ann or ip:203.0.113.7",
            got=entity[:80],
            field="entity",
        )
    return kind, found
