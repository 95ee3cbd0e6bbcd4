"""The SQL of a selection: every event a query finds, in order of the ledger, without its row.

The condition comes compiled for a scope (:class:`vestige.query.Filter`); values are bound.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vestige.cases.models import Found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vestige.query import Filter, Reader

PORTION: Final = 5000
"""Events that are read, and pinned in one transaction, at once."""


def selected(
    reader: Reader, found: Filter, start: int | None = None, end: int | None = None, portion: int = PORTION
) -> Iterator[list[Found]]:
    """The events, in portions, in order of their entries; what arrives meanwhile behind the last one is not taken.

    Args:
        reader: of the index.
        found: the compiled query.
        start: nanoseconds; dated events from this time on only.
        end: nanoseconds; dated events before this time only.
        portion: how many at once.
    """
    where, params = f"WHERE {found.where}", dict(found.params)
    for name, sign, bound in (("start", ">=", start), ("end", "<", end)):
        if bound is not None:
            where += f" AND occurred_at {sign} {{{name}:Int64}} AND occurred_at > {-(2**63)}"
            params[name] = bound
    events = f"{reader.database}.events"
    last = reader.query(f"SELECT max(seq), count() FROM {events} {where}", params).rows[0]  # noqa: S608 - scoped
    if found.empty or not last[1]:
        return
    where += " AND seq <= {last:UInt64} AND seq >= {seq:UInt64} AND (seq > {seq:UInt64} OR sub > {sub:Int32})"
    params |= {"last": int(last[0]), "seq": 0, "sub": -1}
    while True:
        rows = reader.query(
            f"SELECT seq, sub, toString(id) FROM {events} {where} ORDER BY seq, sub LIMIT {int(portion)}",  # noqa: S608 - as above
            params,
        ).rows
        if rows:
            yield [Found(f"{name}.{sub}" if sub else str(name), int(seq), int(sub)) for seq, sub, name in rows]
        if len(rows) < portion:
            return
        params |= {"seq": int(rows[-1][0]), "sub": int(rows[-1][1])}
